"""Figures from answers and inferences.

`order` (of arms and splits), `intervals` (how far a mean may be off), `accuracy` (and differences), `claims` (the paper's, judged), `gates` (what tuning
cost), `leakage` (what the augmentation answers outright), `known` (what the bare model answers already), `verification` (what its checks brought and cost), `audit` (the
augmentation against the gold closure).
"""
