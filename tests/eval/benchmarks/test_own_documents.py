"""A user's own documents: facts, questions, choices, verification, whole runs on a scripted engine, and refusals."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_engine import CLUBS, ScriptedPool, write_documents

from augment.text.words import normal
from engine.config import EngineConfig
from engine.errors import UserError
from eval.benchmarks.documents.choices import distractors
from eval.benchmarks.documents.facts import Facts, askable, facts_in, fault, pairs, singles
from eval.benchmarks.documents.questions import MADE, make_questions, pair, question_rows, unconfirmed
from eval.benchmarks.documents.world import sentence_id
from eval.benchmarks.registry import load, others
from eval.config import BenchmarkConfig, RunConfig
from eval.report.own_tables import own_tables
from eval.runs.own_documents import abilities
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


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- Q: Who is Ben? A: Anna's child.", ("Who is Ben?", "Anna's child")),
        ("Q: Where?\n  A: “Oslo”.\n- Q: Who? A: Anna", ("Where?", "Oslo")),
        ("Q: How many? A: 3.5", ("How many?", "3.5")),
        ("NONE", None),
        ("- Q: Who? A: NONE", None),
        ("- Q: Who? A: .", None),
        ("Who is Ben? Anna's child.", None),
        ("Statement: x\n- Q: a? A: b", None),
    ],
)
def test_the_first_question_is_read(text, found):
    assert pair(text) == found


@given(st.text())
def test_any_answer_is_read(text):
    assert pair(text) is None or all(part.strip() == part != "" for part in pair(text))


texts = st.text(st.sampled_from("abAB 1.-é火"), min_size=1, max_size=8)


@given(st.tuples(texts, texts), st.lists(texts, max_size=3), st.lists(st.tuples(texts, texts), max_size=12), texts)
def test_distractors_are_never_in_the_sources_and_never_equal(own, sources, others, seed):
    found = distractors(own, sources, others, seed)
    assert found == distractors(own, sources, others, seed)
    assert len(found) <= 3
    assert set(found) <= {answer for _, answer in others}
    seen = [normal(answer) for answer in (own[1], *found)]
    assert len({*seen[1:]}) == len(found)
    assert seen[0] not in seen[1:]
    for source in sources:
        told = " ".join(source.casefold().split())
        assert not any(answer in told for answer in seen[1:])


def test_distractors_look_like_the_answer():
    others = [
        ("who", "Anna Berg"),
        ("who", "7 days"),
        ("when", "9 days"),
        ("when", "1999"),
        ("who", "Ben Olsen"),
        ("who", "the blue one"),
    ]
    assert set(distractors(("who", "Carla Dahl"), ["Carla Dahl ran."], others, "s", 2)) == {"Anna Berg", "Ben Olsen"}
    assert "9 days" in distractors(("when", "3 days"), ["After 3 days."], others, "s", 2)


FOX = "Anna Berg is the mother of Ben."
BORN = "Ben was born in Oslo during winter."
FACTS = facts_in(pl.DataFrame({"text": [f"{FOX} {BORN} Rain fell on old roofs. Snow melts in spring sunshine."]}), "en")


@pytest.mark.parametrize(
    ("split", "question", "answer", "reason"),
    [
        ("forward", "Of whom is Anna Berg the mother?", "Ben", None),
        ("reversal", "Of whom is Anna Berg the mother?", "Ben", "asks in the other direction"),
        ("reversal", "Who is the mother of Ben?", "Anna Berg", None),
        ("forward", "Who is the mother of Ben?", "Anna Berg", "asks in the other direction"),
        ("forward", "Who is the mother of Ben?", "Carla", "the answer is not in its source"),
        ("forward", "Who is the mother of Ben?", "Be", "the answer is not in its source"),
        ("forward", "Is Anna Berg the mother of Ben?", "Ben", "the question gives the answer away"),
        ("forward", "Who is it?", "Ben", "the question has no telling word of its source"),
        ("two-step", "Where was the child of Anna Berg born?", "Oslo", None),
        ("two-step", "Where was Ben born?", "Oslo", "one of its sentences is enough"),
        ("two-step", "Where was Ben, the child of Anna Berg, born?", "Oslo", "names what its sentences share"),
        ("two-step", "Who is the child of Anna Berg, born in Oslo?", "Ben", "both of its sentences hold the answer"),
    ],
)
def test_faults(split, question, answer, reason):
    assert fault(split, question, answer, [FOX, BORN] if split == "two-step" else [FOX], FACTS) == reason


def test_a_long_answer_is_a_fault():
    long = " ".join(f"word{n}" for n in range(11))
    assert fault("forward", "What stands here?", long, [f"Here stands {long}."], FACTS) == "the answer is long"


@given(st.sampled_from(["forward", "reversal", "two-step"]), texts, texts, texts, texts)
def test_any_question_is_judged(split, question, answer, one, other):
    assert fault(split, question, answer, [one, other], FACTS) != ""


@pytest.mark.parametrize(
    ("told", "bare", "error", "reason"),
    [
        ([-1.0, -2.0, -3.0, -4.0], [-2.0, -1.0, -1.0, -1.0], None, None),
        ([-2.0, -1.0, -3.0, -4.0], [-9.0, -9.0, -9.0, -9.0], None, "its sources make another choice as likely"),
        ([-1.0, -1.0, -3.0, -4.0], [-9.0, -9.0, -9.0, -9.0], None, "its sources make another choice as likely"),
        ([-1.0, -2.0, -3.0, -4.0], [-1.0, -2.0, -3.0, -4.0], None, "the model knows it already"),
        ([None, -2.0, -3.0, -4.0], [-1.0, -2.0, -3.0, -4.0], "too long", "not scored: too long"),
    ],
)
def test_reasons_of_verification(told, bare, error, reason):
    found = unconfirmed(0, told, bare, error)
    assert found == reason if reason is None else found.startswith(reason)


def test_pairs_share_a_telling_word_and_use_each_sentence_once_while_they_can(folder):
    facts = facts_in(load(settings(folder), 0).documents, "en")
    assert len(facts.sentences) == 16
    found = pairs(facts, 8)
    assert all(facts.telling(a) & facts.telling(b) for a, b in (asked.texts for asked in found))
    assert len({need for asked in found for need in asked.needs}) == 16
    assert found == pairs(facts, 8) != pairs(facts, 8, seed=1)
    assert len(singles(facts, 5)) == 5
    assert pairs(Facts({}, facts.case, facts.frequency), 3) == []


@pytest.mark.parametrize(
    "text", ["See below.", "| `a` | b | c |", "$ cp -r ./a/b /usr/share/c/ && ls -l --all", "x" * 500]
)
def test_what_is_no_prose_is_not_asked_about(text):
    assert not askable(text)


def test_general_text_is_at_hand_and_can_be_ones_own(folder, tmp_path):
    assert others(settings(folder), 0).height > 100
    (tmp_path / "own.txt").write_text("This sentence has nine words and is quite general. Short one.")
    assert others(settings(folder, general=tmp_path / "own.txt"), 0)["text"].to_list() == [
        "This sentence has nine words and is quite general."
    ]


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
        ["Who is q1?", "Anna", "wrong: Ben", "right in 2 of 3, else Ben", "right"],
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
            "The documents have no sentence, only headings",
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
        ("run --benchmark documents --data fine --benchmark.questions 0", "benchmark.questions is 0"),
        ("export --benchmark documents --data fine", "are written by a run: take them from its questions.parquet"),
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
