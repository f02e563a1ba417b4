"""The contract of a kind of work: its table in, calls to the engine, answers back, its table out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from engine.errors import UserError


@dataclass(slots=True)
class Call:
    """One prompt for the engine.

    `params` are vLLM `SamplingParams` fields of a call that generates. A call that scores generates nothing of use: with
    `score_from` it returns the log-likelihoods of its own tokens from that position on, with `targets` those of each of
    these token ids as the next token. `cached` allows prefix-cache reads for `score_from`. For an engine without a tokenizer
    `ids` is empty and `asked` has the request (see `encoding.asked_of`).
    """

    key: str
    ids: list[int]
    params: dict[str, Any] = field(default_factory=dict)
    adapter: str | None = None
    score_from: int | None = None
    targets: list[int] | None = None
    cached: bool = True
    asked: dict[str, Any] | None = None


@dataclass(slots=True)
class Answer:
    """What became of a call.

    `logprobs` has one natural logarithm per token from `score_from`, or per target; NaN where the engine has none. `reasoning`
    is what an engine gives apart from the text; None where it does not part the two.
    """

    key: str
    text: str = ""
    finish_reason: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    logprobs: list[float] | None = None
    error: str | None = None
    reasoning: str | None = None


class Lease(Protocol):
    """Work in progress on one shard."""

    @property
    def rows_done(self) -> int:
        """Rows that have a result."""

    def next_call(self) -> Call | None:
        """A call that may go to the engine now; None while waiting for answers or when all have gone."""

    def take(self, answer: Answer) -> None:
        """Accept the answer to one of this lease's calls."""

    @property
    def done(self) -> bool:
        """Whether every row has its result."""

    def table(self) -> pl.DataFrame:
        """The results; while work is in progress those of the rows that are done as a whole."""


@dataclass(frozen=True)
class Task:
    """A kind of work: what its rows hold, in which order they go, and what comes of them."""

    key: str
    """The column of ids."""
    needed: tuple[str, ...]
    types: dict[str, Any]
    """What the columns that it reads hold; the id may be of any type that can be text."""
    needs: str
    """What the error says that a row needs."""
    defaults: dict[str, pl.Expr]
    """The optional columns."""
    order: tuple[str, ...]
    """Columns to sort by, so that rows that share context stand together."""
    calls: pl.Expr
    """Results of a row."""
    schema: dict[str, Any]
    """Columns of the results."""
    lease: Callable[[pl.DataFrame, Any, int, str], Lease]
    """Makes the lease from filled rows, tokenizer (None: the engine takes text), the model's longest input and a name that is the lease's own."""
    results: Callable[[dict[str, Any]], list[dict[str, Any]]]
    """The results of a filled row, as far as they are known before an engine answers."""

    def check(self, schema: Mapping[str, Any]) -> None:
        """Raise UserError where a needed column is missing or a column cannot hold what it is for."""
        missing = [c for c in self.needed if c not in schema]
        if missing:
            have = ", ".join(schema)
            raise UserError(f"The table lacks {', '.join(missing)}; it has {have} and needs {self.needs}.")
        if schema[self.key].is_nested() or schema[self.key] == pl.Binary:
            raise UserError(
                f"The column {self.key} holds {schema[self.key]}: give each row an id that is text or a number."
            )
        for name, wanted in self.types.items():
            if name in schema and not _fits(schema[name], wanted):
                raise UserError(f"The column {name} holds {schema[name]} and needs {_said(wanted)}: convert it.")

    def fill(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the optional columns, ids as text and each column of the type that it needs."""
        missing = [e.alias(name) for name, e in self.defaults.items() if name not in rows.columns]
        types: dict[str, Any] = {name: wanted for name, wanted in self.types.items() if name in rows.columns}
        typed = rows.with_columns(pl.col(name).cast(wanted) for name, wanted in ({self.key: pl.String} | types).items())
        return typed.with_columns(*missing)

    def failed(self, rows: pl.DataFrame, error: str) -> pl.DataFrame:
        """Results of rows that no engine could answer."""
        results = [result | {"error": error} for row in rows.iter_rows(named=True) for result in self.results(row)]
        return pl.DataFrame(results, schema=self.schema)


def _fits(found: Any, wanted: Any) -> bool:
    """Whether a column can be read as the type wanted without changing a value; one of nulls alone is any."""
    if found == pl.Null:
        return True
    if isinstance(wanted, pl.List):
        return isinstance(found, pl.List | pl.Array) and _fits(found.inner, wanted.inner)
    if wanted == pl.String:
        return found in (pl.String, pl.Categorical, pl.Enum)
    return found.is_integer()


def _said(wanted: Any) -> str:
    if isinstance(wanted, pl.List):
        return "lists of text"
    return "text" if wanted == pl.String else "whole numbers"
