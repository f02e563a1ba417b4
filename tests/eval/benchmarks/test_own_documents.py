"""A user's own documents: questions that are written and verified, whole runs on a scripted engine, and refusals."""

import json
from pathlib import Path

import polars as pl
import pytest
from scripted_engine import CLUBS, ScriptedPool, write_documents

from engine.config import EngineConfig
from engine.errors import UserError
from eval.benchmarks.documents.questions import MADE, make_questions, question_rows
from eval.benchmarks.documents.world import sentence_id
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig, RunConfig
from eval.report.own_tables import own_tables
from eval.runs.abilities import abilities
from eval.runs.run import run_job
from forethought.cli import run


@pytest.fixture
def folder(tmp_path):
    """Eight documents, each with a founder and a meeting place, and one that nothing can be asked about."""
    return write_documents(tmp_path / "mine")


def settings(folder, **more):
    return BenchmarkConfig(name="documents", data=folder, questions=20, **more)


def made_of(folder, out, pool=None, **more):
    config = settings(folder, **more)
    return make_questions(load(config, 0).documents, config, "pico", pool or ScriptedPool(), out)


def test_documents_become_passages_that_know_their_sentences(folder):
    world = load(settings(folder, passage_chars=100), 3)
    assert world.by_engine
    assert world.questions.is_empty()
    assert world.documents["text"].str.len_chars().max() <= 100
    assert sorted(set(world.documents["fact"])) == sorted([*(f"{club}.md" for club in CLUBS), "empty.md"])
    meets = world.documents.filter(pl.col("text").str.contains("spring in Oslo"))
    assert sentence_id("The Heron Society meets every spring in Oslo.") in json.loads(meets["meta"][0])["facts"]
    assert world.documents.equals(load(settings(folder, passage_chars=100), 7).documents)


def test_questions_are_written_verified_and_accounted_for(folder, tmp_path):
    pool = ScriptedPool()
    made = made_of(folder, tmp_path / "q", pool)
    used = question_rows(made)
    assert dict(used["split"].value_counts().rows()) == {"forward": 13, "reversal": 13, "two-step": 7}
    reasons = {key: dict(some["reason"].drop_nulls().value_counts().rows()) for (key,), some in made.group_by("split")}
    known = "the model knows it already: its sources make the answer no likelier"
    faults = {"the model wrote no question": 1, "the answer is not in its source": 1, known: 1}
    assert reasons["forward"] == reasons["reversal"] == faults
    assert reasons["two-step"] == {"one of its sentences is enough": 1}
    chain = made.filter(split="two-step", right_answer="Porto").row(0, named=True)
    assert chain["question"] == "In which city does the club of Otto Brandt meet?"
    assert set(chain["needs"]) == {sentence_id(text) for text in chain["sources"]}
    for row in used.iter_rows(named=True):
        assert row["stem"].startswith("Question: ")
        assert row["stem"].endswith("\nAnswer:")
        assert len(set(row["choices"])) == 4
        assert row["right"] == [row["answer"]]
    before = pool.asked
    assert made_of(folder, tmp_path / "q", pool).equals(made)
    assert pool.asked == before


def test_questions_beyond_the_number_wanted_are_kept_with_that_reason(folder, tmp_path):
    config = BenchmarkConfig(name="documents", data=folder, questions=3)
    made = make_questions(load(config, 0).documents, config, "pico", ScriptedPool(), tmp_path)
    assert made.filter(split="forward").height == 12
    assert set(question_rows(made)["split"].value_counts()["count"]) == {3}
    assert "more than benchmark.questions" in made["reason"].to_list()


@pytest.mark.slow
def test_a_whole_run_and_its_resumption(folder, tmp_path, capsys):
    config = RunConfig(
        name="job",
        out=tmp_path,
        arms=("pretrained", "icl", "retrieval"),
        seeds=(0, 1),
        benchmark=settings(folder),
        engine=EngineConfig(kind="fake"),
    )
    pool = ScriptedPool()
    place = run_job(config, pool)
    told = capsys.readouterr()
    assert "questions: forward 13 of 16 tried, reversal" in told.err
    assert "1 files or rows were left out" in told.err
    results = json.loads((place / "results.json").read_text())
    rows = {(row["arm"], row["split"], row["seed"]): row for row in results["rows"] if row["norm"] == "sum"}
    assert rows["icl", "reversal", 0]["accuracy"] == rows["retrieval", "two-step", 1]["accuracy"] == 1.0
    assert rows["pretrained", "forward", 0]["accuracy"] < 1
    assert {row["split"] for row in results["questions"]} == {"forward", "reversal", "two-step"}
    assert results["cost"][0] | {"seconds": 0} == {
        "stage": "questions", "requests": results["cost"][0]["requests"], "seconds": 0,
        "prompt_tokens": results["cost"][0]["prompt_tokens"], "cached_tokens": 7 * results["cost"][0]["requests"],
        "output_tokens": 5 * results["cost"][0]["requests"],
    }  # fmt: skip
    assert "questions" in results["seconds"]
    answers = pl.read_parquet(place / "answers.parquet")
    assert answers.group_by("question_id").agg(pl.col("cluster").n_unique())["cluster"].max() == 1  # of both seeds
    page = (place / "report.md").read_text()
    assert "Read 9 documents and cut them into" in page
    assert "## The questions" in page
    sample = (place / "questions.md").read_text()
    assert "Rejected: the model knows it already" in sample
    assert pl.read_parquet(place / "questions-rejected.parquet")["reason"].null_count() == 0
    assert pl.read_parquet(place / "skipped.parquet").rows() == [("picture.png", "a kind of file that is not read")]
    before = pool.asked
    assert run_job(config, pool) == place
    assert pool.asked == before


