"""What decides that an inference is kept. base.py is the contract: rows in, a reason and figures per row out. registry.py has the
order and makes the checks: those of rules/, those of plug-ins, entailment.py (evidence.py is what it asks the engine, rivals.py what a statement is held against),
consistency.py. pairs.py checks what anybody wrote. languages/ has the words that rules know; english/ is what knows English grammar.
"""
