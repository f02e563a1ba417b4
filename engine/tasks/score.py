"""Scoring: log-likelihoods of choices, each context computed once and every value guarded. Pure logic."""

import hashlib
import math
from array import array
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from engine.tasks.base import Answer, Call, Task
from engine.tasks.choices import encode_choices
from engine.tasks.encoding import common_prefix

SCORES: dict[str, Any] = {
    "item_id": pl.String,
    "choice": pl.Int32,
    "logprobs": pl.List(pl.Float32),
    "tokens": pl.Int32,
    "chars": pl.Int32,
    "bytes": pl.Int32,
    "cached_tokens": pl.Int32,
    "error": pl.String,
}
SHARED_TOKENS = 64
"""A shared context of at least this many tokens is computed once before its questions are sent."""
NEXT_TOKENS = 128
"""Values that one next-token call may ask for (vLLM's bound on `logprob_token_ids`)."""
NEXT_TOKEN_COST = 48
"""What a next-token call on a cached context costs, in tokens of an uncached one: half a cache block and the overhead."""
NO_VALUE = "the engine gave no finite log-likelihood for every token"


@dataclass(slots=True)
class Pair:
    """A context and a choice under an adapter: asked for by one or more rows, computed once."""

    key: str
    ids: list[int]
    start: int
    adapter: str | None
    values: list[float]
    rows: list[dict[str, Any]] = field(default_factory=list)
    cached_tokens: int = 0
    open: int = 0
    retried: bool = False
    done: bool = False

    def missing(self) -> list[int]:
        """Positions whose log-likelihood is not known."""
        return [p for p, value in enumerate(self.values, self.start) if not math.isfinite(value)]


@dataclass(slots=True)
class NextToken:
    """One call for the values of several tokens after the same context, and who wants which."""

    call: Call
    wanted: list[tuple[Pair, int]] = field(default_factory=list)
    sent: bool = False

    def takes(self, token: int) -> bool:
        """Whether `token` can still be asked for here."""
        targets = self.call.targets or []
        return not self.sent and (token in targets or len(targets) < NEXT_TOKENS)


