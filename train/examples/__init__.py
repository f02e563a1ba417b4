"""What is trained on.

`reading` (tables from files), `names` and `arms` (the examples of every arm), `controls` (the texts of control arms), `mixture` (validation
split, share of originals, replayed text), `reviewed` (what people decided about them), `assemble` (all of that for the files that an augmentation leaves).
"""
