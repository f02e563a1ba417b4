"""What every arm is shown and asked.

`ngrams` (the arm that only counts words), `retrieval` (documents for each question), `items` (questions to items of the engine, scores to answers), `given` (an adapter that
is there already), `ask` (all arms and gates in one pool of engines), `marking` (what came back, as right or wrong).
"""
