"""`--dry-run` on every verb that works: what would be done, with the mistakes of the real call, no engine and no file."""

import json
import sys

import polars as pl
import pytest

from engine.config import EngineConfig
from engine.driver.resume import Origin
from engine.fingerprint import fingerprint
from engine.store.parts import commit_part
from engine.tasks.registry import TASKS
from forethought.cli import VERBS, module, run

FAKE = ["--engine.kind", "fake"]
SMALL = ["--benchmark.facts", "6", "--benchmark.articles", "2"]
READS = {"show", "plan", "doctor"}
"""Verbs that only look."""
LINES = {
    "augment": ["a.txt", "--model", "fake", *FAKE],
    "verify": ["p.jsonl"],
    "train": ["t.jsonl"],
    "score": ["t.jsonl", *FAKE],
    "eval": [*SMALL, "--seeds", "0", *FAKE],
    "run": [*SMALL, "--seeds", "0", *FAKE],
    "demo": [*SMALL, "--seeds", "0", *FAKE],
    "reproduce": ["--seeds", "0", "--benchmarks", "reversals", *FAKE],
    "export": SMALL,
    "bench": ["plane", "--json", "figures.json"],
}
TOLD = {
    "augment": "1 documents, 2 requests of 1 samples",
    "verify": "1 pairs would be checked by rules alone",
    "train": "2 examples",
    "score": "2 items, 4 choices: about 11 tokens (characters / 4), each prefix counted once",
    "eval": "48 choices in 2 arms",
    "run": "Plan of run",
    "demo": "Plan of demo",
    "reproduce": "runs/reproduction/reversals holds: nothing",
    "export": "12 documents, 12 questions: would write 6 of 6 files into exported",
    "bench": "plane: 20,000 rows, 3 timings each of ours; would write figures.json",
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "a.txt").write_text("femp are more dangerous than glon.")
    (tmp_path / "p.jsonl").write_text(
        '{"source": "Acme acquired Globex.", "inference": "Globex was acquired by Acme."}\n'
    )
    rows = [{"text": "x y", "item_id": i, "prefix": "femp are more dangerous. ", "stem": "So:"} for i in "ab"]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(r | {"choices": [" yes", " no"]}) + "\n" for r in rows))
    return tmp_path


def ray_runs() -> bool:
    """Whether Ray is running in this process: another test may have left it so."""
    return "ray" in sys.modules and sys.modules["ray"].is_initialized()


def shown(capsys) -> str:
    told = capsys.readouterr()
    return " ".join((told.out + told.err).replace("│", " ").split())


def test_every_verb_that_works_has_it():
    have = {verb for verb in VERBS if "dry_run" in module(verb).Job.model_fields} - READS
    assert have == set(VERBS) - READS == {*LINES, "compare"}


@pytest.mark.parametrize("verb", LINES)
def test_it_says_what_would_be_done_and_writes_nothing(verb, place, capsys):
    before, running = sorted(place.rglob("*")), ray_runs()
    assert run([verb, *LINES[verb], "--dry-run"]) == 0
    assert TOLD[verb] in shown(capsys)
    assert sorted(place.rglob("*")) == before
    assert ray_runs() == running


@pytest.mark.parametrize("verb", sorted(set(LINES) - {"bench"}))
def test_an_output_that_cannot_be_written_is_found(verb, place, capsys):
    assert run([verb, *LINES[verb], "--out", "a.txt/below", "--dry-run"]) == 2
    assert "Cannot write" in shown(capsys)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("score nix.jsonl", "there is no file 'nix.jsonl'"),
        ("score t.jsonl --model nix", "There is no model 'nix'"),
        ("eval --adapter nix", "nix is not an adapter folder"),
        ("eval --benchmark semantic --seeds 0", "choose a smaller benchmark.size"),
        ("export --to hub --arm icl", "--arm icl needs --to lm-eval"),
        ("bench score --peers nix", "There is no peer 'nix'"),
        ("bench score --json .", "--json . is a folder"),
        ("compare nix nought", "nix is not a run"),
        ("reproduce --model nix", "There is no model 'nix'"),
    ],
)
def test_mistakes_are_those_of_the_real_call(line, told, place, capsys):
    assert run([*line.split(), "--dry-run"]) == 2
    assert told in shown(capsys)


def test_what_is_there_is_not_counted_and_another_model_is_refused(place, capsys):
    table = pl.read_ndjson(place / "t.jsonl")
    origin = Origin(*fingerprint("pico", EngineConfig(kind="fake")))
    rows = TASKS["score"].fill(table.filter(item_id="a"))
    schema = TASKS["score"].schema
    scored = pl.DataFrame([{"item_id": "a", "choice": n} for n in (0, 1)], schema=schema)
    commit_part(place / "scores", "one", scored, **origin.entry(rows, TASKS["score"]))
    before = sorted(place.rglob("*"))
    assert run(["score", *LINES["score"], "--dry-run"]) == 0
    assert "scores already has 2 of the choices; 2 would be scored" in shown(capsys)
    assert run(["score", "t.jsonl", *FAKE, "--model", "fake", "--dry-run"]) == 2
    assert "scores holds results of another model or settings" in shown(capsys)
    edited = table.with_columns(stem=pl.lit("Thus:"))
    edited.write_ndjson(place / "t.jsonl")
    assert run(["score", *LINES["score"], "--dry-run"]) == 0
    assert "scores already has 0 of the choices; 4 would be scored" in shown(capsys)
    assert sorted(place.rglob("*")) == before


def test_a_run_says_what_its_folder_holds_and_refuses_other_settings(place, capsys):
    from eval.config import EvalConfig
    from eval.runs.evaluate import with_arms
    from eval.runs.folder import open_run

    drawn = {"facts": 6, "articles": 2}
    config = EvalConfig.model_validate(
        {"name": "eval", "seeds": (0,), "benchmark": drawn, "engine": {"kind": "fake"}, "out": "runs"}
    )
    run_folder = open_run(with_arms(config))
    commit_part(run_folder / "scores", "one", pl.DataFrame({"item_id": ["a", "b"]}))
    assert run(["eval", *LINES["eval"], "--dry-run"]) == 0
    assert "runs/eval holds: 2 rows of scores" in shown(capsys)
    assert run(["eval", *LINES["eval"], "--benchmark.facts", "5", "--dry-run"]) == 2
    assert "holds a run with other settings" in shown(capsys)


def test_export_names_what_is_lacking(place, capsys):
    assert run(["export", *SMALL]) == 0
    (place / "exported/group.yaml").unlink()
    assert run(["export", *SMALL, "--dry-run"]) == 0
    assert "would write 1 of 6 files into exported (group.yaml)" in shown(capsys)
    (place / "exported/here.py").write_text("mine")
    assert run(["export", *SMALL, "--dry-run"]) == 2
