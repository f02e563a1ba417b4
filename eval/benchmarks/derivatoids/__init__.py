"""An odd calculus with held-out combinations of rules.

`calculus` (functions, rules and derivatoids), `world` (documents and questions of a seed).
"""
