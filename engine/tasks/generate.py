"""What an actor does with one lease of requests: rows in, calls to the engine, answers back, a table out. Pure logic."""

import json
from collections import deque
from typing import Any, Protocol

import polars as pl
from jinja2 import TemplateError

from engine.store.ids import content_id
from engine.store.parts import GENERATIONS
from engine.worker.backend import Answer, Call

UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, TemplateError)
"""What bad JSON, unexpected shapes and chat templates raise."""


class Lease(Protocol):
    """Work in progress on one shard."""

    rows_done: int

    def next_call(self) -> Call | None:
        """A call that may go to the engine now; None while waiting for answers or when all have gone."""

    def take(self, answer: Answer) -> None:
        """Accept the answer to one of this lease's calls."""

    @property
    def done(self) -> bool:
        """Whether every row has its result."""

    def table(self) -> pl.DataFrame:
        """The results."""


def encode_prompt(tokenizer: Any, row: dict[str, Any]) -> list[int]:
    """Token ids of a request's `messages` (JSON; through the chat template if there is one) or plain `prompt`."""
    if not row.get("messages"):
        return tokenizer.encode(row.get("prompt") or "")
    messages = json.loads(row["messages"])
    if not tokenizer.chat_template:
        return tokenizer.encode(as_text(messages))
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return tokenizer.encode(text, add_special_tokens=False)


def as_text(messages: list[dict[str, str]]) -> str:
    """Chat messages for a model without a chat template: an answer on the line behind its question, then an empty line."""
    text = messages[0]["content"] if messages else ""
    for message in messages[1:]:
        text += ("\n" if message["role"] == "assistant" else "\n\n") + message["content"]
    return text


class GenerateLease:
    """Rows of the `requests` table; one call per sample, seeded by content so that results do not depend on actors."""

    def __init__(self, rows: pl.DataFrame, tokenizer: Any, max_model_len: int, name: str):
        self.results: list[dict[str, Any]] = []
        self.waiting: deque[Call] = deque()
        self.open: dict[str, tuple[str, int]] = {}
        for index, row in enumerate(rows.iter_rows(named=True)):
            ids, sampling, fault = [], {}, None
            try:
                ids = encode_prompt(tokenizer, row)
                sampling = dict(json.loads(row.get("sampling") or "{}"))
                seed = int(sampling.pop("seed", int(content_id(row["request_id"]), 16) % 2**31))
            except UNREADABLE as error:  # one bad row is no reason to stop
                fault = f"the request cannot be read: {type(error).__name__}: {error}"
            for sample in range(row.get("n") or 1):
                key = f"{name}/{index}/{sample}"
                self.open[key] = (row["request_id"], sample)
                if fault or not ids:
                    self.take(Answer(key, error=fault or "the prompt is empty"))
                elif len(ids) >= max_model_len:
                    limit = f"the prompt has {len(ids)} tokens and the model takes {max_model_len} with the answer"
                    self.take(Answer(key, prompt_tokens=len(ids), error=limit))
                else:
                    self.waiting.append(Call(key, ids, sampling | {"seed": seed + sample}, row.get("adapter")))

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
        request, sample = self.open.pop(answer.key)
        self.results.append(
            {
                "request_id": request,
                "sample": sample,
                "text": None if answer.error else answer.text,
                "finish_reason": answer.finish_reason,
                "prompt_tokens": answer.prompt_tokens,
                "cached_tokens": answer.cached_tokens,
                "output_tokens": answer.output_tokens,
                "error": answer.error,
            }
        )

    def table(self) -> pl.DataFrame:
        """The `generations` table."""
        return pl.DataFrame(self.results, schema=GENERATIONS)
