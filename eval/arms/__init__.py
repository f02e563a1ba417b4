"""What every arm is shown and asked.

`retrieval` (documents for each question), `items` (questions to items of the engine, scores to answers), `ask` (all arms and
gates in one pool of engines).
"""
