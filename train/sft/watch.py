"""What is seen of a training while it runs: its progress in a file, and an end with a reason where it goes wrong."""

import json
import math
import time
from pathlib import Path
from typing import Any

from engine.store.places import write_whole

PROGRESS, FAILED = "progress.json", "failed.json"
DIVERGED = 3.0
"""How many times its first value the loss may reach."""
LEAST = 0.5
"""What the loss may reach in any case."""
STUCK, LASTING = 1.3, 10
"""A loss that stays above its first value times this for so many reports has left what the model could: at a rate that is far
too high, weights end where every token is as likely as any other, and the loss there need not be three times the first."""


class Watch:
    """Writes progress.json (step, steps, loss, seconds) and stops a training whose loss is no number or grows out of bounds.

    `train.sft.worker` makes it a callback of the trainer.
    """

    def __init__(self, out: Path):
        self.out, self.started, self.begun, self.failure = out, time.monotonic(), 0, ""
        self.above = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A resumed training begins at a later step."""
        self.begun = state.global_step

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None:
            return
        # a resumed training began where its history does
        first = next((past["loss"] for past in state.log_history if "loss" in past), loss)
        if not math.isfinite(loss) or not math.isfinite((logs or {}).get("grad_norm", 0.0)):
            self.failure = f"the loss is no number any more at step {state.global_step}"
        elif loss > max(DIVERGED * first, LEAST):
            self.failure = f"the loss grew from {first:.2f} to {loss:.2f} at step {state.global_step}"
        self.above = self.above + 1 if loss > max(STUCK * first, LEAST) else 0
        if self.above >= LASTING and not self.failure:
            self.failure = f"the loss went from {first:.2f} to {loss:.2f} and stayed there to step {state.global_step}"
        if self.failure:
            self.failure += ": lower train.learning_rate, or look for odd rows among the examples"
            control.should_training_stop = True
        if state.is_world_process_zero:
            seconds = time.monotonic() - self.started
            facts = {"step": state.global_step, "steps": state.max_steps, "loss": loss, "seconds": seconds}
            write_whole(self.out / PROGRESS, json.dumps(facts | {"begun": self.begun}).encode())


def progress_of(out: Path) -> str:
    """What a running job's folder says, as "120/400 steps, loss 1.23, 34 s left"; empty before its first steps."""
    try:
        found = json.loads((out / PROGRESS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    done = max(1, found["step"] - found["begun"])
    left = found["seconds"] / done * (found["steps"] - found["step"])
    return f"{found['step']:,}/{found['steps']:,} steps, loss {found['loss']:.2f}, {left:,.0f} s left"
