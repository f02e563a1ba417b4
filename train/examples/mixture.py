"""What a training set is made of: a validation split that does not leak, the share of originals, replayed general text.

Every draw comes from a seed. Tables are `examples`: example_id, text, origin, doc_ids.
"""

from collections.abc import Iterable, Sequence
from random import Random
from typing import Literal

import polars as pl

from engine.errors import UserError
from engine.store.ids import content_id

MixBy = Literal["repeat", "sample"]


def components(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Each id and the name (the smallest id) of its component: ids that share a group, directly or over others."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for group in groups:
        for other in group:
            low, high = sorted((root(group[0]), root(other)))
            parent[high] = low
    return {node: root(node) for node in list(parent)}


def split(
    examples: pl.DataFrame, groups: Iterable[Sequence[str]], share: float, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(training, validation): all examples of one component of documents fall on one side.

    `groups` are lists of doc_ids that say the same thing, besides those that `examples` name together. Components come in
    an order that depends on the seed and their documents alone; each joins the validation set if that brings its rows
    nearer to `share`. Examples of no document are for training.

    Raises UserError where no component is small enough to be split off.
    """
    if share <= 0:
        return examples, examples.clear()
    doc_ids = examples["doc_ids"].to_list()
    of = components([*groups, *doc_ids])
    owners = [of[ids[0]] if ids else None for ids in doc_ids]
    sizes: dict[str, int] = {}
    for owner in owners:
        if owner is not None:
            sizes[owner] = sizes.get(owner, 0) + 1
    wanted, taken, chosen = share * examples.height, 0, set()
    for name in sorted(sizes, key=lambda name: content_id(seed, name)):
        if abs(taken + sizes[name] - wanted) < abs(taken - wanted):
            chosen.add(name)
            taken += sizes[name]
    if not chosen or len(chosen) == len(sizes):
        largest = max(sizes.values(), default=0)
        raise UserError(
            f"Cannot split off a validation set of {share:.0%}: the documents form {len(sizes)} groups that share no "
            f"statement, the largest with {largest} of {examples.height} examples; leave out --validation, change its share "
            "or add documents."
        )
    inside = pl.Series([owner in chosen for owner in owners], dtype=pl.Boolean)
    return examples.filter(~inside), examples.filter(inside)


def mixed(examples: pl.DataFrame, share: float, seed: int, by: MixBy = "repeat") -> pl.DataFrame:
    """The examples with `share` of the rows originals, to within one row.

    repeat: rows of the kind that is too rare come again, none of them more than once oftener than another. sample: rows of
    the kind that is too frequent are left out. Copies get ids of their own.

    Raises UserError where one kind is missing or would be left out wholly.
    """
    originals, others = examples.filter(origin="original"), examples.filter(pl.col("origin") != "original")
    if originals.is_empty() or others.is_empty():
        raise UserError(
            f"--mix {share} needs originals and inferences, but there are {originals.height:,} and {others.height:,}: "
            "leave it out."
        )
    counts = originals.height, others.height
    from_originals = counts[0], round(counts[0] * (1 - share) / share)
    from_others = round(counts[1] * share / (1 - share)), counts[1]
    rare_originals = counts[0] / sum(counts) < share
    wanted = from_others if rare_originals == (by == "repeat") else from_originals
    if not all(wanted):
        raise UserError(
            f"--mix {share} would leave nothing of one kind: choose a share closer to {counts[0] / sum(counts):.2f}."
        )
    return pl.concat([_drawn(kind, rows, seed) for kind, rows in zip((originals, others), wanted, strict=True)])


def _drawn(table: pl.DataFrame, rows: int, seed: int) -> pl.DataFrame:
    """`rows` rows: each as often as every other, to within one; in their order, copies after them."""
    rounds, rest = divmod(rows, table.height)
    extra = sorted(Random(f"{seed} {table.height}").sample(range(table.height), rest))
    whole = [table if copy == 0 else _copies(table, copy) for copy in range(rounds)]
    return pl.concat([*whole, _copies(table[extra], rounds) if rounds else table[extra]])


def _copies(table: pl.DataFrame, copy: int) -> pl.DataFrame:
    ids = [content_id(identity, copy) for identity in table["example_id"]]
    return table.with_columns(pl.Series("example_id", ids, dtype=pl.String))


def replayed(examples: pl.DataFrame, general: pl.DataFrame, share: float, seed: int) -> pl.DataFrame:
    """Rows of general text (a `documents` table) that make up `share` of all characters; origin `replay`.

    Counted in characters, for which no tokenizer is needed. Texts come in a random order, all of them before one comes
    again; the last is cut at a space, so that the share is met to within one word.
    """
    wanted = round(int(examples["text"].str.len_chars().sum()) * share / (1 - share))
    rng, rows = Random(seed), []
    texts = [(i, text) for i, text in general.select("doc_id", "text").iter_rows() if text.strip()]
    if not texts:
        raise UserError("The file given as --replay has no text beyond the documents: give another.")
    copy = 0
    while wanted > 0:
        for identity, text in rng.sample(texts, len(texts)):
            piece = text if len(text) <= wanted else text[: max(text.rfind(" ", 0, wanted + 1), 0)]
            wanted -= len(text)
            if piece.strip():
                rows.append((identity if copy == 0 else content_id(identity, copy), piece, "replay", [identity]))
            if wanted <= 0:
                break
        copy += 1
    return pl.DataFrame(rows, schema=examples.schema, orient="row")
