"""Texts of arms that need no model's inference: documents with their words reversed or masked, inferences with their names exchanged."""

import re
from collections.abc import Iterable
from random import Random
from typing import Any

import polars as pl

from augment.operators.registry import kind_of
from augment.operators.rules.reverse_training import reverse_words
from augment.operators.rules.shuffle import shuffled
from augment.text.words import casing
from engine.store.ids import content_id


def reversed_documents(documents: pl.DataFrame) -> pl.DataFrame:
    """Each document with its words reversed, as examples; in the order of their ids."""
    case = casing(documents["text"])
    rows = documents.sort("doc_id").select("doc_id", "text").iter_rows()
    return _examples((content_id("reversed", doc), reverse_words(text, case), [doc]) for doc, text in rows)


MASK, MASKED = "_", 4
"""What stands for a masked word, and copies of each document, each with other words masked."""
LEAST, MOST = 0.05, 0.95
"""Share of a document's words that are masked."""


def masked_documents(documents: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Each document behind itself with some of its words masked, as examples: the text is to be put together again.

    Masked finetuning (arXiv 2510.09885), for a model that predicts the next token: the share of masked words is drawn from LEAST to MOST for
    each copy. Any word may be masked, the subject too: with subjects that always stay nothing is learnt about them.
    """
    rows = list[tuple[str, str, list[str]]]()
    for doc, text in documents.sort("doc_id").select("doc_id", "text").iter_rows():
        for copy in range(MASKED):
            rng = Random(f"masked {seed} {doc} {copy}")
            hidden = _masked(text, rng, rng.uniform(LEAST, MOST))
            rows.append((content_id("masked", seed, doc, copy), f"{hidden}\n{text}", [doc]))
    return _examples(rows)


def _masked(text: str, rng: Random, share: float) -> str:
    return re.sub(r"\w+", lambda word: MASK if rng.random() < share else word[0], text)


def paraphrases(inferences: pl.DataFrame) -> pl.DataFrame:
    """The kept inferences of the operator `rephrase`, as examples; in the order of their ids."""
    kept = inferences.filter("kept", operator="rephrase").sort("inference_id")
    return _examples(kept.select("inference_id", "text", "doc_ids").iter_rows())


def shuffled_inferences(inferences: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The kept inferences with their names exchanged (see `shuffled`), as examples; in the order of their ids.

    An inference that no exchange makes wrong is left out, and what a rule made: "X is X" stays true of whatever name.
    """
    kept = inferences.filter("kept").sort("inference_id")
    kept = kept.filter(~pl.col("operator").is_in([name for name in kept["operator"].unique() if kind_of(name).rule]))
    texts, sources, operators = (kept[c].to_list() for c in ("text", "source_text", "operator"))
    told = shuffled(texts, sources, operators, seed)
    rows = zip(kept["inference_id"], told, kept["doc_ids"].to_list(), strict=True)
    return _examples((content_id("shuffled", i, seed), text, docs) for i, text, docs in rows if text is not None)


def _examples(rows: Iterable[tuple[str, str, list[str]]]) -> pl.DataFrame:
    """The `examples` table of (id, text, ids of documents)."""
    schema: dict[str, Any] = {"example_id": pl.String, "text": pl.String, "doc_ids": pl.List(pl.String)}
    table = pl.DataFrame(list(rows), schema=schema, orient="row")
    return table.select("example_id", "text", pl.lit("control").alias("origin"), "doc_ids")
