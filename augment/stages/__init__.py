"""The way of the data, from documents to checked inferences. rounds.py drives it: records.py (what of a document is shown, with what is
around it), together/ (what global operators see together), requests.py (records to requests), joining.py (each request
once, answers with their requests), second_step.py (requests from first answers),
answers.py (answers to inferences), rowwise.py (what of this is done side by side). finished.py (whether all that was done before). budget.py asks within a number of tokens; batches.py holds the files small in memory; estimate.py
says beforehand what it will cost, plan.py prints it.
"""
