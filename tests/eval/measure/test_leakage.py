"""Which questions kept inferences answer outright, and accuracy with and without them."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.stages.answers import INFERENCES
from eval.benchmarks.base import Benchmark
from eval.benchmarks.reversals import load
from eval.benchmarks.semantic import world as semantic
from eval.benchmarks.syllogisms import world as syllogisms
from eval.measure.leakage import LEAKED, leaks, shares, with_and_without

WORLD = load(0, 6, 2)
REVERSALS = WORLD.questions.filter(split="reversal")["question_id"].to_list()


def inferences(*texts, seed=0, kept=True):
    rows = [dict.fromkeys(INFERENCES) | {"text": text, "kept": kept, "seed": seed} for text in texts]
    return pl.DataFrame(rows, schema=INFERENCES | {"seed": pl.Int64})


def found(added, world=WORLD):
    return dict(leaks(added, {0: world}).select("question_id", "leaked").iter_rows())


def test_verbatim_paraphrased_and_none():
    one, two, three = (WORLD.stated[q] for q in REVERSALS[:3])
    a, degree, dimension, b = WORLD.read(two)
    x, other, dim, y = WORLD.read(three)
    wrong = {"more": "less", "less": "more"}[other]
    table = found(
        inferences(
            one.upper().lower(), f"Compared with {b}, {a} are {degree} {dimension}.", f"{x} are {wrong} {dim} than {y}."
        )
    )
    assert [table[q] for q in REVERSALS[:3]] == ["verbatim", "paraphrased", "none"]
    assert set(table) == set(WORLD.questions["question_id"])


def test_rejected_inferences_and_those_of_other_worlds_leak_nothing():
    texts = WORLD.stated.values()
    for added in (inferences(*texts, kept=False), inferences(*texts, seed=1), inferences()):
        assert set(found(added).values()) == {"none"}
    assert set(found(inferences(*texts)).values()) == {"verbatim"}


def test_a_question_without_a_sentence_cannot_be_judged():
    world = Benchmark("b", WORLD.documents, WORLD.questions, {})
    assert set(found(inferences("x"), world).values()) == {None}
    table = shares(leaks(inferences("x"), {0: world}))
    assert table.select("n", "unknown").rows() == [(0, 6), (0, 6)]


def test_of_several_right_choices_each_is_a_leak():
    world = syllogisms.load(0, "small")
    row = next(r for r in world.questions.iter_rows(named=True) if len(r["right"]) == 2)
    other = next(n for n in row["right"] if n != row["answer"])
    assert found(inferences(row["choices"][other].strip()), world)[row["question_id"]] == "paraphrased"


@settings(max_examples=10, deadline=None)
@given(st.sets(st.integers(0, 11)))
def test_what_is_stated_leaks_and_nothing_else(chosen):
    stated = list(WORLD.stated.items())
    table = found(inferences(*(stated[n][1] for n in chosen)))
    assert {q for q, kind in table.items() if kind == "verbatim"} == {stated[n][0] for n in chosen}


def test_a_sentence_of_the_corpus_in_the_asked_direction_is_a_leak_of_rephrasing_alone():
    world = semantic.load(0, "small")
    facts = sorted({need for needs in world.questions["needs"] for need in needs})
    table = shares(leaks(inferences(*facts), {0: world})).rows_by_key("split", named=True, unique=True)
    assert table["rephrasing"]["paraphrased"] == 1.0
    assert table["reversal"]["none"] == 1.0
    assert table["syllogism"]["none"] == 1.0


def test_shares_add_up_per_split():
    one, two = (WORLD.stated[q] for q in REVERSALS[:2])
    table = shares(leaks(inferences(one, two), {0: WORLD}))
    assert table["split"].to_list() == ["rephrasing", "reversal"]
    assert table["verbatim"].to_list() == [0.0, pytest.approx(2 / 6)]
    assert all(sum(row[kind] for kind in LEAKED) == pytest.approx(1) for row in table.to_dicts())


def test_accuracy_with_and_without_leaked_questions():
    leaked = leaks(inferences(WORLD.stated[REVERSALS[0]]), {0: WORLD})
    rows = [
        {"arm": arm, "split": "reversal", "norm": "sum", "seed": 0, "question_id": q, "cluster": q}
        | {"correct": q == REVERSALS[0] and arm == "finetuned+local"}
        for arm in ("finetuned", "finetuned+local")
        for q in REVERSALS
    ]
    table = with_and_without(pl.DataFrame(rows), leaked)
    by = {(r["arm"], r["items"]): (r["accuracy"], r["n"]) for r in table.to_dicts()}
    assert by["finetuned+local", "all"] == (pytest.approx(1 / 6), 6)
    assert by["finetuned+local", "leaked"] == (1.0, 1)
    assert by["finetuned+local", "not leaked"] == (0.0, 5)
    assert by["finetuned", "leaked"] == (0.0, 1)
