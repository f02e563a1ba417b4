"""Documents to checked inferences. Knows no benchmark and no training; asks `engine` for all that a model writes or scores.

In the order of the data: `config` (settings), `reading` (files to documents), `text` (sentences, passages, words, search),
`operators` (what is asked of a text, and how answers are read), `teacher` (who is asked), `checks` (what is kept), `plugins` (operators and checks of other packages), `stages` (the way through them, round by
round, with the engine between), `review` (what people decided about them), `results` (examples for trainers, the review page, where a line comes from).
"""
