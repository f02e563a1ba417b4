"""Contexts of the global operators: which documents stand together, so that many targets share one context.

The engine computes a shared context once. Where the whole corpus fits, it is the one context, in random order (as in the
paper); else a context is filled with documents that a word search or embeddings find alike, or with random ones.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from augment.config import AugmentConfig
from augment.operators.base import Record
from augment.text import embed, search
from augment.text.words import terms
from engine.errors import UserError
from engine.store.ids import content_id

GAP = "\n\n"
CONTEXTS: dict[str, Any] = {
    "prefix_key": pl.String,
    "doc_ids": pl.List(pl.String),
    "targets": pl.List(pl.String),
    "left_out": pl.Int32,
    "reason": pl.String,
}
"""A row per context: its documents, those that are its targets, how many of the corpus's different texts it leaves out; and
a row without a key for those that are in no context, with the reason."""


class Group(NamedTuple):
    """Records of one context, and those among them that are its targets."""

    members: list[Record]
    targets: list[Record]

    @property
    def context(self) -> str:
        """The text of the context."""
        return GAP.join(record.text for record in self.members)

    @property
    def numbered(self) -> str:
        """The same with numbers, by which its documents can be cited."""
        return GAP.join(f"[{number}] {record.text}" for number, record in enumerate(self.members, 1))


def groups(records: Sequence[Record], config: AugmentConfig, model: str = "") -> Iterator[Group]:
    """Contexts of at most `context_chars` characters in which every record that fits is a target once.

    Neither groups nor the order in them depend on the order of the records. A record that no other fits beside is left out.
    """
    order = sorted((r for r in records if len(r.text) <= config.context_chars), key=lambda r: _key(r, config))
    sizes = [len(record.text) + len(GAP) for record in order]
    if sum(sizes) - len(GAP) <= config.context_chars or config.partners == "random":
        found: Iterable[tuple[list[int], list[int]]] = _packed(sizes, config.context_chars)
    else:
        found = _alike(_likeness([record.text for record in order], config, model), sizes, config.context_chars)
    for members, targets in found:
        if len(members) > 1:
            yield Group([order[i] for i in sorted(members)], [order[i] for i in sorted(targets)])


def _key(record: Record, config: AugmentConfig) -> str:
    return content_id(config.seed, "context", record.text)


def _packed(sizes: list[int], budget: int) -> Iterator[tuple[list[int], list[int]]]:
    """Neighbours in the order, as many as fit; all of them are targets. The last context is filled up with the first texts."""
    members, used = list[int](), 0
    for i, size in enumerate(sizes):
        if members and used + size - len(GAP) > budget:
            yield members, members
            members, used = [], 0
        members.append(i)
        used += size
    if members:
        yield _filled(list(range(len(sizes))), sizes, budget, members), members


def _likeness(texts: list[str], config: AugmentConfig, model: str) -> Callable[[int], np.ndarray]:
    """A function from the number of a text to how alike every text is to it."""
    if config.partners == "embedding":
        if model.startswith("fake") and not config.embedder:
            raise UserError("augment.partners embedding needs a model: set augment.embedder.")
        return embed.scorer(texts, config.embedder or model)
    scores = search.scorer(texts)
    # a word counts once, so that long texts do not look for what they repeat
    return lambda i: scores(" ".join(dict.fromkeys(terms(texts[i]))))


def _alike(
    likeness: Callable[[int], np.ndarray], sizes: list[int], budget: int
) -> Iterator[tuple[list[int], list[int]]]:
    """The first text that was no target yet, with the texts most like it.

    Up to half of the budget goes to the best of all texts, the rest to the best of those that were no target yet, so that
    a context has many targets and there are at most about twice as many contexts as it takes to hold the corpus.
    """
    left = set(range(len(sizes)))
    for first in range(len(sizes)):
        if first not in left:
            continue
        ranked = [first, *(i for i in (-likeness(first)).argsort(kind="stable").tolist() if i != first)]
        members = _filled(ranked, sizes, budget // 2, [first])
        members = _filled([i for i in ranked if i in left], sizes, budget, members)
        targets = [i for i in members if i in left]
        left -= set(targets)
        yield members, targets


def _filled(ranked: list[int], sizes: list[int], budget: int, members: list[int]) -> list[int]:
    """The members and, in order, those that still fit, up to the first that does not."""
    chosen, used = dict.fromkeys(members), sum(sizes[i] for i in members)
    for i in ranked:
        if i not in chosen:
            if used + sizes[i] - len(GAP) > budget:
                break
            chosen[i] = None
            used += sizes[i]
    return list(chosen)


def describe(found: Iterable[tuple[str, Group]], records: Sequence[Record], config: AugmentConfig) -> pl.DataFrame:
    """The `contexts` table of (prefix_key, group), with what was left out."""
    rows, asked = list[dict[str, Any]](), set[str]()
    for key, group in found:
        asked |= {record.text for record in group.targets}
        rows.append(
            {
                "prefix_key": key,
                "doc_ids": [doc for record in group.members for doc in record.doc_ids],
                "targets": [doc for record in group.targets for doc in record.doc_ids],
                "left_out": len(records) - len(group.members),
            }
        )
    rest = [record for record in records if record.text not in asked]
    for reason, some in (
        ("longer than augment.context_chars", [r for r in rest if len(r.text) > config.context_chars]),
        ("no other document fits beside it", [r for r in rest if len(r.text) <= config.context_chars]),
    ):
        if some:
            targets = [doc for record in some for doc in record.doc_ids]
            rows.append({"targets": targets, "left_out": len(records) - 1, "reason": reason})
    return pl.DataFrame(rows, schema=CONTEXTS)
