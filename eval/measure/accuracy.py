"""Accuracy with honest intervals, and differences between arms.

Questions about the same fact are right or wrong together, and trainings differ: `intervals` counts both.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from eval.measure.intervals import Estimate, estimate
from eval.measure.order import arms_in_order, splits_in_order

LEADING = ("sum", "normalised")
"""The norms that stand for an arm's accuracy: that of forced choices, and that of free answers. No question has both."""

SUMMARY: dict[str, Any] = {
    **dict.fromkeys(("arm", "split", "norm"), pl.String),
    **dict.fromkeys(("accuracy", "stderr", "low", "high"), pl.Float64),
    **dict.fromkeys(("n", "unscored", "seeds"), pl.Int64),
}


def summarise(answers: pl.DataFrame) -> pl.DataFrame:
    """Accuracy per (arm, split, norm), over all seeds, in the order in which reports show it.

    `answers` has one row per (arm, split, seed, norm, question_id), with `cluster` (the fact that the question is
    about, unique over worlds; where it is null, the question stands for itself) and `correct` (null where the question
    could not be scored, or where the column `credit` says what part of it counts).
    Returns arm, split, norm, accuracy, stderr, low, high, n, unscored, seeds. `low` and `high` are the 95% interval
    (`intervals.Estimate.wilson`). `stderr` is null for a single cluster; where nothing was scored, accuracy and interval are null too.
    """
    keys, rows = ["arm", "split", "norm"], []
    for (arm, split, norm), some in credited(answers).group_by(keys, maintain_order=True):
        scored = some.drop_nulls("credit")
        row = {"arm": arm, "split": split, "norm": norm, "n": scored.height, "unscored": some.height - scored.height}
        row |= {"accuracy": None, "stderr": None, "low": None, "high": None, "seeds": some["seed"].n_unique()}
        if scored.height:
            found = estimate(scored["seed"], scored["cluster"], scored["credit"])
            low, high = found.wilson()
            row |= {"accuracy": found.mean, "low": low, "high": high}
            row["stderr"] = math.sqrt(found.variance) if found.known else None
        rows.append(row)
    return _in_order(pl.DataFrame(rows, schema=SUMMARY), ["norm"])


def per_seed(answers: pl.DataFrame) -> list[dict[str, Any]]:
    """The `rows` of results.json: arm, split, seed, norm, accuracy, stderr, n, unscored."""
    tables = [summarise(some).with_columns(pl.lit(seed).alias("seed")) for (seed,), some in answers.group_by("seed")]
    table = (
        _in_order(pl.concat(tables), ["seed", "norm"]) if tables else pl.DataFrame(schema=SUMMARY | {"seed": pl.Int64})
    )
    return table.select("arm", "split", "seed", "norm", "accuracy", "stderr", "n", "unscored").to_dicts()


def credited(answers: pl.DataFrame) -> pl.DataFrame:
    """Answers with a `credit` between 0 and 1 (by default that of `correct`) and a `cluster` each."""
    known = [pl.col("credit")] if "credit" in answers.columns else []
    alone = pl.format("{}/{}", "seed", "question_id")
    return answers.with_columns(
        credit=pl.coalesce(*known, pl.col("correct").cast(pl.Boolean).cast(pl.Float64)),
        cluster=pl.coalesce(pl.col("cluster").cast(pl.String), alone),
    )


def _in_order(table: pl.DataFrame, then: list[str]) -> pl.DataFrame:
    splits, arms = splits_in_order(table["split"].to_list()), arms_in_order(table["arm"].to_list())
    rank = [pl.col("split").replace_strict(splits, range(len(splits)), return_dtype=pl.Int64)] if splits else []
    rank += [pl.col("arm").replace_strict(arms, range(len(arms)), return_dtype=pl.Int64)] if arms else []
    return table.sort(*rank, *then)


@dataclass(frozen=True)
class Difference:
    """A mean difference in accuracy with its 95% interval, over `n` questions that both arms answered."""

    difference: float
    low: float
    high: float
    n: int


def paired(answers: pl.DataFrame, arm_a: str, arm_b: str, split: str, norm: str) -> Estimate | None:
    """Accuracy of `arm_a` minus `arm_b` over (seed, question) pairs scored in both; None where there is none."""
    scored = credited(answers.filter(split=split, norm=norm)).filter(pl.col("credit").is_not_null())
    pairs = scored.filter(arm=arm_a).join(
        scored.filter(arm=arm_b), on=["seed", "question_id"], suffix="_b", validate="1:1"
    )
    if pairs.is_empty():
        return None
    return estimate(pairs["seed"], pairs["cluster"], pairs["credit"] - pairs["credit_b"])


def paired_difference(answers: pl.DataFrame, arm_a: str, arm_b: str, split: str, norm: str) -> Difference | None:
    """`paired` with its 95% interval. One cluster tells nothing of how much they differ: the interval then is all that there can be."""
    found = paired(answers, arm_a, arm_b, split, norm)
    return Difference(found.mean, *found.between(), found.n) if found else None


def unpaired_difference(a: dict[str, Any], b: dict[str, Any]) -> Difference:
    """Accuracy of row `a` of `summarise` minus that of row `b`, of other questions; `n` counts the answers of both.

    The interval is made of theirs (Newcombe 1998, Statistics in Medicine 17, method 10), which are clustered.
    """
    gap = a["accuracy"] - b["accuracy"]
    low = gap - math.hypot(a["accuracy"] - a["low"], b["high"] - b["accuracy"])
    high = gap + math.hypot(a["high"] - a["accuracy"], b["accuracy"] - b["low"])
    return Difference(gap, low, high, a["n"] + b["n"])


def percent(value: float | None) -> str:
    """0.973 as "97.3%"; a missing figure as "not scored"."""
    return "not scored" if value is None or math.isnan(value) else f"{100 * value:.1f}%"


def interval(row: Mapping[str, Any]) -> str:
    """A row of the summary as "97.3% [95.1, 98.6]"."""
    if row["accuracy"] is None:
        return percent(None)
    return f"{percent(row['accuracy'])} [{100 * row['low']:.1f}, {100 * row['high']:.1f}]"
