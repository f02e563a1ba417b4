"""What decisions make of inferences: who leaves, who comes back, what is kept of what was before, and that reruns agree."""

import json

import polars as pl
import pytest
from inference_rows import DOCUMENTS, row, table

from augment.config import AugmentConfig
from augment.review.decisions import Decision, write_decisions
from augment.review.reviewed import decided, review
from engine.errors import UserError

CONFIG = AugmentConfig()
OLD = row(0)["text"]
ROWS = table(
    row(0),
    row(1, kept=False, reason="names what its source does not: Oslo", verdicts='{"additions": "names ..."}'),
    row(2),
    row(3, kept=False, reason="the model found nothing to infer", text=""),
    row(4),
)


def after(decisions, rows=ROWS):
    made, counts = decided(rows, {one.inference_id: one for one in decisions}, "en")
    assert made["inference_id"].equals(rows["inference_id"])
    return {r["inference_id"]: r | {"verdicts": json.loads(r["verdicts"])} for r in made.to_dicts()}, counts


def test_a_rejected_row_leaves_and_says_why():
    found, counts = after([Decision("i0", "reject"), Decision("i1", "reject")])
    assert (found["i0"]["kept"], found["i0"]["reason"]) == (False, "rejected in review")
    assert found["i0"]["verdicts"] == {"format": "ok", "review": "rejected in review"}
    assert found["i1"]["reason"] == "names what its source does not: Oslo"
    assert counts["rejected in review"] == 1
    assert found["i2"] == ROWS.row(2, named=True) | {"verdicts": {"format": "ok"}}


def test_a_kept_row_comes_back_and_its_reason_stays_in_verdicts():
    found, counts = after([Decision("i0", "keep"), Decision("i1", "keep"), Decision("i3", "keep")])
    assert (found["i1"]["kept"], found["i1"]["reason"]) == (True, None)
    assert found["i1"]["verdicts"]["review"] == "kept in review"
    assert found["i1"]["verdicts"]["reason before review"] == "names what its source does not: Oslo"
    assert not found["i3"]["kept"], "there is no text to train on"
    assert (counts["kept in review"], counts["no text"]) == (1, 1)


def test_an_edited_row_has_its_new_text_which_is_checked_for_its_form():
    text = "glon are much less dangerous than femp are."
    found, counts = after([Decision("i0", "edit", text), Decision("i2", "edit", "Yes."), Decision("i1", "edit", text)])
    for name in ("i0", "i1"):
        assert (found[name]["text"], found[name]["kept"], found[name]["reason"]) == (text, True, None)
    assert found["i0"]["verdicts"]["text before review"] == OLD
    assert (found["i2"]["kept"], found["i2"]["reason"]) == (False, "edited in review: too short to say anything")
    assert (counts["form"], counts["edited in review"]) == (1, 3)


def use(tmp_path, decisions, rows=ROWS, config=CONFIG):
    path = tmp_path / "given.jsonl"
    path.write_bytes(write_decisions(decisions))
    return review(rows, DOCUMENTS, config.model_copy(update={"decisions": (path,)}), tmp_path)


def test_a_rerun_with_the_file_or_without_gives_the_same(tmp_path):
    decisions = [Decision("i0", "reject"), Decision("i1", "keep"), Decision("gone", "keep")]
    first = use(tmp_path, decisions)
    assert pl.read_parquet(tmp_path / "inferences.parquet").equals(first.inferences)
    again, without = use(tmp_path, decisions), review(ROWS, DOCUMENTS, CONFIG, tmp_path)
    assert first.inferences.equals(again.inferences)
    assert first.inferences.equals(without.inferences)
    assert again.lines == without.lines == first.lines
    assert first.checked.equals(ROWS)


def test_decisions_about_rows_that_are_gone_or_changed_are_told_and_kept(tmp_path):
    decisions = [Decision("i0", "reject", inference="another text"), Decision("gone", "keep"), Decision("i4", "keep")]
    found = use(tmp_path, decisions)
    assert found.inferences["kept"].to_list() == ROWS["kept"].to_list()
    told = "\n".join(found.lines)
    assert "1 decisions used" in told
    assert "1 decisions are about inferences that are not in this folder; decisions.jsonl keeps them" in told
    assert "1 decisions are about another text" in told
    assert (tmp_path / "decisions.jsonl").read_bytes() == (tmp_path / "given.jsonl").read_bytes()
    fewer = use(tmp_path, decisions[2:])
    assert "2 decisions that this folder used before are not in the file and no longer count" in fewer.lines


def test_without_decisions_nothing_is_written(tmp_path):
    found = review(ROWS, DOCUMENTS, CONFIG, tmp_path)
    assert found.inferences.equals(ROWS)
    assert (found.lines, list(tmp_path.iterdir())) == ((), [])


def test_the_folder_s_own_file_is_checked_too(tmp_path):
    (tmp_path / "decisions.jsonl").write_text("{}\n{")
    with pytest.raises(UserError, match=r"decisions\.jsonl"):
        review(ROWS, DOCUMENTS, CONFIG, tmp_path)


def test_what_was_drawn_from_a_rejected_row_leaves_with_it(tmp_path):
    second = row(5, round=2, text="femp are never less dangerous.", source_text=ROWS["text"][0])
    third = row(6, round=3, text="never trust femp at all.", source_text=f"{second['text']} femp are more dangerous.")
    rows = table(*(r | {"round": 1} for r in ROWS.to_dicts()), second, third, row(7, round=2))
    found = use(tmp_path, [Decision("i0", "reject")], rows)
    left = found.inferences.filter(pl.col("reason") == "its source was rejected in review")
    assert left["inference_id"].to_list() == ["i5", "i6"]
    assert "2 inferences of later rounds rejected" in "\n".join(found.lines)
    spared = use(tmp_path, [Decision("i0", "reject"), Decision("i5", "keep")], rows).inferences
    assert dict(spared.select("inference_id", "kept").rows())["i6"]
