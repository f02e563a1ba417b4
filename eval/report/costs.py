"""What a run cost, in words: time of its stages, tokens of its augmentation and of its trainings."""

from collections.abc import Mapping
from typing import Any

from eval.measure.order import arms_in_order

TOKENS = {
    "prompt": "Tokens read to augment",
    "cached": "Of these, from the prefix cache",
    "output": "Tokens written to augment",
}


def cost_rows(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Time of each stage and tokens of the augmentation, as (name, value) pairs."""
    seconds, tokens = results.get("seconds") or {}, results.get("tokens") or {}
    rows = [(f"Time to {stage}", duration(value)) for stage, value in seconds.items()]
    if len(rows) > 1:
        rows.append(("Total time", duration(sum(seconds.values()))))
    if "dollars" in results:
        rows.append(("Price of the teacher's tokens", f"${results['dollars']:,.2f}"))
    return rows + [(name, f"{tokens[key]:,}") for key, name in TOKENS.items() if key in tokens]


def trained_rows(results: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """What training took, per seed: (arm, tokens, steps, time); "–" where it is not known."""
    tokens, jobs = (results.get("augmentation") or {}).get("train_tokens") or {}, results.get("training") or []
    rows = []
    for arm in arms_in_order([*tokens, *(job["arm"] for job in jobs)]):
        own = [job for job in jobs if job["arm"] == arm]
        steps = f"{max(job['steps'] for job in own):,}" if own else "–"
        time = duration(sum(job["seconds"] for job in own) / len(own)) if own else "–"
        rows.append((arm, f"{tokens[arm]:,}" if arm in tokens else "–", steps, time))
    return rows


def duration(seconds: float) -> str:
    """61.04 as "1 min 1 s"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
