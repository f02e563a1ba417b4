"""Examples as people decided about the inferences that they are (`augment.review`)."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from augment.review.decisions import Decision, shown
from engine.errors import UserError
from engine.store.ids import content_id


def reviewed(examples: pl.DataFrame, decisions: Mapping[str, Decision], path: Path) -> tuple[pl.DataFrame, str]:
    """The examples of a file without those that were rejected, with the new texts of those that were edited, and a line that says so.

    What was kept though a check had rejected it is not among examples: only `augment --decisions` brings it back. Raises UserError
    where the examples have no ids.
    """
    if "example_id" not in examples.columns:
        raise UserError(
            f"{path} has no column example_id, which decisions refer to: give examples.parquet of `augment`."
        )
    copies, counts, texts, stays = _copies(examples["example_id"].to_list(), decisions), Counter[str](), [], []
    for identity, text in examples.select("example_id", "text").iter_rows():
        one = decisions.get(copies.get(identity, identity))
        if one and one.text == text:  # it was edited by `augment` already
            one = None
        if one and one.inference not in (None, shown(text)):
            counts["other"] += 1
            one = None
        stays.append(one is None or one.decision != "reject")
        texts.append(one.text if one and one.decision == "edit" else text)
        counts[one.decision if one else "none"] += 1
    found = {copies.get(identity, identity) for identity in examples["example_id"]}
    absent = sum(one.decision != "reject" and identity not in found for identity, one in decisions.items())
    told = f"{len(decisions):,} decisions: {counts['reject']:,} examples left out, {counts['edit']:,} edited"
    told += f", {counts['other']:,} as they are because their text is another now" if counts["other"] else ""
    told += (
        f"; {absent:,} that were kept or edited are not among the examples: `augment --decisions` brings them back"
        if absent
        else ""
    )
    return examples.with_columns(text=pl.Series(texts, dtype=pl.String)).filter(
        pl.Series(stays, dtype=pl.Boolean)
    ), told


def _copies(ids: list[str], decisions: Mapping[str, Decision]) -> dict[str, str]:
    """By the ids of repeated examples (`train.examples.mixture`) the inference_id of the one that they repeat."""
    there, found, copy = set(ids), dict[str, str](), 1
    while new := {name: identity for identity in decisions if (name := content_id(identity, copy)) in there}:
        found |= new
        copy += 1
    return found
