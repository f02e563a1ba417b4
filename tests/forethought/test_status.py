"""The exit status says whether all was done: 3 where the engine could not answer, or nothing was kept."""

import json

import polars as pl
import pytest
from inference_rows import row, table

from augment.results.summary import say_outcome
from forethought.cli import run

FAKE = ["--engine.kind", "fake"]


def outcome(capsys, *rows) -> tuple[bool, str]:
    fine = say_outcome(table(*rows))
    return fine, " ".join(capsys.readouterr().err.split())


def test_where_nothing_is_kept_the_summary_says_so_and_why(capsys):
    fine, told = outcome(capsys, *(row(n, kept=False, reason="additions: Oslo") for n in range(3)))
    assert not fine
    assert "No inference was kept (most often: additions)" in told
    assert outcome(capsys, row(0)) == (True, "")


def test_what_the_engine_refused_is_told_in_its_words(capsys):
    refused = [row(n, kept=False, reason="engine: System role not supported") for n in range(2)]
    fine, told = outcome(capsys, row(7), *refused)
    assert not fine
    assert "could not answer 2 of the requests (most often: System role not supported)" in told
    assert "No inference was kept" not in told


@pytest.mark.engine
def test_augment_that_keeps_nothing_ends_with_3_and_recommends_no_training(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("femp are more dangerous than glon.")
    line = ["augment", str(tmp_path / "a.txt"), "--out", str(tmp_path / "out"), "--model", "fake", *FAKE]
    assert run(line) == 3
    told = capsys.readouterr().err
    assert not pl.read_parquet(tmp_path / "out/inferences.parquet")["kept"].any()
    assert "No inference was kept" in told
    assert "next:" not in told


@pytest.mark.engine
@pytest.mark.parametrize(("choices", "status"), [([" yes", " no"], 0), ([" yes", ""], 3)])
def test_score_says_what_could_not_be_scored(tmp_path, capsys, choices, status):
    items = tmp_path / "items.jsonl"
    items.write_text(json.dumps({"item_id": "a", "stem": "So:", "choices": choices}) + "\n")
    assert run(["score", str(items), "--out", str(tmp_path / "s"), *FAKE]) == status
    told = capsys.readouterr().err
    assert ("1 not scored: the choice is empty" in told) == (status == 3)
