"""Loss curves of the trained arms, for results.json and for the report."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from eval.figures import COLOURS, OTHER
from eval.stats import arms_in_order
from train.sft import finished

POINTS = 120
"""Most points of a curve in results.json."""


class Curve(NamedTuple):
    """One arm's loss by step, the mean over its seeds, in percent of the chart: x to the right, y down."""

    arm: str
    colour: str
    points: str
    first: float
    last: float
    steps: int


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
    means = dict[str, list[tuple[int, float]]]()
    for arm in arms_in_order(list({job["arm"] for job in found})):
        seeds = [dict(map(tuple, job["losses"])) for job in found if job["arm"] == arm]
        steps = sorted(set(seeds[0]).intersection(*seeds[1:]))
        if steps:
            means[arm] = [(step, sum(seed[step] for seed in seeds) / len(seeds)) for step in steps]
    width = max((points[-1][0] for points in means.values()), default=1)
    height = highest(found)
    return [
        Curve(
            arm,
            COLOURS.get(arm, OTHER),
            " ".join(f"{100 * step / width:.2f},{100 - 100 * loss / height:.2f}" for step, loss in points),
            points[0][1],
            points[-1][1],
            points[-1][0],
        )
        for arm, points in means.items()
    ]


def highest(found: Sequence[dict[str, Any]]) -> float:
    """The top of the chart."""
    return max((loss for job in found for _, loss in job["losses"]), default=0.0) or 1.0
