"""Accuracy with honest intervals, paired differences, and the paper's claims judged against a run.

Questions about the same fact are right or wrong together, so every standard error is clustered by fact.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl

Z95 = 1.959963984540054
ARMS = (
    "pretrained",
    "icl",
    "finetuned",
    "finetuned+repeat",
    "finetuned+local",
    "finetuned+global",
    "finetuned+all",
    "finetuned+paraphrase",
    "finetuned+shuffled",
    "finetuned+reverse-training",
    "retrieval",
    "retrieval+oracle",
)
SPLITS = ("forward", "rephrasing", "reversal", "two-step", "syllogism", "longer", "single", "seen", "holdout")
"""From easy to hard."""
STATED = ("forward", "rephrasing")
"""Splits that ask for what the corpus says outright."""


def arms_in_order(arms: Sequence[str]) -> list[str]:
    """Each arm once: the known ones in the order of `ARMS`, then others by name, `retrieval` last."""
    return sorted(set(arms), key=lambda a: (a.startswith("retrieval"), ARMS.index(a) if a in ARMS else len(ARMS), a))


def splits_in_order(splits: Sequence[str]) -> list[str]:
    """Each split once: the known ones in the order of `SPLITS`, then others by name."""
    return sorted(set(splits), key=lambda split: (SPLITS.index(split) if split in SPLITS else len(SPLITS), split))


def summarise(answers: pl.DataFrame) -> pl.DataFrame:
    """Accuracy per (arm, split, norm), over all seeds, in the order in which reports show it.

    `answers` has one row per (arm, split, seed, norm, question_id), with `cluster` (the fact that the question is
    about, unique over worlds) and `correct` (null where the question could not be scored).
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
    answers = answers.with_columns(pl.col("correct").cast(pl.Boolean))
    counts = answers.group_by(keys).agg(
        n=pl.col("correct").count().cast(pl.Int64),
        right=pl.col("correct").sum().cast(pl.Int64),
        unscored=pl.col("correct").null_count().cast(pl.Int64),
        seeds=pl.col("seed").n_unique().cast(pl.Int64),
    )
    clusters = (
        answers.filter(pl.col("correct").is_not_null())
        .group_by(*keys, "cluster")
        .agg(cluster_right=pl.col("correct").sum().cast(pl.Int64), size=pl.len().cast(pl.Int64))
        .join(counts, on=keys)
        # n times the cluster's residual: a difference of integers, so that no variance is exactly zero.
        .with_columns(residual=pl.col("cluster_right") * pl.col("n") - pl.col("size") * pl.col("right"))
        .group_by(keys)
        .agg(clusters=pl.len().cast(pl.Int64), squares=(pl.col("residual").cast(pl.Float64) ** 2).sum())
    )
    correction = pl.col("clusters") / (pl.col("clusters") - 1)
    return counts.join(clusters, on=keys, how="left").with_columns(
        accuracy=pl.when(pl.col("n") > 0).then(pl.col("right") / pl.col("n")),
        stderr=pl.when(pl.col("clusters") > 1).then((correction * pl.col("squares")).sqrt() / pl.col("n") ** 2),
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

    The interval is the percentile bootstrap over clusters with `draws` resamples of a generator seeded by `seed`.
    """
    scored = answers.filter(split=split, norm=norm).filter(pl.col("correct").is_not_null())
    pairs = scored.filter(arm=arm_a).join(
        scored.filter(arm=arm_b), on=["seed", "question_id"], suffix="_b", validate="1:1"
    )
    if pairs.is_empty():
        return None
    gap = pl.col("correct").cast(pl.Int64) - pl.col("correct_b").cast(pl.Int64)
    clusters = pairs.group_by("cluster").agg(gap=gap.sum(), size=pl.len()).sort("cluster")
    gaps, sizes = clusters["gap"].to_numpy(), clusters["size"].to_numpy().astype(np.int64)
    rng = np.random.default_rng(seed)
    picks = (rng.integers(len(gaps), size=len(gaps)) for _ in range(draws))
    drawn = [gaps[pick].sum() / sizes[pick].sum() for pick in picks]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Difference(float(gaps.sum() / sizes.sum()), float(low), float(high), len(pairs))


def unpaired_difference(a: dict[str, Any], b: dict[str, Any]) -> Difference:
    """Accuracy of row `a` of `summarise` minus that of row `b`, of other questions; `n` counts the answers of both.

    The interval is made of theirs (Newcombe 1998, Statistics in Medicine 17, method 10), which are clustered.
    """
    gap = a["accuracy"] - b["accuracy"]
    low = gap - math.hypot(a["accuracy"] - a["low"], b["high"] - b["accuracy"])
    high = gap + math.hypot(a["high"] - a["accuracy"], b["accuracy"] - b["low"])
    return Difference(gap, low, high, a["n"] + b["n"])


@dataclass(frozen=True)
class Claim:
    """One claim of the paper's ordering: what the paper finds, what this run finds, and whether they agree."""

    text: str
    paper: str
    ours: str
    holds: bool | None
    """None where an arm that the claim needs is missing."""


Relation = Literal["above", "below", "at", "reaches"]
CHANCE = "chance"


class Expected(NamedTuple):
    """An arm's place beside another arm, or beside CHANCE."""

    arm: str
    relation: Relation
    other: str
    paper: str
    """What the paper says of it."""

    @property
    def text(self) -> str:
        """As a sentence without a full stop."""
        return f"{self.arm} {self.relation if self.relation == 'reaches' else f'is {self.relation}'} {self.other}"


NO_CONTROL = "Not in the paper: a control with as many training tokens."
GUESSES = Expected("pretrained", "at", CHANCE, "Without the documents the model can only guess.")
ORDERING = (
    GUESSES,
    Expected("icl", "above", "finetuned", "In-context learning answers more of what is implied than finetuning."),
    Expected("finetuned+local", "above", "finetuned", "Augmented finetuning answers more of it than plain finetuning."),
    Expected("finetuned+local", "above", "finetuned+repeat", NO_CONTROL),
    Expected("icl", "above", "finetuned+repeat", NO_CONTROL),
    Expected("finetuned+local", "reaches", "icl", "Augmented finetuning reaches or passes in-context learning."),
)
"""What is expected on every split that asks for what the corpus implies."""


def claims(
    summary: pl.DataFrame,
    answers: pl.DataFrame,
    chance: float,
    split: str = "reversal",
    norm: str = "sum",
    where: str = "",
    expected: Sequence[Expected] = ORDERING,
) -> list[Claim]:
    """The paper's ordering on one split, judged by 95% intervals; `where` is put behind each claim.

    An arm is above or below another when their intervals are disjoint in that direction; it reaches another when its
    upper bound is not below the other's lower bound; beside chance, its own interval decides.
    """
    table = summary.filter(pl.col("split") == split, pl.col("norm") == norm, pl.col("accuracy").is_not_null())
    rows = {row["arm"]: row for row in table.to_dicts()}
    found = []
    for one in expected:
        needed = [one.arm] if one.other == CHANCE else [one.arm, one.other]
        if missing := [name for name in needed if name not in rows]:
            ours, holds = f"Not measured: {' and '.join(missing)} missing.", None
        elif one.other == CHANCE:
            row = rows[one.arm]
            ours, holds = f"{one.arm} {interval(row)}, chance {percent(chance)}.", _holds(one.relation, row, chance)
        else:
            a, b = rows[one.arm], rows[one.other]
            ours, holds = f"{one.arm} {interval(a)}, {one.other} {interval(b)}", _holds(one.relation, a, b)
            if gap := paired_difference(answers, one.arm, one.other, split, norm):
                points = [f"{100 * value:+.1f}" for value in (gap.difference, gap.low, gap.high)]
                ours += f"; paired difference {points[0]} points [{points[1]}, {points[2]}]"
            ours += "." if a["low"] > b["high"] or b["low"] > a["high"] else "; the intervals overlap."
        found.append(Claim(one.text + where, one.paper, ours, holds))
    return found


def _holds(relation: Relation, row: dict[str, Any], other: dict[str, Any] | float) -> bool:
    low, high = (other, other) if isinstance(other, float) else (other["low"], other["high"])
    match relation:
        case "above":
            return row["low"] > high
        case "below":
            return row["high"] < low
        case "at":
            return row["low"] <= high and row["high"] >= low
        case "reaches":
            return row["high"] >= low


def percent(value: float | None) -> str:
    """0.973 as "97.3%"; a missing figure as "not scored"."""
    return "not scored" if value is None or math.isnan(value) else f"{100 * value:.1f}%"


def interval(row: dict[str, Any]) -> str:
    """A row of the summary as "97.3% [95.1, 98.6]"."""
    if row["accuracy"] is None:
        return percent(None)
    return f"{percent(row['accuracy'])} [{100 * row['low']:.1f}, {100 * row['high']:.1f}]"
