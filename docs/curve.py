"""Draws docs/scoring.png from the JSON files of `forethought bench score`: python docs/curve.py FILE..."""

import json
import sys
from pathlib import Path

import matplotlib.pyplot as plt

runs = sorted((json.loads(Path(name).read_text()) for name in sys.argv[1:]), key=lambda r: r["work"]["context_words"])
lengths = [run["work"]["context_words"] for run in runs]
ratios = [run["ratio"]["lm_eval"] for run in runs]
figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
axes.plot(lengths, ratios, marker="o", color="#0072b2")
for length, ratio in zip(lengths, ratios, strict=True):
    axes.annotate(f"{ratio:.0f}x", (length, ratio), textcoords="offset points", xytext=(0, 7), ha="center")
axes.set(xlabel="tokens of shared context", ylabel="speed, lm-evaluation-harness = 1", ylim=(0, max(ratios) * 1.2))
axes.set_title("Choices scored per second, two CPU cores", loc="left", fontsize=11)
axes.spines[["top", "right"]].set_visible(False)
figure.savefig(Path(__file__).with_name("scoring.png"), dpi=150)
