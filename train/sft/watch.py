"""What is seen of a training while it runs: its progress in a file, and an end with a reason where it goes wrong."""

import itertools
import json
import math
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.store.places import write_whole

PROGRESS, FAILED, SPENT = "progress.json", "failed.json", "seconds.json"
DIVERGED = 3.0
"""How many times its first value the loss may reach."""
LEAST = 0.5
"""What the loss may reach in any case."""
FEW = 0.25
"""A report of fewer tokens than this share of the median is left out: no model knows the first of a few odd words."""
STUCK, LASTING = 1.3, 10
"""A loss that stays above its first value times this for so many reports has left what the model could."""
WORSE = 1.1
"""How many times its value before the training the loss on the first batch may be after it: these texts were trained on."""
NEAR = 0.01
"""How near to the logarithm of the vocabulary, as a share of it, a loss says that every token is as likely as any other."""
REMEDY = "lower train.learning_rate, or look for odd rows among the examples"


def gone_wrong(losses: Sequence[float], uniform: float, least: float = 0.0) -> str:
    """Why a training with these reports of its loss is to be stopped, or nothing; `uniform` is what a model reports to which
    every token is as likely as any other: about the logarithm of the vocabulary. A loss that begins below `least` is taken to begin there.

    The last reports are compared with the first step and with the best of three in a row.
    """
    first, last, recent = max(losses[0], least), losses[-1], losses[-LASTING:]
    if not math.isfinite(last):
        return "the loss is no number any more"
    if last > max(DIVERGED * first, LEAST):
        return f"the loss grew from {first:.2f} to {last:.2f}"
    if last > 1.05 * uniform > 1.15 * first:
        return f"the loss grew from {first:.2f} to {last:.2f}, which is worse than to know nothing"
    if len(losses) <= LASTING:
        return ""
    if all(abs(loss - uniform) < NEAR * uniform for loss in recent):
        return (
            f"the loss stays at {uniform:.2f}, the logarithm of the vocabulary: every token is as likely as any other"
        )
    if min(recent) > max(STUCK * first, LEAST):
        return f"the loss went from {first:.2f} to {last:.2f} and stayed there"
    past = losses[:-LASTING]
    best = min((sum(past[i : i + 3]) / 3 for i in range(len(past) - 2)), default=first)
    if min(recent) > max(2 * best, (first + best) / 2, LEAST):
        return f"the loss had come from {first:.2f} to {best:.2f}, rose to {last:.2f} and stayed there"
    return ""


def told_by_many(reports: Sequence[dict[str, float]]) -> list[float]:
    """The losses of reports (`loss`, and TRL's `num_tokens` so far), without those of a few tokens alone, unless they are no numbers."""
    sums = [report.get("num_tokens", math.nan) for report in reports]
    tokens = [sums[0], *(late - early for early, late in itertools.pairwise(sums))]
    # a resumed training counts from 0 again
    known = [count for count in tokens if count > 0]
    least = FEW * statistics.median(known) if known else 0.0
    losses = [report["loss"] for report in reports]
    return [
        loss for loss, count in zip(losses, tokens, strict=True) if not 0 < count < least or not math.isfinite(loss)
    ]


def destroyed(before: float, after: float, uniform: float) -> str:
    """Why a training that took the loss on its first batch from `before` to `after` left no model, or nothing."""
    told = f"the loss on the first batch was {before:.2f} before the training and is {after:.2f} after it"
    if not math.isfinite(after) or after > max(WORSE * before, LEAST):
        return told
    at_uniform, was_not = after > (1 - NEAR) * uniform, abs(before - uniform) > 0.05 * uniform
    # a model that was worse than that before has learnt something
    if at_uniform and was_not and before < uniform:
        return f"{told}: every token is as likely as any other"
    return ""


class Watch:
    """A callback of the trainer (`train.sft.worker` makes it one of transformers').

    Writes progress.json (step, steps, loss, seconds), and how long a training took beside each checkpoint; stops a training
    whose loss is no number or grows out of bounds.
    """

    def __init__(self, out: Path, uniform: float, before: float = 0.0, least: float = 0.0):
        self.out, self.uniform, self.before, self.least = out, uniform, before, least
        self.started, self.begun, self.failure = time.monotonic(), 0, ""

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A resumed training begins at a later step."""
        self.begun = state.global_step

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A checkpoint knows the loss of all steps up to it, so that a resumed training's mean is that of a whole one."""
        if control.should_save:
            control.should_log = True

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Write down how long it took to come so far."""
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if state.is_world_process_zero and folder.is_dir():
            write_whole(folder / SPENT, json.dumps(self.seconds()).encode())

    def seconds(self) -> float:
        """Since the training began, without the time in which it was interrupted."""
        return self.before + time.monotonic() - self.started

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None:
            return
        reports = [past for past in state.log_history if "loss" in past] or [{"loss": loss}]
        wrong = gone_wrong(told_by_many(reports), self.uniform, self.least)
        if not math.isfinite((logs or {}).get("grad_norm", 0.0)):
            wrong = "the loss is no number any more"
        if wrong:
            self.failure = f"{wrong} at step {state.global_step}: {REMEDY}"
            control.should_training_stop = True
        if state.is_world_process_zero:
            facts = {"step": state.global_step, "steps": state.max_steps, "loss": loss}
            facts |= {"seconds": time.monotonic() - self.started, "begun": self.begun}
            write_whole(self.out / PROGRESS, json.dumps(facts).encode())


def mean_loss(losses: Sequence[tuple[int, float]]) -> float:
    """The mean over all steps of reports that are each the mean since the one before."""
    total = step = 0.0
    for number, loss in losses:
        total, step = total + loss * (number - step), number
    return total / step if step else math.nan


def spent(checkpoint: Path | None) -> float:
    """Seconds that a training had taken when it wrote this checkpoint."""
    try:
        return float(json.loads((checkpoint / SPENT).read_text(encoding="utf-8"))) if checkpoint else 0.0
    except (OSError, ValueError):  # killed between the checkpoint and its note
        return 0.0


def progress_of(out: Path) -> str:
    """What a running job's folder says, as "120/400 steps, loss 1.23, 34 s left"; empty before its first steps."""
    try:
        found = json.loads((out / PROGRESS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    done = max(1, found["step"] - found["begun"])
    left = found["seconds"] / done * (found["steps"] - found["step"])
    return f"{found['step']:,}/{found['steps']:,} steps, loss {found['loss']:.2f}, {left:,.0f} s left"
