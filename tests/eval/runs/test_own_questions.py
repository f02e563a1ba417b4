"""Whole runs with questions of the user's own, on a scripted engine: what is asked, counted apart, shown, left out and refused."""

import json

import polars as pl
import pytest
from html_tags import Tags
from scripted_engine import CITIES, CLUBS, PEOPLE, ScriptedPool, scripted_question, write_documents

from engine.config import EngineConfig
from eval.config import BenchmarkConfig, EvalConfig, RunConfig
from eval.report import questions as shown
from eval.runs.evaluate import evaluate
from eval.runs.run import run_job
from forethought.cli import run

pytestmark = pytest.mark.slow  # many jobs from their start to their end

RUN = "run --benchmark documents --data mine --arms pretrained retrieval --seeds 0 --engine.kind fake --dry-run"


def script(prompt: str) -> str:
    """Free questions are answered from what stands in front of them, where that is anything."""
    if "Statement" in prompt:
        return scripted_question(prompt)
    context, asked = prompt.rsplit("Question:", 1)
    club = next(club for club in CLUBS if club in asked)
    known = club in context or club == "Granite"  # of which it knows all
    return f" the city of {CITIES[CLUBS.index(club)]}." if known else " NONE"


def file_of(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def own_rows():
    """Eight forced choices, between which the bare model cannot choose, and eight free answers, of which it knows one."""
    for person, club, other in zip(PEOPLE, CLUBS, PEOPLE[1:] + PEOPLE[:1], strict=True):
        yield {"question": f"Who founded the {club} Society?", "answer": person, "choices": [person, other]}
    for club, city in zip(CLUBS, CITIES, strict=True):
        yield {"question": f"Where does the {club} Society meet?", "answer": f"City of {city}", "kind": "places"}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_documents(tmp_path / "mine")
    file_of(tmp_path / "q.jsonl", [*own_rows(), {"question": "Who keeps bees?"}])
    return tmp_path


def settings(place, arms=("pretrained", "retrieval"), questions=0, **more):
    drawn = BenchmarkConfig(name="documents", data=place / "mine", questions=questions, own_questions=place / "q.jsonl")
    engine = EngineConfig(kind="fake")
    return RunConfig(name="job", out=place / "runs", arms=arms, seeds=(0, 1), benchmark=drawn, engine=engine, **more)


def test_a_run_says_which_arm_answers_which_question(place, capsys):
    pool = ScriptedPool(script)
    folder = run_job(settings(place), pool)
    told = capsys.readouterr()
    assert "left out q.jsonl#17: it has no answer" in told.err
    assert "own questions: 16 (8 with choices, 8 to answer freely), 1 rows left out" in told.err
    assert pl.read_parquet(folder / "questions-left-out.parquet").rows() == [("q.jsonl#17", "it has no answer")]
    results = json.loads((folder / "results.json").read_text())
    rows = {(r["arm"], r["split"], r["norm"]): r for r in results["rows"] if r["seed"] == 0}
    free = "own: places (free)"
    assert rows["retrieval", free, "normalised"]["accuracy"] == rows["retrieval", "own", "sum"]["accuracy"] == 1.0
    assert rows["retrieval", free, "exact"]["accuracy"] == rows["pretrained", free, "exact"]["accuracy"] == 0.0
    assert rows["pretrained", free, "normalised"]["accuracy"] == 1 / 8
    assert {split for _, split, _ in rows} == {"own", free}
    assert {norm for _, split, norm in rows if split == free} == {"exact", "normalised"}
    assert results["own"] == {"asked": 16, "free": 8, "left_out": 1, "table": "own-answers.parquet"}
    assert "judge" not in results
    by_question = {row["question"]: row for row in results["answered"]}
    assert by_question["Where does the Heron Society meet?"] == {
        "split": free, "question": "Where does the Heron Society meet?", "right": "City of Oslo", "own": True,
        "free": True, "known": False, "arms": {
            "pretrained": {"right": 0, "of": 2, "chosen": "NONE"}, "retrieval": {"right": 2, "of": 2, "chosen": None}
        },
    }  # fmt: skip
    assert by_question["Where does the Granite Society meet?"]["known"] is True
    assert by_question["Who founded the Granite Society?"]["known"] is None
    table = pl.read_parquet(folder / "own-answers.parquet")
    assert table.height == 16
    assert table.filter(question="Where does the Heron Society meet?")["pretrained: chosen"].item() == "NONE"
    known = {(row["arm"], row["split"], row["items"]): row for row in results["known"]}
    assert known["pretrained", free, "known before"]["accuracy"] == 1.0
    assert known["pretrained", free, "new"]["accuracy"] == 0.0
    assert known["retrieval", free, "new"]["n"] == 14
    origin = json.loads((folder / "provenance.json").read_text())
    assert "q.jsonl" in origin["data"]
    before = pool.asked
    run_job(settings(place), pool)
    assert pool.asked == before


def test_both_pages_show_it(place):
    folder = run_job(settings(place), ScriptedPool(script))
    page, text = (folder / "report.html").read_text(), (folder / "report.md").read_text()
    Tags(page)
    for one in (page, text):
        assert "Which arm answers which question" in one
        assert "Where does the Heron Society meet?" in one
        assert "no match: NONE" in one
        assert "Questions that the untuned model knew, and new ones" in one
        assert "16 of the user" in one
        assert "s own questions" in one
        assert "paper's ordering" not in one
    assert '<a href="#questions">Your questions</a>' in page
    assert "| Where does the Granite Society meet? | City of Gdansk | yes | right | right |" in text
    assert "| Where does the Heron Society meet? | City of Oslo | no | no match: NONE | right |" in text
    assert "| Who founded the Granite Society? | Ines Faro | tied or not scored | tied or not scored | right |" in text
    assert "own-answers.parquet has the same table" in text


def test_more_questions_than_a_page_holds_are_named_in_a_table(place, monkeypatch):
    monkeypatch.setattr(shown, "MOST", 5)
    text = (run_job(settings(place), ScriptedPool(script)) / "report.md").read_text()
    assert "Only the first 5 of 16 questions are shown here; own-answers.parquet has all of them" in text


def test_written_ones_are_asked_beside(place):
    folder = run_job(settings(place, questions=3), ScriptedPool(script))
    results = json.loads((folder / "results.json").read_text())
    assert {row["split"] for row in results["rows"]} == {
        "forward", "reversal", "two-step", "own", "own: places (free)"
    }  # fmt: skip
    assert sum(row["own"] for row in results["answered"]) == 16
    assert (folder / "questions.md").exists()


def test_own_ones_are_asked_alone_where_none_can_be_written(place, capsys):
    folder = run_job(settings(place, questions=3), ScriptedPool(lambda p: "no" if "Statement" in p else script(p)))
    assert "Only your own questions are asked." in " ".join(capsys.readouterr().err.split())
    assert {row["split"] for row in json.loads((folder / "results.json").read_text())["rows"]} == {
        "own", "own: places (free)"
    }  # fmt: skip


def test_free_answers_alone(place):
    file_of(place / "q.jsonl", [row for row in own_rows() if "choices" not in row])
    folder = run_job(settings(place, gates=True, pmi=True), ScriptedPool(script))
    results = json.loads((folder / "results.json").read_text())
    assert {row["norm"] for row in results["rows"]} == {"exact", "normalised"}
    assert "On own: places (free) questions the model is right in" in (folder / "report.md").read_text()


def test_eval_asks_them_too(place, monkeypatch):
    pool = ScriptedPool(script)
    monkeypatch.setattr("eval.runs.evaluate.EnginePool", lambda *_: pool)
    plain = settings(place).model_dump() | {"arms": ("pretrained", "icl"), "name": "eval"}
    results = json.loads((evaluate(EvalConfig(**plain)) / "results.json").read_text())
    rows = {(r["arm"], r["split"], r["norm"]): r["accuracy"] for r in results["rows"] if r["seed"] == 0}
    assert rows["icl", "own: places (free)", "normalised"] == 1.0
    assert rows["pretrained", "own: places (free)", "exact"] == 0.0


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        ("--questions q.jsonl", 3, "own questions │ 16, 1 rows left out"),
        ("--questions q.jsonl --benchmark.questions 0", 3, "16 answers, judged by exact and normalised match"),
        ("--questions nowhere.jsonl", 2, "There is no file of questions nowhere.jsonl"),
        ("--questions q.jsonl --arms retrieval+oracle", 2, "which your own questions do not name"),
        ("--questions q.jsonl --benchmark reversals", 2, "needs the benchmark documents, but this is reversals"),
        ("--adapter nowhere", 2, "nowhere is not an adapter folder"),
        ("--arms adapter", 2, "the arm adapter needs an adapter"),
    ],
)
def test_dry_runs_count_and_refuse(options, status, told, place, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    kind = "vllm" if "--adapter" in options else "fake"
    line = [*RUN.split(), *options.split(), "--engine.kind", kind]
    before = sorted(place.rglob("*"))
    assert run(line) == status
    shown = capsys.readouterr()
    assert told in " ".join((shown.out + shown.err).split())
    assert sorted(place.rglob("*")) == before
    if status == 3:
        assert run(["plan", *(word for word in line[1:] if word != "--dry-run")]) == 3
