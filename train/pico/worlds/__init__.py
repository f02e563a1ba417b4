"""Random worlds that the embedded model learns from, all drawn afresh from the words they are given.

`base` (what a kind of world gives), `comparisons`, `hierarchies`, `syllogisms` (one kind each), `links`
(documents of a hierarchy together).
"""
