"""A user's own documents, with questions that the engine writes and verifies.

`world` (documents to passages), `facts` (sentences and pairs to ask about), `questions` (asking, with `prompts`, and verifying),
`choices` (wrong answers beside the right one), `review` (what came of them, and a sample to read).
"""
