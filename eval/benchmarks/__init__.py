"""Corpora, questions about what they imply, and everything that follows from them.

`registry` (by name), `base` (what a benchmark is), `closure` (what follows from facts); then one each: `reversals`,
`celebrities` and, with more than one file, `syllogisms`, `semantic`, `fictional`, `derivatoids`, `documents` (a user's own), whose
`world` draws or reads it. Words and draws are frozen: they make the ids. None imports anything of `train`.
"""
