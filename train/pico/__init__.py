"""The recipe of the embedded model, `engine/pico`. Only its own tests import it.

`lexicon` (nonsense words), `worlds` (random facts to learn from), `tokenizer`, `batches` (sequences of them), `model` (where its
weights start), `pretrain` (the loop; `python -m train.pico.pretrain`), `accuracy` (what it can do in the end).
"""
