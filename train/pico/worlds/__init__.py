"""Random worlds that the embedded model learns from, all drawn afresh from the words they are given.

`base` (what a kind of world gives), `comparisons`, `hierarchies`, `syllogisms` (one kind each), `traces`
(questions on hierarchies with reasoning).
"""
