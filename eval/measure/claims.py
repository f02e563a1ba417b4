"""The paper's claims, judged by what a run measured: shown, refuted, or undecided.

A claim is about a difference, and the margins below say beforehand what would refute it. The p-values of all claims that are judged
together are corrected for their number (Holm 1979, Scandinavian Journal of Statistics 6), each direction at 2.5%, so a
verdict may be undecided though the claim's own 95% interval speaks. A claim that could hold although nothing was learnt is marked as vacuous and
not counted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import polars as pl

from eval.measure.accuracy import credited, paired, percent
from eval.measure.intervals import Estimate, estimate
from eval.measure.order import STATED, is_tuned

Verdict = Literal["shown", "refuted", "undecided"]
Relation = Literal["above", "below", "at", "reaches"]
CHANCE = "chance"
LEVEL = 0.025
"""Level of each direction; both together 5%."""
GAIN = 0.05
"""An arm that is shown to be less than this above (below) another refutes that it is above (below) it."""
BEHIND = 0.10
"""An arm reaches another if it is shown to be less than this behind it, and is at chance if it is shown to be less than this off it."""
LEARNT = 0.5
"""Part of the way from chance to all that a trained arm must come on what the documents state; else what it infers says nothing."""


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


@dataclass(frozen=True)
class Claim:
    """One claim: what the paper finds, what this run finds, and what that says of the claim."""

    text: str
    paper: str
    ours: str
    verdict: Verdict = "undecided"
    vacuous: str = ""
    """Why the claim says nothing here; such a claim is not counted."""
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    """The first arm minus the other, with its 95% interval; None where an arm is missing."""

    @property
    def measured(self) -> bool:
        """Whether the arms that it needs were there."""
        return self.difference is not None

    @property
    def holds(self) -> bool:
        """Whether it is shown, and says something."""
        return self.verdict == "shown" and not self.vacuous


@dataclass(frozen=True)
class Compared:
    """What a claim is about, before it is judged beside others."""

    expected: Expected
    where: str
    ours: str
    found: Estimate | None
    vacuous: str


def compare_arms(
    answers: pl.DataFrame,
    chance: Mapping[str, float],
    split: str,
    norm: str = "sum",
    where: str = "",
    expected: Sequence[Expected] = ORDERING,
) -> list[Compared]:
    """The differences that claims about a split are about; `chance` is by split, and `where` is put behind each claim."""
    known = credited(answers.filter(norm=norm)).drop_nulls("credit")
    arms = {
        key: estimate(some["seed"], some["cluster"], some["credit"])
        for key, some in known.group_by("arm", "split", maintain_order=True)
    }
    return [_compared(one, known, arms, chance, split, norm, where) for one in expected]


def _compared(
    one: Expected,
    answers: pl.DataFrame,
    arms: Mapping[tuple[object, ...], Estimate],
    chance: Mapping[str, float],
    split: str,
    norm: str,
    where: str,
) -> Compared:
    needed = [one.arm] if one.other == CHANCE else [one.arm, one.other]
    if missing := [name for name in needed if (name, split) not in arms]:
        return Compared(
            one,
            where,
            f"Not measured: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing.",
            None,
            "not measured",
        )
    shares = [arms[name, split] for name in needed]
    figures = [f"{name} {_figure(share)}" for name, share in zip(needed, shares, strict=True)]
    if one.other == CHANCE:
        found = shares[0]._replace(mean=shares[0].mean - chance[split])
        ours = f"{figures[0]}, chance {percent(chance[split])}."
    else:
        gap = paired(answers, one.arm, one.other, split, norm)
        if gap is None:
            return Compared(
                one,
                where,
                f"Not measured: {' and '.join(needed)} have no answered question in common.",
                None,
                "not measured",
            )
        found, points = gap, [f"{100 * value:+.1f}" for value in (gap.mean, *gap.between())]
        ours = f"{', '.join(figures)}; paired difference {points[0]} points [{points[1]}, {points[2]}]."
    return Compared(one, where, ours, found, _says_nothing(one, arms, chance, split, needed))


def _says_nothing(
    one: Expected,
    arms: Mapping[tuple[object, ...], Estimate],
    chance: Mapping[str, float],
    split: str,
    needed: Sequence[str],
) -> str:
    """Why a claim could hold although nothing was learnt; empty where it could not."""
    if one.relation == "at":
        return "a property of the data set, not a finding"
    if one.relation == "reaches" and arms[one.other, split].wilson()[0] <= chance[split]:
        return f"{one.other} is not above chance, so there is nothing to reach"
    for name in needed if split not in STATED else ():
        for asked in STATED:
            share = arms.get((name, asked))
            if not is_tuned(name) or share is None:
                continue
            bar = chance[asked] + LEARNT * (1 - chance[asked])
            if share.mean < bar:
                return (
                    f"{name} has not learnt what is stated: {percent(share.mean)} of {asked}, less than {percent(bar)}"
                )
    return ""


def judge(compared: Sequence[Compared]) -> list[Claim]:
    """The claims, judged together: all that count share the correction for their number."""
    counted = [n for n, one in enumerate(compared) if one.found is not None and not one.vacuous]
    shown = _holm({n: _p_shown(compared[n]) for n in counted})
    refuted = _holm({n: _p_refuted(compared[n]) for n in counted}) - shown
    claims = []
    for n, one in enumerate(compared):
        verdict: Verdict = "shown" if n in shown else "refuted" if n in refuted else "undecided"
        if one.found is not None and one.vacuous:  # by itself, as it is not counted
            verdict = "shown" if _p_shown(one) <= LEVEL else "refuted" if _p_refuted(one) <= LEVEL else "undecided"
        text, interval = one.expected.text + one.where, one.found.between() if one.found else (None, None)
        claims.append(
            Claim(
                text,
                one.expected.paper,
                one.ours,
                verdict,
                one.vacuous,
                one.found.mean if one.found else None,
                *interval,
            )
        )
    return claims


def _p_shown(one: Compared) -> float:
    """p of the hypothesis that the claim does not hold."""
    assert one.found is not None
    above, below = one.found.above, _mirrored(one.found)
    match one.expected.relation:
        case "above":
            return above(0.0)
        case "below":
            return below(0.0)
        case "reaches":
            return above(-BEHIND)
        case "at":  # two one-sided tests
            return max(above(-BEHIND), below(-BEHIND))


def _p_refuted(one: Compared) -> float:
    """p of the hypothesis that the claim holds by as much as its margin."""
    assert one.found is not None
    above, below = one.found.above, _mirrored(one.found)
    match one.expected.relation:
        case "above":
            return below(-GAIN)
        case "below":
            return above(-GAIN)
        case "reaches":
            return below(BEHIND)
        case "at":
            return min(above(0.0), below(0.0))


def _mirrored(found: Estimate) -> Callable[[float], float]:
    """`Estimate.above` of the difference the other way round."""
    return found._replace(mean=-found.mean).above


def _holm(p: Mapping[int, float]) -> set[int]:
    """Whose p is small enough, in order from the smallest, each beside those that are left."""
    rejected = set[int]()
    for rank, n in enumerate(sorted(p, key=lambda n: (p[n], n))):
        if p[n] > LEVEL / (len(p) - rank):
            break
        rejected.add(n)
    return rejected


def _figure(share: Estimate) -> str:
    low, high = share.wilson()
    return f"{percent(share.mean)} [{100 * low:.1f}, {100 * high:.1f}]"


def counted(claims: Sequence[Claim]) -> list[Claim]:
    """The claims that say something."""
    return [claim for claim in claims if not claim.vacuous]


def said(claims: Sequence[Claim]) -> str:
    """How many of them are shown, refuted and undecided."""
    some = counted(claims)
    numbers = {name: sum(claim.verdict == name for claim in some) for name in ("shown", "refuted", "undecided")}
    told = ", ".join(f"{number} {name}" for name, number in numbers.items())
    empty = sum(claim.measured for claim in claims) - sum(claim.measured for claim in some)
    return f"{told} of {len(some)} claims" + (f"; {empty} cannot be tested here and are not counted" if empty else "")
