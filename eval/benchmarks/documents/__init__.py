"""A user's own documents, with questions that the engine writes and verifies, and with questions of the user's own.

`own` (questions in a file), `world` (documents to passages), `facts` (sentences and pairs to ask about), `questions` (asking, with
`prompts`, and verifying), `choices` (wrong answers beside the right one), `review` (what came of them, and a sample to read),
`matching` (whether a written answer is the right one), `telling` (which questions an augmentation answers outright).
"""