class ScoreLease:
    """Rows of item_id, prefix, stem, choices, adapter; the text before a choice is prefix + stem.

    Each different (adapter, context, choice) is computed once. What several contexts share is sent ahead on its own, so
    that the prefix cache holds it. Then come two kinds of call: *suffix* (context + choice, a value per choice token) and
    *next token* (a context alone, the values of tokens that may follow), which serves all one-token choices of a
    question at once and the values that a cache hit swallowed. Where many are missing, or none could be had for another
    reason, the suffix call is repeated without the cache; what is missing then is an error row.
    """

    def __init__(self, rows: pl.DataFrame, tokenizer: Any, max_model_len: int, name: str):
        self.name = name
        self.results: list[dict[str, Any]] = []
        self.pairs: dict[str, Pair] = {}
        self.next_tokens: dict[str, NextToken] = {}
        self.latest: dict[str, NextToken] = {}
        self.held: dict[str, list[Call]] = {}
        self.waiting: deque[Call] = deque()
        self.total = int(rows.select(SCORE.calls.sum()).item())
        for (prefix, adapter), group in rows.group_by("prefix", "adapter", maintain_order=True):
            self._plan(str(prefix or ""), adapter, group, tokenizer, max_model_len)

    def _plan(self, prefix: str, adapter: Any, group: pl.DataFrame, tokenizer: Any, max_model_len: int) -> None:
        found: dict[str, Pair] = {}
        rows = group.rows(named=True)
        pairs = encode_choices(tokenizer, [(prefix + (r["stem"] or ""), _texts(r)) for r in rows])
        for row, encoded in zip(rows, pairs, strict=True):
            for choice, result, (ids, start) in zip(_texts(row), _choices(row), encoded, strict=True):
                result["tokens"] = len(ids) - start
                error = _fault(row, result)
                if error:
                    pass
                elif not choice:
                    error = "the choice is empty"
                elif start < 1:
                    error = "nothing stands before the choice: a first token cannot be scored; give a stem"
                elif len(ids) >= max_model_len:
                    error = f"context and choice have {len(ids)} tokens and the model takes {max_model_len - 1}"
                if error:
                    self.results.append(result | {"error": error, "tokens": None})
                    continue
                key = f"{self.name}/{_identity(ids, start, adapter)}"
                if key not in found:
                    found[key] = Pair(key, ids, start, adapter, [math.nan] * (len(ids) - start))
                found[key].rows.append(result)
        self.pairs |= found
        calls = [call for pair in found.values() if (call := self._first_call(pair))]
        shared = common_prefix([pair.ids[: pair.start] for pair in found.values()])
        if len(calls) > 1 and shared >= SHARED_TOKENS:
            context = calls[0].ids[:shared]
            key = f"{self.name}/prime/{_identity(context, adapter)}"
            self.waiting.append(Call(key, context, {"max_tokens": 1, "temperature": 0.0}, adapter))
            self.held[key] = calls
        else:
            self.waiting.extend(calls)

    def _first_call(self, pair: Pair) -> Call | None:
        if len(pair.values) == 1:
            return self._ask_next(pair, pair.start)
        return Call(pair.key, pair.ids, {}, pair.adapter, pair.start)

    def _ask_next(self, pair: Pair, position: int) -> Call | None:
        """A call for the token at `position`; None where a call that has not gone yet takes it along."""
        context, token = pair.ids[:position], pair.ids[position]
        identity = _identity(context, pair.adapter)
        asked = self.latest.get(identity)
        fresh = asked is None or not asked.takes(token)
        if asked is None or fresh:
            key = f"{self.name}/next/{identity}/{len(self.next_tokens)}"
            asked = NextToken(Call(key, context, {}, pair.adapter, targets=[]))
            self.latest[identity] = self.next_tokens[key] = asked
        if asked.call.targets is not None and token not in asked.call.targets:
            asked.call.targets.append(token)
        asked.wanted.append((pair, position))
        pair.open += 1
        return asked.call if fresh else None

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
        call = self.waiting.popleft() if self.waiting else None
        if call and call.key in self.next_tokens:
            self.next_tokens[call.key].sent = True
        return call

    def take(self, answer: Answer) -> None:
        """Release what waited for a context, or fill in values and go on with the pairs that they belong to."""
        if answer.key in self.held:
            self.waiting.extendleft(reversed(self.held.pop(answer.key)))
        elif answer.key in self.next_tokens:
            asked = self.next_tokens[answer.key]
            found = dict(zip(asked.call.targets or [], answer.logprobs or [], strict=False))
            for pair, position in asked.wanted:
                pair.values[position - pair.start] = found.get(pair.ids[position], math.nan)
                pair.cached_tokens = max(pair.cached_tokens, answer.cached_tokens)
                pair.open -= 1
            for pair, _ in asked.wanted:
                self._go_on(pair, answer.error)
        else:
            pair = self.pairs[answer.key]
            pair.cached_tokens = answer.cached_tokens
            values = answer.logprobs or []
            if len(values) == len(pair.values):
                pair.values = values
            self._go_on(pair, answer.error)

    def _go_on(self, pair: Pair, error: str | None) -> None:
        """Write the pair's rows, or ask for what is missing in the cheaper way: value by value or without the cache."""
        if pair.done or (pair.open and not error):
            return
        missing = pair.missing()
        if missing and not error and not pair.retried:
            pair.retried = True
            one_by_one = len(pair.values) > 1 and pair.cached_tokens
            if one_by_one and len(missing) * NEXT_TOKEN_COST < len(pair.ids):
                calls = [call for p in missing if (call := self._ask_next(pair, p))]
                self.waiting.extendleft(reversed(calls))
            else:
                self.waiting.appendleft(Call(pair.key, pair.ids, {}, pair.adapter, pair.start, cached=False))
            return
        pair.done = True
        error = error or (NO_VALUE if missing else None)
        scored = {"error": error, "cached_tokens": pair.cached_tokens, "logprobs": None if error else pair.values}
        self.results.extend(row | scored for row in pair.rows)

    def table(self) -> pl.DataFrame:
        """The `scores` table: one row per choice."""
        return pl.DataFrame(self.results, schema=SCORES).sort("item_id", "choice")


def _identity(ids: list[int], *more: Any) -> str:
    """16 hex digits that depend on token ids, of which there are many, and on what else is given."""
    digest = hashlib.sha256(array("Q", ids))
    digest.update(repr(more).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


def _choices(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of an item; one without a number where it has no choices."""
    if not row["choices"]:
        return [{"item_id": row["item_id"], "choice": None}]
    return [
        {"item_id": row["item_id"], "choice": number, "chars": len(text), "bytes": len(text.encode())}
        for number, text in enumerate(_texts(row))
    ]


def _texts(row: dict[str, Any]) -> list[str]:
    """The choices of an item, one for each of its results."""
    return [choice or "" for choice in row["choices"] or [""]]


def _fault(row: dict[str, Any], result: dict[str, Any]) -> str | None:
    """What an item lacks for one of its results."""
    if result["choice"] is None:
        return "the item has no choices"
    if row["stem"] is None:
        return "the stem is null"
    return "the choice is null" if row["choices"][result["choice"]] is None else None


SCORE = Task(
    key="item_id",
    needed=("item_id", "stem", "choices"),
    types={"prefix": pl.String, "stem": pl.String, "choices": pl.List(pl.String), "adapter": pl.String},
    needs="item_id, stem and choices",
    defaults={"prefix": pl.lit(""), "adapter": pl.lit(None, dtype=pl.String)},
    order=("adapter", "prefix", "item_id"),
    calls=pl.col("choices").list.len().fill_null(0).clip(1),
    schema=SCORES,
    lease=ScoreLease,
    results=_choices,
)
