"""format: checks of one inference that need no model: is it whole, long enough, about its source, and new?"""

from collections.abc import Iterable

import polars as pl
import regex

from augment.checks.base import Check, Finding, Given, offered
from augment.checks.rules.terms import share, terms
from augment.operators.registry import kind_of
from augment.text.words import normal

FEWEST = 3
"""Words of a statement; in scripts without spaces, pairs of characters."""
TOUCHED = 0.1
"""Least share of the words of a text that may bring in others' that its source and context must contain; of a statement it is one word."""
CHARACTERS = 0.2
"""Least share of a statement's characters that are its source's, in languages whose synonyms share some and whose words are short."""
BY_CHARACTER = frozenset({"zh", "ja", "ko"})
LETTER = regex.compile(r"\p{L}")


class Form(Check):
    """Looks at the form of each statement, and accepts each once: remembers the corpus and what was kept, as hashes of 8 bytes.

    Unlike the other checks it is made while answers are read, for they alone tell where one was cut off: its rows have a column
    `cut` too. What `check` finds depends on the row alone; `repeats` compares with the corpus and all rows before, when the other checks
    of single rows are made. So one instance lives as long as its corpus is augmented.
    """

    name = "format"

    def __init__(self, corpus: Iterable[str] = (), language: str = "en"):
        self.language = language
        self.stated, self.kept = pl.Series(dtype=pl.UInt64), pl.Series(dtype=pl.UInt64)
        self.state(corpus)

    def state(self, corpus: Iterable[str]) -> None:
        """Add sentences of the corpus."""
        self.stated = pl.concat([self.stated, text_keys(corpus).unique()])

    def check(self, rows: pl.DataFrame, given: Given | None = None) -> list[Finding]:
        """Row by row: see `misshapen`."""
        close = {name: _close(name) for name in rows["operator"].unique()}
        columns = ("text", "source_text", "cut", "operator", "context", "language")
        return [
            Finding(misshapen(text, source, cut, close[name], context, language))
            for text, source, cut, name, context, language in offered(rows, self.language).select(columns).iter_rows()
        ]

    def repeats(self, keys: pl.Series, kept: pl.Series) -> pl.Series:
        """Why rows are rejected that say what the corpus does or what another one before them, else null; others are remembered.

        `keys` are those of `text_keys`; `kept` tells which rows are still in question, and only those can be repeated.
        """
        rows = pl.DataFrame({"key": keys, "kept": kept}).with_columns(
            stated=pl.col("key").is_in(self.stated.implode()), known=pl.col("key").is_in(self.kept.implode())
        )
        first = pl.when("kept").then("key").is_first_distinct()
        rows = rows.with_columns(
            reason=pl.when(~pl.col("kept"))
            .then(None)
            .when("stated")
            .then(pl.lit("stated in the corpus"))
            .when(pl.col("known") | ~first)
            .then(pl.lit("duplicate"))
        )
        new = rows.filter(pl.col("kept") & pl.col("reason").is_null())["key"]
        self.kept = pl.concat([self.kept, new])
        return rows["reason"].cast(pl.String)

    def fault(
        self, text: str, source: str, cut: bool, close: bool = True, context: str = "", language: str = "en"
    ) -> str | None:
        """Why one inference is rejected, or None: `misshapen`, then `repeats`."""
        if fault := misshapen(text, source, cut, close, context, language):
            return fault
        found: str | None = self.repeats(text_keys([text]), pl.Series([True]))[0]
        return found


def text_keys(texts: Iterable[str]) -> pl.Series:
    """A number for each text, the same for texts that differ in case, spaces or the mark at their end."""
    return pl.Series([normal(text) for text in texts], dtype=pl.String).hash()


def misshapen(
    text: str, source: str, cut: bool, close: bool = True, context: str = "", language: str = "en"
) -> str | None:
    """Why an inference is rejected for its form, or None; `cut` says that the answer ended in it for lack of tokens.

    `close`: it restates its source, so it must keep to its words and about its length. Not so what links the source to
    other documents, or is written at length about it: of that only some words must be the source's.
    """
    if cut:
        return "cut off by augment.max_tokens" if close else "cut off by augment.max_tokens or text_tokens"
    if len(text.split()) < FEWEST and len(terms(text, language)) < FEWEST:
        return "too short to say anything"
    if close and len(text) > 4 * len(source) + 200:
        return "much longer than its source"
    if not _about(text, source, context, close, language):
        return "shares too few words with its source"
    return None


def _about(text: str, source: str, context: str, close: bool, language: str) -> bool:
    """Whether a text has words of what its model was shown."""
    if close and language in BY_CHARACTER:
        said, known = LETTER.findall(text), frozenset(LETTER.findall(source + context))
        return sum(letter in known for letter in said) >= CHARACTERS * len(said)
    found = share(terms(text, language), terms(source, language) + terms(context, language))
    return found > 0 if close else found >= TOUCHED


def _close(operator: str) -> bool:
    kind = kind_of(operator)
    return kind.scope != "corpus" and not kind.long
