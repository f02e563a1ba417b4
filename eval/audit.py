"""What an augmented corpus holds: precision and recall against the gold closure, and test items stated verbatim."""

from typing import Any

import polars as pl

from augment.verify import normal
from eval.benchmarks.base import Benchmark
from eval.leakage import leaks, shares


def audit(inferences: pl.DataFrame, worlds: dict[int, Benchmark]) -> dict[str, Any]:
    """The `augmentation` part of results.json, over all seeds; precision and recall where the benchmark has a closure.

    `inferences` has a column seed. Precision: share of the kept inferences that are understood and in the closure.
    Recall: share of the closure's statements, by type, that a kept inference states in some wording.
    """
    kept = inferences.filter("kept")
    found: dict[str, Any] = {"inferences": inferences.height, "kept": kept.height}
    rejected = inferences.filter(~pl.col("kept"))["reason"].value_counts(sort=True)
    found["rejected"] = dict(rejected.rows())
    right = understood = 0
    stated, implied = dict[str, int](), dict[str, int]()
    verbatim = items = 0
    for seed, world in worlds.items():
        texts = kept.filter(pl.col("seed") == seed)["text"].to_list()
        normalised = {normal(t) for t in texts}
        implied_ones = set(world.questions.filter(pl.col("split").is_in(world.judged))["question_id"])
        items += len(implied_ones & world.stated.keys())
        verbatim += sum(normal(s) in normalised for q, s in world.stated.items() if q in implied_ones)
        if world.read is None:
            continue
        claims = [c for c in map(world.read, texts) if c is not None]
        every = frozenset().union(*world.closure.values())
        understood += len(claims)
        right += sum(c in every for c in claims)
        for kind, statements in world.closure.items():
            implied[kind] = implied.get(kind, 0) + len(statements)
            stated[kind] = stated.get(kind, 0) + len(statements & set(claims))
    if understood:
        found |= {"understood": understood, "precision": right / understood}
    if implied:
        found["recall"] = {kind: stated[kind] / count for kind, count in implied.items()}
    if items:
        found |= {"test_items_verbatim": verbatim / items, "leaked": shares(leaks(inferences, worlds)).to_dicts()}
    return found
