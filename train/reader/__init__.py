"""The recipe of a reader: an adapter with which a small model tells right inferences from wrong ones.

`trees` (a source and all that is said of it in one row), `recipe` (the loop; `python -m train.reader.recipe`).
"""
