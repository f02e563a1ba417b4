"""Fresh celebrities in the format of the original reversal-curse files.

`people` (names and descriptions), `templates` (sentences about them), `world` (documents and questions of a seed).
"""
