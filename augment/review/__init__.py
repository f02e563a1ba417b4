"""What people decided about inferences, and what follows from it. decisions.py reads and checks their files; precision.py counts how
many were right; thresholds.py moves a check's threshold where the decisions show that another one agrees more with them; reviewed.py
applies both to the inferences of a folder (rewriting.py changes the rows), and tells of it. The page on which people decide is made by
`augment.results.review`.
"""
