"""What global operators are shown together: contexts.py (documents of one context), sentence_pairs.py, and sources.py (which
documents of its context an inference follows from).
"""
