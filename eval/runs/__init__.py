"""A whole job.

`plan` (what it would do), `calibration` (what it would cost, from a short run), `run` (the job), `own_documents` (questions on a
user's own first), `provenance` (where a result is from), `evaluate` (a model without training it), `reproduce` (every data set
of the paper), `partial` (a study of contexts that hold a part of a corpus).
"""
