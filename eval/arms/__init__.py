"""What every arm is shown and asked.

`retrieval` (documents for each question), `items` (questions to items of the engine, scores to answers), `given` (an adapter that
is there already), `ask` (all arms and gates in one pool of engines), `marking` (what came back, as right or wrong).
"""
