"""Accuracy with honest intervals, and differences between arms.

Questions about the same fact are right or wrong together, so every standard error is clustered by fact.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from eval.measure.order import arms_in_order, splits_in_order

Z95 = 1.959963984540054
LEADING = ("sum", "normalised")
"""The norms that stand for an arm's accuracy: that of forced choices, and that of free answers. No question has both."""


def summarise(answers: pl.DataFrame) -> pl.DataFrame:
    """Accuracy per (arm, split, norm), over all seeds, in the order in which reports show it.

    `answers` has one row per (arm, split, seed, norm, question_id), with `cluster` (the fact that the question is
    about, unique over worlds; where it is null, the question stands for itself) and `correct` (null where the question
    could not be scored, or where the column `credit` says what part of it counts).
    Returns arm, split, norm, accuracy, stderr, low, high, n, unscored, seeds. `low` and `high` are the 95% Wilson
    interval for the effective number of answers. `stderr` is null below two clusters; where nothing was scored,
    accuracy and its interval are null too.
    """
    table = _accuracy(answers, ["arm", "split", "norm"])
    spread = pl.col("accuracy") * (1 - pl.col("accuracy"))
    # Without variance between clusters there is no estimate of their correlation: count each cluster once.
    effective = (
        pl.when((pl.col("stderr") > 0) & (spread > 0))
        .then(spread / pl.col("stderr") ** 2)
        .otherwise(pl.col("clusters"))
        .clip(upper_bound=pl.col("n"))
    )
    table = table.with_columns(effective=effective)
    z2_m = Z95**2 / pl.col("effective")
    centre = (pl.col("accuracy") + z2_m / 2) / (1 + z2_m)
    half = (spread * z2_m + z2_m**2 / 4).sqrt() / (1 + z2_m)
    table = table.with_columns(low=(centre - half).clip(0, 1), high=(centre + half).clip(0, 1))
    columns = ["arm", "split", "norm", "accuracy", "stderr", "low", "high", "n", "unscored", "seeds"]
    return _in_order(table, ["norm"]).select(columns)


def per_seed(answers: pl.DataFrame) -> list[dict[str, Any]]:
    """The `rows` of results.json: arm, split, seed, norm, accuracy, stderr, n, unscored."""
    table = _in_order(_accuracy(answers, ["arm", "split", "seed", "norm"]), ["seed", "norm"])
    return table.select("arm", "split", "seed", "norm", "accuracy", "stderr", "n", "unscored").to_dicts()


def _accuracy(answers: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Adds accuracy, stderr (cluster-robust, with the G/(G-1) correction), n, unscored, seeds, clusters per group."""
    answers = credited(answers)
    counts = answers.group_by(keys).agg(
        n=pl.col("credit").count().cast(pl.Int64),
        right=pl.col("credit").sum(),
        unscored=pl.col("credit").null_count().cast(pl.Int64),
        seeds=pl.col("seed").n_unique().cast(pl.Int64),
    )
    clusters = (
        answers.filter(pl.col("credit").is_not_null())
        .group_by(*keys, "cluster")
        .agg(cluster_right=pl.col("credit").sum(), size=pl.len().cast(pl.Int64))
        .join(counts, on=keys)
        # n times the cluster's residual, without the rounding of thirds: so that no variance is exactly zero.
        .with_columns(residual=(pl.col("cluster_right") * pl.col("n") - pl.col("size") * pl.col("right")).round(6))
        .group_by(keys)
        .agg(clusters=pl.len().cast(pl.Int64), squares=(pl.col("residual") ** 2).sum())
    )
    correction = pl.col("clusters") / (pl.col("clusters") - 1)
    return counts.join(clusters, on=keys, how="left").with_columns(
        accuracy=pl.when(pl.col("n") > 0).then(pl.col("right") / pl.col("n")),
        stderr=pl.when(pl.col("clusters") > 1).then((correction * pl.col("squares")).sqrt() / pl.col("n") ** 2),
    )


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


def paired_difference(
    answers: pl.DataFrame, arm_a: str, arm_b: str, split: str, norm: str, seed: int = 0, draws: int = 2000
) -> Difference | None:
    """Accuracy of `arm_a` minus `arm_b` over (seed, question) pairs scored in both; None where there is none.

    The interval is the percentile bootstrap over clusters with `draws` resamples of a generator seeded by `seed`. One cluster
    tells nothing of how much they differ: the interval then is all that there can be.
    """
    scored = credited(answers.filter(split=split, norm=norm)).filter(pl.col("credit").is_not_null())
    pairs = scored.filter(arm=arm_a).join(
        scored.filter(arm=arm_b), on=["seed", "question_id"], suffix="_b", validate="1:1"
    )
    if pairs.is_empty():
        return None
    gap = pl.col("credit") - pl.col("credit_b")
    clusters = pairs.group_by("cluster").agg(gap=gap.sum(), size=pl.len()).sort("cluster")
    gaps, sizes = clusters["gap"].to_numpy(), clusters["size"].to_numpy().astype(np.int64)
    difference = float(gaps.sum() / sizes.sum())
    if len(gaps) < 2:
        return Difference(difference, -1.0, 1.0, len(pairs))
    rng = np.random.default_rng(seed)
    picks = (rng.integers(len(gaps), size=len(gaps)) for _ in range(draws))
    drawn = [gaps[pick].sum() / sizes[pick].sum() for pick in picks]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Difference(difference, float(low), float(high), len(pairs))


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
