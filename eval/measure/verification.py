"""What the checks of an augmentation cost and bring, against the gold closure: precision and recall after each."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from augment.checks.registry import check_names
from eval.benchmarks.base import Benchmark

AGAIN = ("duplicate", "stated in the corpus", "nearly stated in the corpus", "near duplicate")
"""Reasons that say that a text was there already, and nothing against it."""


def judged(inferences: pl.DataFrame, worlds: Mapping[int, Benchmark]) -> pl.DataFrame:
    """The inferences that can be read as statements and are not there already; `inferences` has a column seed.

    Columns: inference_id, seed, operator, statement (tells the statements of all seeds apart), right (whether it is in the
    closure), rejected_by (the check, or null).
    """
    rows, checks = [], check_names()
    for row in inferences.iter_rows(named=True):
        world = worlds.get(row["seed"])
        statement = world.read(row["text"]) if world and world.read else None
        if world is None or statement is None or (row["reason"] or "").startswith(AGAIN):
            continue
        verdicts = json.loads(row["verdicts"] or "{}")
        rejected = next((check for check in checks if verdicts.get(check, "ok") != "ok"), None)
        told = json.dumps([row["seed"], *statement])
        right = statement in world.derivations
        rows.append((row["inference_id"], row["seed"], row["operator"], told, right, rejected))
    names = ("inference_id", "seed", "operator", "statement", "right", "rejected_by")
    schema: dict[str, Any] = dict.fromkeys(names, pl.String) | {"seed": pl.Int64, "right": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def measured(inferences: pl.DataFrame, worlds: Mapping[int, Benchmark]) -> list[dict[str, Any]]:
    """A row before verification and one after each check that was made, over all operators and seeds.

    inferences: how many are left that can be read as statements, without repeats; precision: share of them that is in the
    closure; recall: share of the right ones before verification that is left; statements: the same of different right
    statements; wrong, right: how many the check rejected. Empty where no closure is known.
    """
    table = judged(inferences, worlds)
    if table.is_empty():
        return []
    made = {check for verdicts in inferences["verdicts"] for check in json.loads(verdicts or "{}")}
    right, rows, checks = table.filter("right"), [], [check for check in check_names() if check in made]
    for number, check in enumerate(["before", *checks]):
        left = table.filter(~pl.col("rejected_by").is_in(checks[:number]).fill_null(False))
        true, rejected = left.filter("right"), table.filter(rejected_by=check)
        row: dict[str, Any] = {"check": check, "inferences": left.height, "precision": _share(true.height, left.height)}
        row["recall"] = _share(true.height, right.height)
        row["statements"] = _share(true["statement"].n_unique(), right["statement"].n_unique())
        row["right"] = rejected.filter("right").height
        rows.append(row | {"wrong": rejected.height - row["right"]})
    return rows


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
