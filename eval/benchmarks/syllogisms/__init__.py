"""Two premises each; which of six statements follows.

`logic` (what follows from what, exactly), `world` (documents and questions of a seed).
"""
