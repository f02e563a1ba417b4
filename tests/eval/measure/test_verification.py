"""Precision and recall before and after each check, with known answers."""

import json
from types import SimpleNamespace

import polars as pl
import pytest

from eval.measure.verification import measured

WORLD = SimpleNamespace(
    read=lambda text: None if text == "?" else (text[0], "is", text[1]),
    derivations={("a", "is", "b"): None, ("c", "is", "d"): None},
)


def row(text, **verdicts):
    row = {"inference_id": text, "seed": 0, "operator": "reverse", "text": text, "verdicts": json.dumps(verdicts)}
    reasons = [str(verdict) for verdict in verdicts.values() if isinstance(verdict, str) and verdict != "ok"]
    return row | {"reason": reasons[0] if reasons else None}


TABLE = pl.DataFrame(
    [
        row("ab", format="ok", entailment="ok", evidence=3.0, margin=1.0, threshold=1.5),
        row("ab", format="too short"),
        row("ab", format="ok", **{"near duplicate": "near duplicate: of ab"}),
        row("cd", format="ok", entailment="not entailed", evidence=1.0, margin=0.5, threshold=1.5),
        row("xy", format="ok", entailment="not entailed", evidence=0.5, threshold=1.5),
        row("yx", format="ok", entailment="ok", evidence=2.0, margin=0.1, threshold=1.5),
        row("?", format="ok", entailment="ok", evidence=2.0, threshold=1.5),
    ]
)


def test_precision_and_recall_before_and_after_every_check():
    found = measured(TABLE, {0: WORLD})
    assert [r["check"] for r in found] == ["before", "format", "near duplicate", "entailment"]
    assert [r["inferences"] for r in found] == [5, 4, 4, 2]
    assert [r["precision"] for r in found] == pytest.approx([3 / 5, 2 / 4, 2 / 4, 1 / 2])
    assert [r["recall"] for r in found] == pytest.approx([1, 2 / 3, 2 / 3, 1 / 3])
    assert [r["statements"] for r in found] == pytest.approx([1, 1, 1, 1 / 2])
    assert [(r["wrong"], r["right"]) for r in found] == [(0, 0), (0, 1), (0, 0), (1, 1)]


def test_nothing_that_can_be_read():
    assert measured(TABLE.filter(text="?"), {0: WORLD}) == []
