"""The verbs of the command line, a file each: its settings (`Job`), what it does (`run`), and the file that it begins with
(`PRESET`), if any. In the order of the work: augment.py, verify.py, show.py, train.py, evaluate.py (`eval`), score.py; whole jobs are run.py,
with demo.py and plan.py on top, and reproduce.py; compare.py and export.py take results elsewhere; bench.py and doctor.py look
at the machine. A verb's work itself is in the rooms below.
"""
