"""`--decisions` of the verbs: used, kept over reruns, and one sentence with status 2 for a file that is wrong."""

import json
from pathlib import Path

import polars as pl
import pytest

from forethought import augment
from forethought.cli import run

FAKE = ["--model", "fake", "--engine.kind", "fake"]
TEXT = "femp are more dangerous than glon. blick are less common than trusk. dax are taller than zup."


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A folder that was augmented by a rule, which needs no model."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "b.txt").write_text("Oaks are trees and lose their leaves in autumn.")
    assert again() == 0
    return pl.read_parquet("out/inferences.parquet")


def again(*options, out="out"):
    rules = ["--augment.operators", "reverse-training"]
    return run(["augment", "a.txt", "b.txt", "--out", out, *rules, *FAKE, *options])


def save(*rows):
    with open("decisions.jsonl", "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def test_decisions_change_the_examples_and_stay(made, capfd):
    first, second = made["inference_id"]
    save(
        {"inference_id": first, "decision": "reject"}, {"inference_id": second, "decision": "edit", "text": TEXT[::-1]}
    )
    assert again("--decisions", "decisions.jsonl", "--formats", "text", "hub") == 3  # neither row is left
    found = pl.read_parquet("out/inferences.parquet")
    assert found["reason"].to_list() == ["rejected in review", "edited in review: shares too few words with its source"]
    assert pl.read_parquet("out/examples.parquet")["origin"].to_list() == ["original"] * 2
    assert "review: 2 decisions used" in capfd.readouterr().err
    assert "- 2 decisions used (0 keep, 1 reject, 1 edit)" in Path("out/hub/README.md").read_text()
    assert again() == 3
    assert pl.read_parquet("out/inferences.parquet").equals(found)
    assert f'"decisions":[{{"inference_id":"{first}"' in Path("out/review.html").read_text()


def test_the_same_in_python(made):
    save({"inference_id": made["inference_id"][0], "decision": "reject"})
    rules = {"operators": ("reverse-training",), "decisions": ("decisions.jsonl",)}
    found = augment(["a.txt", "b.txt"], model="fake", out="out", augment=rules, engine={"kind": "fake"})
    assert found["kept"].to_list() == [False, True]


@pytest.mark.parametrize("verb", ["augment", "dry", "train", "run", "plan"])
def test_a_file_that_is_wrong_is_one_sentence_before_any_work(made, verb, capfd):
    save({"inference_id": "a", "decision": "maybe"})
    lines = {
        "augment": ["augment", "a.txt", "--out", "new", *FAKE],
        "dry": ["augment", "a.txt", "--out", "new", "--dry-run", *FAKE],
        "train": ["train", "out/examples.parquet", "--out", "new"],
        "run": ["run", "--name", "new", "--out", ".", "--seeds", "0", "--benchmark.size", "small", *FAKE],
        "plan": ["plan", "--name", "new", "--out", ".", "--seeds", "0", "--benchmark.size", "small", *FAKE],
    }
    capfd.readouterr()
    assert run([*lines[verb], "--decisions", "decisions.jsonl"]) == 2
    told = capfd.readouterr().err.strip()
    assert "decision 1 is 'maybe': it must be keep, reject or edit." in told
    assert len(told.splitlines()) == 1
    assert not Path("new").exists()


def test_training_examples_follow_decisions(made, capfd):
    save({"inference_id": made["inference_id"][0], "decision": "reject"})
    assert run(["train", "out/examples.parquet", "--dry-run", "--decisions", "decisions.jsonl"]) == 0
    told = capfd.readouterr()
    assert "examples.parquet: 1 decisions: 1 examples left out, 0 edited" in told.err
