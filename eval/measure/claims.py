"""The paper's claims, judged by a run's intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import polars as pl

from eval.measure.accuracy import interval, paired_difference, percent


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
