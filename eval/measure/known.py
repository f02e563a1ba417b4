"""Questions that the bare model answers without the documents, counted apart: they say nothing of what was learnt."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from eval.measure.accuracy import LEADING, summarise

KNOWN = "known"
"""Of a question: the arm pretrained answers it."""
PARTS = {True: "known before", False: "new"}
"""What `items` says in the rows of `known_apart`."""


def known_questions(answered: pl.DataFrame) -> dict[str, bool]:
    """By question whether pretrained answers it in most seeds; questions that it was not asked, or that have no score, are left out."""
    bare = answered.filter(pl.col("correct").is_not_null(), pl.col("norm").is_in(LEADING), arm="pretrained")
    shares = bare.group_by("question_id").agg(pl.col("correct").cast(pl.Float64).mean())
    return {question: share > 0.5 for question, share in shares.iter_rows()}


def known_apart(answered: pl.DataFrame, known: Mapping[str, bool]) -> list[dict[str, Any]]:
    """Rows of `summarise` in the leading norms, with `items` for the questions that were known before and the new ones."""
    leading = answered.filter(pl.col("norm").is_in(LEADING))
    found = []
    for value, name in PARTS.items():
        chosen = [question for question, is_known in known.items() if is_known is value]
        some = leading.filter(pl.col("question_id").is_in(chosen))
        found += [row | {"items": name} for row in summarise(some).to_dicts()] if not some.is_empty() else []
    return found
