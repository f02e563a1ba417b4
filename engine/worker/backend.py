"""What an engine is to the rest: calls go in, finished calls come out of `step`."""

from typing import Any, Protocol

from engine.tasks.base import Answer, Call


class Backend(Protocol):
    """An engine in this process."""

    tokenizer: Any
    """None where the engine takes text: then it only generates, and `Call.asked` has the request."""
    max_model_len: int
    """Tokens of a prompt and its answer."""
    longest: int
    """The same where memory has no end: what the model, or the user, has set."""
    capacity: int
    """Calls in flight that keep the engine busy."""
    tolerance: float
    """How far a log-likelihood may differ with and without the prefix cache, from rounding alone."""

    def add(self, call: Call) -> None:
        """Queue a call; a call that the engine refuses raises ValueError."""

    def step(self) -> list[Answer]:
        """Advance; returns calls finished in this step, possibly none."""

    def load(self, model: str) -> None:
        """Swap in the weights of another model of the same architecture, and forget all that the old ones computed."""

    def close(self) -> None:
        """Release the engine."""
