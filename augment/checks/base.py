"""The contract of checks: a batch of rows in; for each a reason to reject it, or none, and figures. docs/howto-own-check.md adds one.

A check sees what the checks before it let through, of the operators that it applies to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl

from augment.config import CheckConfig
from augment.operators.base import Operator
from augment.text.words import Casing, casing
from engine.pool import EnginePool
from engine.store.places import Place

NEEDED = ["inference_id", "operator", "text", "source_text"]
"""Columns of the rows that a check is given."""
OFFERED = {"context": "", "language": None}
"""Further columns, with what stands for a missing one: `context` is what stands before the source (title, headings, sentences);
`language` is an ISO code, by default that of the documents."""


class Finding(NamedTuple):
    """What a check found of one row."""

    reason: str | None = None
    """Why it is rejected; None where it stays. What stands before a colon names the kind of fault, what follows it details."""
    figures: Mapping[str, Any] = {}
    """What the decision was made by; goes into `verdicts` beside it."""


@dataclass(frozen=True)
class Given:
    """What the rows of a batch have in common."""

    known: Sequence[str]
    """The corpus' sentences and what was kept before."""
    sources: Sequence[str]
    """The different sources of all inferences that are checked."""
    config: CheckConfig
    language: str
    """Of the documents (ISO code): rules for English are used only where it is "en"."""
    pool: EnginePool | None
    """Engines to ask; None where only rules are wanted."""
    out: Place
    """Folder (a path or a URL) for the answers of the engines, from which a check resumes."""
    figures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By inference_id what the checks before found, of those that look at all rows or, before them, of those that look at each by itself."""
    cased: Casing | None = None
    """How the corpus writes its words, where that is known already."""

    @cached_property
    def case(self) -> Casing:
        """How the corpus writes its words."""
        return self.cased or casing([*self.known, *self.sources])


class Check:
    """One check."""

    name: str
    """Its name in `verdicts`; of a plug-in that of its entry point."""

    asks_engine = False
    """Whether it needs engines."""
    alone = False
    """Whether it looks at each row by itself: such a check may be made of some rows in one process and of others in another."""

    def wanted(self, config: CheckConfig) -> bool:
        """Whether the settings ask for it."""
        return True

    def applies(self, operator: type[Operator]) -> bool:
        """Whether it is made of what an operator writes."""
        return True

    def check(self, rows: pl.DataFrame, given: Given) -> list[Finding]:
        """A finding for each row (columns NEEDED and OFFERED), in their order."""
        raise NotImplementedError


class RowCheck(Check):
    """A check that looks at one row at a time and has no figures."""

    alone = True

    def fault(self, text: str, source: str, context: str, language: str) -> str | None:
        """Why an inference is rejected; None where it stays."""
        raise NotImplementedError

    def check(self, rows: pl.DataFrame, given: Given) -> list[Finding]:
        """Row by row."""
        asked = rows.select("text", "source_text", "context", "language").iter_rows()
        return [Finding(self.fault(*row)) for row in asked]


def tells_its_source(operator: type[Operator]) -> bool:
    """Whether an operator writes short statements, which follow from the sources that they name."""
    return not operator.long and not operator.rule


def offered(inferences: pl.DataFrame, language: str) -> pl.DataFrame:
    """The same rows with all columns of OFFERED."""
    told = OFFERED | {"language": language}
    lacking = [pl.lit(value).alias(name) for name, value in told.items() if name not in inferences.columns]
    return inferences.with_columns(*lacking, *(pl.col(c).fill_null(told[c]) for c in told if c in inferences.columns))
