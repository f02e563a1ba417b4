"""Generation: a call per sample of a request. Pure logic."""

import json
from collections import deque
from typing import Any

import polars as pl
from jinja2 import TemplateError

from engine.store.ids import content_id
from engine.tasks.base import Answer, Call, Task
from engine.tasks.encoding import asked_of, encode_prompt, run_on
from engine.tasks.reasoning import Parted, opens, part

GENERATIONS: dict[str, Any] = {
    "request_id": pl.String,
    "sample": pl.Int32,
    "text": pl.String,
    "reasoning": pl.String,
    "finish_reason": pl.String,
    "prompt_tokens": pl.Int32,
    "cached_tokens": pl.Int32,
    "output_tokens": pl.Int32,
    "error": pl.String,
}
"""A row per sample. `text` is what follows the reasoning, if there is any; null where there is an error and where the model
was cut off in its reasoning."""
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, TemplateError)
"""What bad JSON, unexpected shapes and chat templates raise."""
TAIL = 8
"""Tokens at the end of a prompt, among which is a tag that begins the reasoning."""


class GenerateLease:
    """Rows of the `requests` table; one call per sample, seeded by content so that results do not depend on actors."""

    def __init__(self, rows: pl.DataFrame, tokenizer: Any, max_model_len: int, name: str):
        self.results: list[dict[str, Any]] = []
        self.waiting: deque[Call] = deque()
        self.open: dict[str, tuple[str, int, bool | None]] = {}
        for index, row in enumerate(rows.iter_rows(named=True)):
            ids, asked, sampling, fault = list[int](), None, dict[str, Any](), None
            thinking: bool | None = None
            try:
                if tokenizer is None:
                    asked = asked_of(row)
                else:
                    ids = encode_prompt(tokenizer, row)
                sampling = dict(json.loads(row.get("sampling") or "{}"))
                if row.get("messages") and tokenizer is None:
                    thinking = False  # where an address parts reasoning from answers it says so itself
                elif row.get("messages"):
                    thinking = bool(tokenizer.chat_template) and opens(tokenizer.decode(ids[-TAIL:]))
                    if not tokenizer.chat_template and (ends := run_on(json.loads(row["messages"]))):
                        sampling["stop"] = [*ends, *_listed(sampling.get("stop"))]
                seed = int(sampling.pop("seed", int(content_id(row["request_id"]), 16) % 2**31))
                if (samples := row.get("n")) is not None and samples < 1:
                    raise ValueError(f"n is {samples}; ask for one sample at least")
            except UNREADABLE as error:  # one bad row is no reason to stop
                fault = f"the request cannot be read: {type(error).__name__}: {error}"
            for result in _samples(row):
                sample = result["sample"]
                key = f"{name}/{index}/{sample}"
                self.open[key] = (row["request_id"], sample, thinking)
                if fault or not (ids or asked):
                    self.take(Answer(key, error=fault or "the prompt is empty"))
                elif len(ids) >= max_model_len:
                    limit = f"the prompt has {len(ids)} tokens and the model takes {max_model_len} with the answer"
                    self.take(Answer(key, prompt_tokens=len(ids), error=limit))
                else:
                    call = Call(key, ids, sampling | {"seed": seed + sample}, row.get("adapter"), asked=asked)
                    self.waiting.append(call)

    @property
    def rows_done(self) -> int:
        """Samples that have a result."""
        return len(self.results)

    @property
    def done(self) -> bool:
        """Whether every sample has its result."""
        return not self.open

    def next_call(self) -> Call | None:
        """The next sample."""
        return self.waiting.popleft() if self.waiting else None

    def take(self, answer: Answer) -> None:
        """One row per sample."""
        request, sample, thinking = self.open[answer.key]
        # what continues a plain text is text, whatever stands in it
        said = Parted(answer.text) if thinking is None else part(answer.text, thinking)
        if answer.reasoning is not None:
            said = Parted(answer.text or None, answer.reasoning)
        self.results.append(
            {
                "request_id": request,
                "sample": sample,
                "text": None if answer.error else said.answer,
                "reasoning": None if answer.error else said.reasoning,
                "finish_reason": answer.finish_reason,
                "prompt_tokens": answer.prompt_tokens,
                "cached_tokens": answer.cached_tokens,
                "output_tokens": answer.output_tokens,
                "error": answer.error,
            }
        )
        del self.open[answer.key]  # last: what is interrupted on the way here counts as open

    def table(self) -> pl.DataFrame:
        """The `generations` table; while work is in progress without the requests of which samples are still out."""
        half = {request for request, _, _ in self.open.values()}
        return pl.DataFrame([row for row in self.results if row["request_id"] not in half], schema=GENERATIONS)


def _listed(stop: str | list[str] | None) -> list[str]:
    return [stop] if isinstance(stop, str) else stop or []


def _samples(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"request_id": row["request_id"], "sample": sample} for sample in range(max(1, row.get("n") or 1))]


GENERATE = Task(
    key="request_id",
    needed=("request_id",),
    types=dict.fromkeys(("prefix_key", "messages", "prompt", "sampling", "chat_template_kwargs", "adapter"), pl.String)
    | {"n": pl.Int64},
    needs="request_id and prompt or messages",
    defaults={
        "prefix_key": pl.lit(""),
        "messages": pl.lit(None, dtype=pl.String),
        "prompt": pl.lit(None, dtype=pl.String),
        "sampling": pl.lit("{}"),
        "chat_template_kwargs": pl.lit(None, dtype=pl.String),
        "n": pl.lit(1),
        "adapter": pl.lit(None, dtype=pl.String),
    },
    order=("prefix_key", "request_id"),
    calls=pl.col("n").fill_null(1).clip(1),
    schema=GENERATIONS,
    lease=GenerateLease,
    results=_samples,
)
