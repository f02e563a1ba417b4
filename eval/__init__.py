"""What is asked, of whom, and what the answers show.

`config` (settings of a run), then each upon those before it: `benchmarks` (corpus, questions, what follows), `measure` (figures
from answers), `arms` (asks every arm), `report` (shows it), `runs` (a whole job), `bench` (times parts of one). `export` gives
benchmarks to others.
"""
