"""Files of decisions: what a person said about single inferences, as review.html saves it or as anybody writes it.

A decision is bound to the inference_id, a content hash, and where the file has it to the text that was decided about.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from augment.reading.tables import read_table
from engine.errors import UserError

COLUMNS = ("inference_id", "decision", "text", "inference", "time", "sample")
"""Columns that a file may have; the first two are needed."""
KINDS = ("keep", "reject", "edit")
STORED = "decisions.jsonl"
"""The file in a folder of results that keeps the decisions that were used last."""
LONGEST = 4_000
"""Characters of an inference that the page shows; a longer one is bound by its beginning."""


class Decision(NamedTuple):
    """What was decided about one inference."""

    inference_id: str
    decision: str
    """keep, reject or edit."""
    text: str | None = None
    """The new text of an edit."""
    inference: str | None = None
    """The text that was decided about, as the page showed it; None binds the decision to the id alone."""
    time: str | None = None
    """ISO 8601; of several decisions about one inference the latest counts."""
    sample: str | None = None
    """The random sample in which the row was shown, by its seed and filters; null where a person chose the row."""


def shown(text: str | None) -> str:
    """An inference as the page shows it."""
    text = text or ""
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def read_decisions(paths: Sequence[Path]) -> dict[str, Decision]:
    """By inference_id the decisions of some files; of several about one inference the latest by their `time`.

    Raises UserError for a file that cannot be read, for unknown columns, values that are no decision, and two different
    decisions about one inference that no time tells apart.
    """
    found: dict[str, Decision] = {}
    for path in paths:
        for one in _decisions_in(path):
            other = found.get(one.inference_id)
            found[one.inference_id] = one if other is None else _later(other, one, path)
    return found


def write_decisions(decisions: Iterable[Decision]) -> bytes:
    """The same as JSON lines, as the page saves them: fields without a value are left out."""
    rows = ({name: value for name, value in one._asdict().items() if value is not None} for one in decisions)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _decisions_in(path: Path) -> list[Decision]:
    if not path.is_file():
        raise UserError(f"There is no decision file {path}: save one in review.html, or give another as --decisions.")
    table = read_table(path)
    if unknown := [name for name in table.columns if name not in COLUMNS]:
        raise UserError(
            f"{path} has an unknown column {unknown[0]!r}: a decision file has {', '.join(COLUMNS)}; the first "
            "two are required."
        )
    if missing := [name for name in COLUMNS[:2] if name not in table.columns]:
        raise UserError(f"{path} has no column {missing[0]!r}: is it a decision file saved by review.html?")
    if odd := [n for n, kind in table.schema.items() if kind not in (pl.String, pl.Null)]:
        raise UserError(f"{path}: the column {odd[0]} must hold text, not {table[odd[0]].dtype}.")
    return [_checked(row, f"{path}, decision {number}") for number, row in enumerate(table.to_dicts(), 1)]


def _checked(row: dict[str, Any], where: str) -> Decision:
    found = Decision(**row)
    if not found.inference_id:
        raise UserError(f"{where} has no inference_id.")
    if found.decision not in KINDS:
        raise UserError(f"{where} is {found.decision!r}: it must be {', '.join(KINDS[:-1])} or {KINDS[-1]}.")
    if found.decision == "edit" and not (found.text or "").strip():
        raise UserError(f"{where} is an edit without text: give the new text, or reject the inference.")
    if found.decision != "edit" and found.text is not None:
        raise UserError(f"{where} is {found.decision!r} but has text: only an edit may have text.")
    if found.time is not None:
        try:
            datetime.fromisoformat(found.time)
        except ValueError as error:
            raise UserError(f"{where} has the time {found.time!r}: write it as 2025-01-31T12:00:00Z.") from error
    return found


def _later(first: Decision, second: Decision, path: Path) -> Decision:
    """The one that counts."""
    if first.time and second.time and _moment(first.time) != _moment(second.time):
        return max(first, second, key=lambda one: _moment(one.time or ""))
    if (first.decision, first.text) == (second.decision, second.text):
        return first
    raise UserError(
        f"{path} has two decisions on the inference {first.inference_id}, {first.decision} and {second.decision}, "
        "without times to tell which is later: remove one."
    )


def _moment(time: str) -> datetime:
    found = datetime.fromisoformat(time)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
