"""Questions about own documents in their parts: facts, questions as a model writes them, choices, verification."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_engine import write_documents

from augment.text.words import normal
from eval.benchmarks.documents.choices import distractors
from eval.benchmarks.documents.facts import Facts, askable, facts_in, fault, pairs, singles
from eval.benchmarks.documents.questions import pair, unconfirmed
from eval.benchmarks.registry import load, others
from eval.config import BenchmarkConfig


@pytest.fixture
def folder(tmp_path):
    """Eight documents, each with a founder and a meeting place, and one that nothing can be asked about."""
    return write_documents(tmp_path / "mine")


def settings(folder, **more):
    return BenchmarkConfig(name="documents", data=folder, questions=20, **more)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- Q: Who is Ben? A: Anna's child.", ("Who is Ben?", "Anna's child")),
        ("Q: Where?\n  A: “Oslo”.\n- Q: Who? A: Anna", ("Where?", "Oslo")),
        ("Q: How many? A: 3.5", ("How many?", "3.5")),
        ("NONE", None),
        ("- Q: Who? A: NONE", None),
        ("- Q: Who? A: .", None),
        ("Who is Ben? Anna's child.", ("Who is Ben?", "Anna's child")),
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
