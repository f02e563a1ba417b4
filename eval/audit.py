"""What an augmented corpus holds: precision and recall against the gold closure, and test items stated verbatim."""

from typing import Any

import polars as pl

from eval.benchmarks.base import Benchmark
from eval.leakage import shares


def audit(inferences: pl.DataFrame, worlds: dict[int, Benchmark], leaked: pl.DataFrame) -> dict[str, Any]:
    """The `augmentation` part of results.json, over all seeds; precision and recall where the benchmark has a closure.

    `inferences` has a column seed; `leaked` is what `eval.leakage.leaks` finds. Precision: share of the kept inferences that are understood and in the closure.
    Recall: share of the closure's statements, by type, that a kept inference states in some wording.
    """
    kept = inferences.filter("kept")
    found: dict[str, Any] = {"inferences": inferences.height, "kept": kept.height}
    rejected = inferences.filter(~pl.col("kept"))["reason"].value_counts(sort=True)
    found["rejected"] = dict(rejected.rows())
    right = understood = 0
    stated, implied = dict[str, int](), dict[str, int]()
    for seed, world in worlds.items():
        texts = kept.filter(pl.col("seed") == seed)["text"].to_list()
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
    judged = next(iter(worlds.values())).judged
    tested = leaked.filter(pl.col("split").is_in(judged), pl.col("leaked").is_not_null())
    if not tested.is_empty():
        verbatim = tested.filter(leaked="verbatim").height / tested.height
        found |= {"test_items_verbatim": verbatim, "leaked": shares(leaked).to_dicts()}
    return found
