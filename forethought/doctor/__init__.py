"""Does this machine have what Forethought needs, and what to do where it has not. Loads no heavy package.

finding.py is what every look brings. They look in this order: machine.py, packages.py, storage.py, model_files.py, cluster.py;
report.py calls them and prints what they found.
"""
