"""Benchmarks for other tools, each export a handful of files in one folder.

harness.py makes a task folder of lm-evaluation-harness, data_set.py a data set with its card as hubs hold it, which hub.py, where it is
asked for, puts on one, as it does adapters and models; files.py has the
questions as files, and writes a folder without overwriting another.
"""
