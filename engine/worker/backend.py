"""What an engine is to the rest: calls go in, finished calls come out of `step`."""

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True)
class Call:
    """One prompt for the engine.

    `params` are vLLM `SamplingParams` fields of a call that generates. A call that scores generates nothing of use: with
    `score_from` it returns the log-likelihoods of its own tokens from that position on, with `targets` those of each of
    these token ids as the next token. `cached` allows prefix-cache reads for `score_from`.
    """

    key: str
    ids: list[int]
    params: dict[str, Any] = field(default_factory=dict)
    adapter: str | None = None
    score_from: int | None = None
    targets: list[int] | None = None
    cached: bool = True


@dataclass(slots=True)
class Answer:
    """What became of a call.

    `logprobs` has one natural logarithm per token from `score_from`, or per target; NaN where the engine has none.
    """

    key: str
    text: str = ""
    finish_reason: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    logprobs: list[float] | None = None
    error: str | None = None


class Backend(Protocol):
    """An engine in this process."""

    tokenizer: Any
    max_model_len: int
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
