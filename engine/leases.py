"""What an actor does with one lease: rows in, calls to the engine, answers back, a table out. Pure logic."""

import json
import math
from collections import deque
from typing import Any, Protocol

import polars as pl

from engine.backend import Answer, Call
from engine.store import GENERATIONS, SCORES, content_id

SHARED_TOKENS = 64
"""A shared context of at least this many tokens is computed once before its questions are sent."""


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
        return tokenizer.encode("\n\n".join(m["content"] for m in messages))
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return tokenizer.encode(text, add_special_tokens=False)


def encode_pair(tokenizer: Any, context: str, choice: str) -> tuple[list[int], int]:
    """Ids of context + choice and the position where the choice starts.

    Trailing spaces of the context belong to the choice and both are encoded together, as
    lm-evaluation-harness does (`TemplateLM._encode_pair`), so that numbers can be compared.
    """
    kept = context.rstrip(" ")
    choice = context[len(kept) :] + choice
    ids = tokenizer.encode(kept + choice)
    # a choice that melts into the context's last token is scored by that token
    return ids, min(len(tokenizer.encode(kept)), len(ids) - 1)


class GenerateLease:
    """Rows of the `requests` table; one call per sample, seeded by content so that results do not depend on actors."""

    def __init__(self, rows: pl.DataFrame, tokenizer: Any, max_model_len: int, name: str):
        self.results: list[dict[str, Any]] = []
        self.waiting: deque[Call] = deque()
        self.open: dict[str, tuple[str, int]] = {}
        for index, row in enumerate(rows.iter_rows(named=True)):
            ids = encode_prompt(tokenizer, row)
            sampling = json.loads(row.get("sampling") or "{}")
            seed = sampling.pop("seed", int(content_id(row["request_id"]), 16) % 2**31)
            for sample in range(row.get("n") or 1):
                key = f"{name}/{index}/{sample}"
                self.open[key] = (row["request_id"], sample)
                if not ids:
                    self.take(Answer(key, error="the prompt is empty"))
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


class ScoreLease:
    """Rows of item_id, prefix, stem, choices, adapter; the text before a choice is prefix + stem.

    Each different (adapter, context, choice) is computed once. A context that several share is sent ahead on its own, so
    that the prefix cache holds it; where a hit swallowed a row that is needed, the call is repeated without the cache.
    """

    def __init__(self, rows: pl.DataFrame, tokenizer: Any, max_model_len: int, name: str):
        self.name = name
        self.results: list[dict[str, Any]] = []
        self.wanted: dict[str, list[dict[str, Any]]] = {}
        self.calls: dict[str, Call] = {}
        self.held: dict[str, list[Call]] = {}
        self.waiting: deque[Call] = deque()
        self.total = sum(len(c) for c in rows["choices"])
        for (prefix, adapter), group in rows.group_by("prefix", "adapter", maintain_order=True):
            self._plan(str(prefix or ""), adapter, group, tokenizer, max_model_len)

    def _plan(self, prefix: str, adapter: Any, group: pl.DataFrame, tokenizer: Any, max_model_len: int) -> None:
        contexts: list[list[int]] = []
        calls: list[Call] = []
        for row in group.iter_rows(named=True):
            for number, choice in enumerate(row["choices"]):
                result = {"item_id": row["item_id"], "choice": number, "error": None, "logprobs": None, "tokens": None}
                result |= {"chars": len(choice), "bytes": len(choice.encode()), "cached_tokens": None}
                ids, start = encode_pair(tokenizer, prefix + row["stem"], choice)
                if not choice:
                    result["error"] = "the choice is empty"
                elif start < 1:
                    result["error"] = "nothing stands before the choice: a first token cannot be scored; give a stem"
                elif len(ids) >= max_model_len:
                    result["error"] = (
                        f"context and choice have {len(ids)} tokens and the model takes {max_model_len - 1}"
                    )
                if result["error"]:
                    self.results.append(result)
                    continue
                key = f"{self.name}/{content_id(ids, start, adapter)}"
                if key not in self.wanted:
                    calls.append(Call(key, ids, {}, adapter, start))
                    contexts.append(ids[:start])
                    self.calls[key] = calls[-1]
                self.wanted.setdefault(key, []).append(result)
        shared = common_prefix(contexts)
        if len(calls) > 1 and shared >= SHARED_TOKENS:
            key = f"{self.name}/prime/{content_id(contexts[0][:shared], adapter)}"
            self.waiting.append(Call(key, contexts[0][:shared], {"max_tokens": 1, "temperature": 0.0}, adapter))
            self.held[key] = calls
        else:
            self.waiting.extend(calls)

    @property
    def rows_done(self) -> int:
        """Choices that have a result."""
        return len(self.results)

    @property
    def done(self) -> bool:
        """Whether every choice has its result."""
        return len(self.results) == self.total

    def next_call(self) -> Call | None:
        """The next context to compute or choice to score."""
        return self.waiting.popleft() if self.waiting else None

    def take(self, answer: Answer) -> None:
        """Release what waited for a context, repeat what the cache swallowed, or write one row per asker."""
        if answer.key in self.held:
            self.waiting.extendleft(reversed(self.held.pop(answer.key)))
            return
        call = self.calls[answer.key]
        values = answer.logprobs or []
        sound = len(values) == len(call.ids) - (call.score_from or 0) and all(map(math.isfinite, values))
        if not answer.error and not sound and call.cached:
            call.cached = False
            self.waiting.appendleft(call)
            return
        error = answer.error or (None if sound else "the engine gave no finite log-likelihood for every token")
        for result in self.wanted[answer.key]:
            scored = {"error": error, "tokens": len(values), "cached_tokens": answer.cached_tokens}
            self.results.append(result | scored | {"logprobs": None if error else values})

    def table(self) -> pl.DataFrame:
        """The `scores` table: one row per choice."""
        return pl.DataFrame(self.results, schema=SCORES).sort("item_id", "choice")


def common_prefix(sequences: list[list[int]]) -> int:
    """How many leading tokens all sequences share."""
    if not sequences:
        return 0
    low, high = min(sequences), max(sequences)
    count = 0
    for a, b in zip(low, high, strict=False):
        if a != b:
            break
        count += 1
    return count
