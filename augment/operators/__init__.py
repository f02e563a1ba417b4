"""What is asked of a text. base.py is the contract: a record in, requests out, answers read. templates.py turns a file of prompts/
into chat turns, marks.py and parsing.py read answers, registry.py knows which operators there are. Prompt files alone make rephrase
and reverse; the others have a file each: deduce.py, qa.py, entities.py, study.py, fixed_prompts.py, connect.py and link.py (global); rules/ holds those
without a model.
"""
