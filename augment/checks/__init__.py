"""What decides that an inference is kept. base.py is the contract: rows in, a reason and figures per row out. registry.py has the
order and makes the checks: form.py (`format`, while answers are read), language.py, additions.py, near.py, connection.py, those of
plug-ins, entailment.py (evidence.py is what it asks the engine), consistency.py. english/ holds what knows English.
"""
