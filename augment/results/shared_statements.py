"""Which documents say the same thing: by a sentence that they share, or by an inference drawn from both."""

import polars as pl

from augment.text.sentences import split_sentences
from augment.text.words import normal


def shared_statements(documents: pl.DataFrame, inferences: pl.DataFrame, language: str = "en") -> list[list[str]]:
    """Lists of doc_ids that must not be divided between training and validation.

    A statement is a sentence of a document or a kept inference, up to case, spaces and the mark at its end. A rejected
    inference counts where it repeats a statement: its documents imply the same.
    """
    stated: dict[str, set[str]] = {}
    for doc_id, text in documents.select("doc_id", "text").iter_rows():
        for sentence in {*split_sentences(text, language), text}:
            stated.setdefault(normal(sentence), set()).add(doc_id)
    found = inferences.select("text", "doc_ids", pl.col("kept").fill_null(False)).sort("kept", descending=True)
    for text, doc_ids, kept in found.iter_rows():
        key = normal(text or "")
        if kept or (key and key in stated):
            stated.setdefault(key, set()).update(doc_ids)
    return [sorted(ids) for ids in stated.values() if len(ids) > 1]
