"""What an engine is to the rest: calls go in, finished calls come out of `step`."""

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True)
class Call:
    """One prompt for the engine.

    `params` are vLLM `SamplingParams` fields. With `score_from`, the engine returns the log-likelihoods of
    the tokens from that position on and generates nothing of use; `cached` allows prefix-cache reads for that.
    """

    key: str
    ids: list[int]
    params: dict[str, Any] = field(default_factory=dict)
    adapter: str | None = None
    score_from: int | None = None
    cached: bool = True


@dataclass(slots=True)
class Answer:
    """What became of a call; `logprobs` has one value per token from `score_from`, NaN where the engine has none."""

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

    def add(self, call: Call) -> None:
        """Queue a call; a call that the engine refuses raises ValueError."""

    def step(self) -> list[Answer]:
        """Advance; returns calls finished in this step, possibly none."""

    def close(self) -> None:
        """Release the engine."""
