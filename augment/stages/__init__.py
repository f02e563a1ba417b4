"""The way of the data, from documents to checked inferences. rounds.py drives it: requests.py (texts to requests), contexts.py
(which documents a global operator sees together), joining.py (each request once, answers with their requests), second_step.py
(requests from first answers), answers.py (answers to inferences). budget.py asks within a number of tokens; batches.py holds the
files small in memory; estimate.py says beforehand what it will cost, plan.py prints it.
"""