def test_where_no_question_passes_the_run_says_so_and_keeps_them(folder, tmp_path):
    config = RunConfig(name="job", out=tmp_path, arms=("pretrained",), seeds=(0,), benchmark=settings(folder))
    with pytest.raises(
        UserError, match=r"None of the \d+ questions that pico was asked for passed the checks \(\d+ x the model wrote"
    ):
        run_job(config, ScriptedPool(lambda _: "glon are femp"))
    rejected = pl.read_parquet(tmp_path / "job" / "questions-rejected.parquet")
    assert rejected.height == rejected["reason"].count() > 0
    assert "rejected" in (tmp_path / "job" / "questions.md").read_text()
    assert not (tmp_path / "job" / "results.json").exists()


def answer(arm, correct, seed=0, question="q1", split="reversal"):
    stem = f"Question: Who is {question}?\nAnswer:"
    facts = {"question_id": question, "split": split, "arm": arm, "seed": seed, "norm": "sum", "correct": correct}
    return facts | {"stem": stem, "choices": [" Anna", " Ben"], "answer": 0, "chosen": 0 if correct else 1}


def test_the_report_lists_what_the_tuned_model_can_and_cannot_answer():
    rows = [
        *(answer("pretrained", False, seed) for seed in (0, 1, 2)),
        *(answer("finetuned+local", seed > 0, seed) for seed in (0, 1, 2)),
        answer("retrieval", True),
        answer("pretrained", True, question="q2"),
        answer("finetuned+local", False, question="q2"),
        answer("retrieval", True, question="q2"),
    ]
    found = abilities(pl.DataFrame(rows))
    assert found[0]["question"] == "Who is q1?"
    assert found[0]["arms"]["finetuned+local"] == {"right": 2, "of": 3, "chosen": "Ben"}
    changes, listed = own_tables({"answered": found})
    assert changes.rows == [["reversal", "finetuned+local", "1 of 2", "1", "1", "1"]]
    assert listed.title == "What finetuned+local can and cannot answer: reversal"
    assert listed.head == ["Question", "Right answer", "pretrained", "finetuned+local", "retrieval"]
    assert listed.rows == [
        ["Who is q1?", "Anna", "wrong: Ben", "right in 2 of 3, otherwise Ben", "right"],
        ["Who is q2?", "Anna", "right", "wrong: Ben", "right"],
    ]
    assert own_tables({"rows": []}) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("run --benchmark documents", "documents needs benchmark.data: a file or folder of documents"),
        ("run --benchmark documents --data nowhere", "no file or folder nowhere"),
        (
            "run --benchmark documents --data headings --arms pretrained",
            "The documents have no sentences, only headings",
        ),
        (
            "run --benchmark documents --data long --arms icl",
            "leave icl out of --arms and compare with retrieval, or let",
        ),
        ("plan --benchmark documents --data long --arms icl", "pico takes 8,192 with the question"),
        (
            "eval --benchmark documents --data long",
            "benchmark.context_per_fact keep so many passages of every document",
        ),
        (
            "run --benchmark documents --data fine --benchmark.prompts nowhere",
            "benchmark.prompts: there is no folder nowhere",
        ),
        ("run --benchmark documents --data fine --benchmark.prompts prompts", "never shows {{ text }}"),
        (
            "run --benchmark documents --data fine --benchmark.questions 0",
            "benchmark.questions is 0, so the model writes none",
        ),
        ("export --benchmark documents --data fine", "are written during a run: take them from its questions.parquet"),
    ],
)
def test_refusals(line, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, text in (
        ("headings/a.md", "# Only\n\n## Headings\n"),
        ("long/a.md", "This sentence is one of many that say nothing new.\n\n" * 600),
        ("fine/a.md", "Anna Berg founded the famous Heron Society.\n"),
        ("prompts/forward.md", "Ask something."),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    before = sorted(tmp_path.rglob("*"))
    assert run(line.split()) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1, error
    assert sorted(tmp_path.rglob("*")) == before


def test_a_long_corpus_fits_where_a_part_of_every_document_is_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        (tmp_path / f"{name}.md").write_text(
            "".join(f"This is sentence {n} of document {name} on rivers.\n\n" for n in range(200))
        )
    line = "plan --benchmark documents --data . --arms pretrained icl finetuned+local --benchmark.context-per-fact 2"
    assert run(line.split()) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "questions" in shown
    assert "at most" in shown
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.md", "b.md"]


def test_the_table_of_questions_has_its_columns(folder, tmp_path):
    made_of(folder, tmp_path)
    assert pl.read_parquet_schema(tmp_path / "made.parquet") == pl.Schema(MADE)
    assert (Path(tmp_path) / "generations").is_dir()
