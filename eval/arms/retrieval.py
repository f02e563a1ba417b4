"""The retrieval arms: for each question the documents that a search finds, or that state the facts it needs, as context.

The query is the stem alone: the choices are never shown, neither to the search nor in the context. Words are searched by
BM25 (see `augment.text.search`).
"""

import json
from typing import Any

import numpy as np
import polars as pl

from augment.text.search import scorer
from engine.errors import UserError
from engine.store.ids import content_id

FOUND: dict[str, Any] = {"question_id": pl.String, "doc_ids": pl.List(pl.String)}


def search(documents: pl.DataFrame, questions: pl.DataFrame, k: int) -> pl.DataFrame:
    """question_id and doc_ids: the `k` documents with the highest score for the stem, most relevant first.

    Of documents with the same text one is searched; documents that share no word with the stem are not found, so there may
    be fewer than `k`. Ties fall to a hash of the document's id. Raises UserError where `k` is below 1.
    """
    if k < 1:
        raise UserError(f"retrieval needs at least one document per question, not {k}.")
    table = _distinct(documents)
    score, ids, found = scorer(table["text"].to_list()), table["doc_id"].to_list(), {}
    for stem in set(questions["stem"]):
        scores = score(stem)
        found[stem] = [ids[i] for i in np.argsort(-scores, kind="stable")[:k] if scores[i] > 0]
    return _found(questions, [found[stem] for stem in questions["stem"]])


def oracle(documents: pl.DataFrame, questions: pl.DataFrame, seed: int) -> pl.DataFrame:
    """question_id and doc_ids: few documents that together state every fact that the question needs.

    Each next one states most of the facts that are still missing; among equals `seed` draws, for each question anew. What a
    perfect search would give, with no document that is not needed; empty where no document states a needed fact.
    """
    table = _distinct(documents)
    stated = facts_of(table)
    by_fact: dict[str, list[str]] = {}
    for doc, facts in stated.items():
        for fact in facts:
            by_fact.setdefault(fact, []).append(doc)
    chosen = []
    for question, needs in questions.select("question_id", "needs").iter_rows():
        missing, docs = set(needs) & by_fact.keys(), list[str]()
        while missing:
            pool = {doc for fact in missing for doc in by_fact[fact]}
            docs.append(max(pool, key=lambda d: (len(stated[d] & missing), content_id(seed, question, d))))
            missing -= stated[docs[-1]]
        chosen.append(docs)
    return _found(questions, chosen)


def contexts(documents: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """question_id and prefix: the found documents, one per line, with a newline at the end; empty where none was found.

    The most relevant stands last, next to the question: models use the ends of a context best (Liu et al. 2024, "Lost in
    the middle"), and its end holds for one document as for many.
    """
    texts = dict(documents.select("doc_id", "text").iter_rows())
    prefixes = ["".join(f"{texts[doc]}\n" for doc in reversed(docs)) for docs in found["doc_ids"].to_list()]
    return found.select("question_id", pl.Series("prefix", prefixes, dtype=pl.String))


def recall(documents: pl.DataFrame, questions: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """split, recall, n: share of the questions whose needed facts are all stated in the documents found for them.

    Questions that need no fact are left out.
    """
    stated = facts_of(documents)
    table = questions.select("question_id", "split", "needs").join(found, on="question_id", maintain_order="left")
    rows = [
        (split, set(needs) <= set().union(*(stated[doc] for doc in docs)))
        for _, split, needs, docs in table.iter_rows()
        if needs
    ]
    covered = pl.DataFrame(rows, schema={"split": pl.String, "recall": pl.Float64}, orient="row")
    return covered.group_by("split", maintain_order=True).agg(pl.col("recall").mean(), n=pl.len())


def facts_of(documents: pl.DataFrame) -> dict[str, set[str]]:
    """The facts that each document states, by doc_id: the list `facts` in its meta, or else its column `fact`."""
    columns = [c for c in ("doc_id", "fact", "meta") if c in documents.columns]
    found = {}
    for row in documents.select(columns).iter_rows(named=True):
        facts = json.loads(row.get("meta") or "{}").get("facts")
        found[row["doc_id"]] = set(facts) if facts else {row["fact"]} if row.get("fact") else set()
    return found


def _distinct(documents: pl.DataFrame) -> pl.DataFrame:
    """Documents of different text, in an order that the input's order has no part in."""
    order = pl.col("doc_id").map_elements(lambda doc: content_id("order", doc), pl.String)
    return documents.sort(order).unique("text", keep="first", maintain_order=True)


def _found(questions: pl.DataFrame, docs: list[list[str]]) -> pl.DataFrame:
    return pl.DataFrame({"question_id": questions["question_id"], "doc_ids": docs}, schema=FOUND)
