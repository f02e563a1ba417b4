"""Decisions about examples: rejected ones and their copies leave, edited ones have the new text, and what cannot be done is told."""

from pathlib import Path

import polars as pl
import pytest
from inference_rows import row, table

from augment.review.decisions import Decision
from engine.errors import UserError
from train.examples.arms import inferred, originals
from train.examples.mixture import mixed
from train.examples.reviewed import reviewed

DOCUMENTS = pl.DataFrame({"doc_id": ["d1"], "text": ["femp are more dangerous than glon."]})
EXAMPLES = pl.concat([originals(DOCUMENTS), inferred(table(*(row(n) for n in range(4))))])


def use(decisions, examples=EXAMPLES):
    return reviewed(examples, {one.inference_id: one for one in decisions}, Path("examples.parquet"))


def test_rejected_examples_leave_and_edited_ones_have_their_new_text():
    found, told = use([Decision("i0", "reject"), Decision("i1", "edit", "new"), Decision("i2", "keep")])
    assert found["example_id"].to_list() == ["d1", "i1", "i2", "i3"]
    assert dict(found.select("example_id", "text").rows())["i1"] == "new"
    assert told == "3 decisions: 1 examples left out, 1 edited"
    assert use([Decision("i1", "edit", "new")], found)[1] == "1 decisions: 0 examples left out, 0 edited"


def test_copies_follow_the_example_that_they_repeat():
    many = mixed(EXAMPLES, 0.1, seed=0)
    assert (many["text"] == EXAMPLES["text"][1]).sum() > 1
    found, _ = use([Decision("i0", "reject"), Decision("i1", "edit", "new")], many)
    assert EXAMPLES["text"][1] not in found["text"]
    assert EXAMPLES["text"][2] not in found["text"]
    assert (found["text"] == "new").sum() == (many["text"] == EXAMPLES["text"][2]).sum()


def test_what_cannot_be_done_is_told():
    found, told = use([Decision("i0", "reject", inference="another"), Decision("x", "keep"), Decision("y", "reject")])
    assert found.equals(EXAMPLES)
    assert "1 as they are because their text is another now" in told
    assert "1 that were kept or edited are not among the examples: `augment --decisions` brings them back" in told
    with pytest.raises(UserError, match="no column example_id"):
        use([Decision("i0", "reject")], EXAMPLES.drop("example_id"))
