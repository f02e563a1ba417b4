"""Loss curves of the trained arms, for results.json and for the report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from eval.measure.order import arms_in_order
from eval.report.figures import COLOURS, OTHER
from train.sft.outputs import finished

POINTS = 120
"""Most points of a curve in results.json."""


class Curve(NamedTuple):
    """One arm's loss by step, the mean over its seeds; points in percent of the chart: x to the right, y down."""

    arm: str
    colour: str
    points: str
    first: float
    last: float
    steps: int
    validation: str = ""
    """The loss on held-back texts in the same way, where it was measured."""
    validated: float | None = None
    """The last of it."""


def trainings(folders: Sequence[tuple[str, int, Path]]) -> list[dict[str, Any]]:
    """What finished jobs (arm, seed, folder) left, for results.json: arm, seed, steps, seconds, losses, validation."""
    found = []
    for arm, seed, folder in folders:
        done = finished(folder)
        if done:
            facts = {key: done[key] for key in ("steps", "seconds")}
            losses = done["losses"][:: 1 + len(done["losses"]) // POINTS]
            found.append(
                {"arm": arm, "seed": seed, **facts, "losses": losses, "validation": done.get("validation", [])}
            )
    return found


def curves(found: Sequence[dict[str, Any]]) -> list[Curve]:
    """A curve per arm; the chart reaches from 0 to the highest loss and to the last step of all."""
    losses, held = _means(found, "losses"), _means(found, "validation")
    width = max((points[-1][0] for points in (*losses.values(), *held.values())), default=1)
    height = highest(found)

    def drawn(points: list[tuple[int, float]]) -> str:
        return " ".join(f"{100 * step / width:.2f},{100 - 100 * loss / height:.2f}" for step, loss in points)

    made = []
    for arm, points in losses.items():
        (_, first), (steps, last) = points[0], points[-1]
        known = held.get(arm, [])
        end = known[-1][1] if known else None
        made.append(Curve(arm, COLOURS.get(arm, OTHER), drawn(points), first, last, steps, drawn(known), end))
    return made


def highest(found: Sequence[dict[str, Any]]) -> float:
    """The top of the chart."""
    known = (loss for job in found for _, loss in (*job["losses"], *job["validation"]))
    return max(known, default=0.0) or 1.0


def _means(found: Sequence[dict[str, Any]], key: str) -> dict[str, list[tuple[int, float]]]:
    """Each arm's (step, mean over its seeds), at the steps that all of them have."""
    means = dict[str, list[tuple[int, float]]]()
    for arm in arms_in_order([job["arm"] for job in found]):
        seeds = [dict(map(tuple, job[key])) for job in found if job["arm"] == arm]
        steps = sorted(set(seeds[0]).intersection(*seeds[1:]))
        if steps:
            means[arm] = [(step, sum(seed[step] for seed in seeds) / len(seeds)) for step in steps]
    return means
