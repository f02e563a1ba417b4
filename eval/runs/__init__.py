"""A whole job.

`plan` (what it would do), `calibration` (what it would cost, from a short run), `folder` (where it lies), `run` (the job),
`room` (whether contexts fit), `own_documents` (questions on a user's own first), `abilities` (which of them each arm answers), `reviewed` (what people
decided about inferences), `results` (what it leaves), `provenance` (where that is from), `evaluate` (a
model without training it), `reproduce` (every data set of the paper), `league` (the methods that others published), `partial` (a study of contexts that hold a part of a corpus).
"""
