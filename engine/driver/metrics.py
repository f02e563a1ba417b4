"""What Prometheus can read of a job: counted in the driver, shown by Ray on the metrics port of the driver's node.

Ray puts `ray_` in front of the names and `_total` behind those of counters. It shows them where `ray[default]` is
installed; elsewhere, and under `ray://`, counting goes nowhere. One update per report of an engine (twice a second), not per row.
"""

from typing import Any

COUNTERS = {
    "forethought_rows": "Rows of results (samples, choices) that are written, each once whatever died on the way",
    "forethought_errors": "Those of them that hold an error",
    "forethought_prompt_tokens": "Tokens of prompts",
    "forethought_cached_tokens": "Those of them that the prefix cache had",
    "forethought_output_tokens": "Tokens written",
    "forethought_restarts": "Engines that died",
}
GAUGES = {
    "forethought_rows_left": "Rows of results that are still to come",
    "forethought_leases": "Leases that engines hold",
    "forethought_engines": "Engines at work",
}
"""Each has one tag, `stage`: generate or score."""


def exported() -> set[str]:
    """The names as Prometheus has them."""
    return {f"ray_{name}_total" for name in COUNTERS} | {f"ray_{name}" for name in GAUGES}


def make_metrics() -> dict[str, Any]:
    """Ray's objects, by name; Ray must be running."""
    from ray.util.metrics import Counter, Gauge

    made: dict[str, Any] = {name: Counter(name, told, ("stage",)) for name, told in COUNTERS.items()}
    return made | {name: Gauge(name, told, ("stage",)) for name, told in GAUGES.items()}


def count(metrics: dict[str, Any], stage: str, **amounts: float) -> None:
    """Add to counters, which are named without their beginning."""
    for name, amount in amounts.items():
        if amount:  # Ray refuses 0
            metrics[f"forethought_{name}"].inc(amount, {"stage": stage})


def show(metrics: dict[str, Any], stage: str, **values: float) -> None:
    """Set gauges, which are named without their beginning."""
    for name, value in values.items():
        metrics[f"forethought_{name}"].set(value, {"stage": stage})
