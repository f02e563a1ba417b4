"""Gates of a tuned model, from scores made by hand or by the fake engine's backend."""

import json
from math import isclose

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import EngineConfig
from engine.tasks.score import SCORES, ScoreLease
from engine.worker.fake_engine import FakeEngine
from eval.arms.items import items
from eval.benchmarks import reversals
from eval.benchmarks.syllogisms import world as syllogisms
from eval.measure.gates import (
    GATES,
    MARGIN,
    as_json,
    forgetting,
    gate_table,
    hallucination,
    held_back,
    icl_damage,
    icl_items,
    leads,
    text_items,
)

WORLD = reversals.load(0, 8, 2)
QUESTIONS = WORLD.questions.with_columns(seed=pl.lit(0, dtype=pl.Int64))


def scores_of(*rows):
    """The scores table of (item_id, choice, log-likelihoods or None)."""
    found = [
        {"item_id": i, "choice": n, "logprobs": v, "tokens": len(v) if v else None, "error": None if v else "no"}
        for i, n, v in rows
    ]
    return pl.DataFrame([dict.fromkeys(SCORES) | row for row in found], schema=SCORES)


def asked(arm):
    return items(WORLD, arm, 0, None, 1, "m")


def told(table, lead):
    """Scores in which the wrong choice of question number n leads by lead(n)."""
    answer = dict(WORLD.questions.select("question_id", "answer").iter_rows())
    return [
        (row["item_id"], choice, [-5.0, 0.0 if choice == answer[row["question_id"]] else lead(n)])
        for n, row in enumerate(table.iter_rows(named=True))
        for choice in (0, 1)
    ]


def test_a_text_is_scored_after_its_first_word():
    table = text_items(["  Femp are big. ", "one", "", "Femp are big.", "x\ny z"], "finetuned", 3, "a", "w")
    assert table.select("stem", "choices").rows() == [
        ("  Femp", [" are big. "]),
        ("Femp", [" are big."]),
        ("x", ["\ny z"]),
    ]
    assert table["item_id"].n_unique() == 3
    again = text_items(["Femp are big."], "finetuned", 3, "a", "other weights")
    assert again["item_id"][0] not in set(table["item_id"])
    assert again["text_id"][0] in set(table["text_id"])
    assert text_items(["one"], "finetuned", 0, None, "").is_empty()


def test_a_real_lease_scores_every_text():
    engine = FakeEngine("fake", EngineConfig(kind="fake"))
    table = text_items(["Femp are big.", "x y"], "finetuned", 0, None, "")
    lease = ScoreLease(table, engine.tokenizer, 100, "l")
    while not lease.done:
        while call := lease.next_call():
            engine.add(call)
        for answer in engine.step():
            lease.take(answer)
    assert lease.table()["error"].null_count() == 2
    assert lease.table()["tokens"].sum() == len(" are big.") + len(" y")


def test_held_back_texts_are_not_trained_on_and_one_per_fact():
    other = reversals.load(1, 8, 3).documents
    assert len(held_back(other, [], 100, 0)) == 8
    trained = other["text"].to_list()[:3]
    texts = held_back(other, [t.upper() for t in trained], 100, 0)
    assert not set(texts) & set(trained)
    assert len(texts) == 7
    assert held_back(other, [], 3, 0) == held_back(other.reverse(), [], 3, 0)
    assert held_back(other, [], 3, 0) != held_back(other, [], 3, 1)
    assert len(held_back(other.drop("fact"), [], 100, 0)) == 24


def test_forgetting_is_the_mean_over_tokens():
    texts = ["a b", "a b c", "a d"]
    tuned, plain = (text_items(texts, arm, 0, None, arm) for arm in ("finetuned", "pretrained"))
    one, two, three = tuned["item_id"]
    base = [(i, 0, [-1.0] * n) for i, n in zip(plain["item_id"], (1, 3, 1), strict=True)]
    row = forgetting(scores_of((one, 0, [-3.0]), (two, 0, [-2.0, -2.0, -1.0]), (three, 0, None), *base), tuned, plain)
    assert (row["gate"], row["arm"], row["seed"], row["n"], row["unscored"]) == ("forgetting", "finetuned", 0, 2, 1)
    assert (row["value"], row["baseline"], row["difference"]) == (-2.0, -1.0, -1.0)
    assert row["low"] <= row["difference"] <= row["high"]


def test_icl_items_are_those_of_icl_on_the_tuned_model():
    icl, tuned = asked("icl"), asked("finetuned").with_columns(adapter=pl.lit("weights"))
    table = icl_items(icl, tuned, 5, 0)
    assert table.columns == icl.columns
    assert (table.height, set(table["arm"]), set(table["adapter"])) == (5, {"finetuned"}, {"weights"})
    assert set(table["prefix"]) == set(icl["prefix"])
    assert not set(table["item_id"]) & {*icl["item_id"], *tuned["item_id"]}
    other = icl_items(icl, asked("finetuned+local"), 5, 0)
    assert set(other["question_id"]) == set(table["question_id"])
    assert not set(other["item_id"]) & set(table["item_id"])
    assert icl_items(icl, tuned, None, 0).height == icl.height == icl_items(icl, tuned, 1000, 0).height


def test_icl_damage_compares_the_same_questions():
    icl = asked("icl")
    tuned = icl_items(icl, asked("finetuned"), 8, 0)
    row = icl_damage(
        scores_of(*told(icl, lambda n: -1.0), *told(tuned, lambda n: 1.0 if n < 2 else -1.0)), tuned, icl, QUESTIONS
    )
    assert (row["value"], row["baseline"], row["difference"], row["n"]) == (0.75, 1.0, -0.25, 8)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=16, max_size=16))
def test_hallucination_counts_leads_above_the_margin(values):
    tuned, plain = asked("finetuned"), asked("pretrained")
    table = scores_of(*told(tuned, values.__getitem__), *told(plain, lambda n: MARGIN - 0.01))
    row = hallucination(table, tuned, plain, QUESTIONS)
    exact = leads(table, tuned, QUESTIONS)["lead"].to_list()
    assert all(isclose(a, b, abs_tol=1e-5) for a, b in zip(exact, values, strict=True))
    assert row["value"] == sum(lead > MARGIN for lead in exact) / 16
    assert (row["baseline"], row["n"], row["unscored"]) == (0.0, 16, 0)
    assert row["low"] <= row["difference"] <= row["high"]


def test_every_right_choice_counts_as_right():
    world = syllogisms.load(0, "small")
    questions = world.questions.with_columns(seed=pl.lit(0, dtype=pl.Int64))
    row = next(r for r in questions.iter_rows(named=True) if len(r["right"]) == 2)
    second = next(n for n in row["right"] if n != row["answer"])
    item = pl.DataFrame({"item_id": ["i"], "question_id": [row["question_id"]], "seed": [0]})
    values = scores_of(*(("i", n, [-1.0 if n == second else -3.0]) for n in range(6)))
    assert leads(values, item, questions)["lead"].to_list() == [-2.0]


def test_a_question_without_all_its_scores_is_left_out():
    tuned, plain = asked("finetuned"), asked("pretrained")
    rows = told(tuned, lambda n: 2.0)
    rows[0] = (*rows[0][:2], None)
    row = hallucination(scores_of(*rows, *told(plain, lambda n: 0.0)), tuned, plain, QUESTIONS)
    assert (row["value"], row["n"], row["unscored"]) == (1.0, 15, 1)
    nothing = hallucination(scores_of(), tuned, plain, QUESTIONS)
    assert (nothing["value"], nothing["difference"], nothing["n"], nothing["unscored"]) == (None, None, 0, 16)


def test_one_cluster_has_no_interval():
    tuned, plain = (text_items(["a b"], arm, 0, None, arm) for arm in ("finetuned", "pretrained"))
    row = forgetting(scores_of(*((t["item_id"][0], 0, [-1.0]) for t in (tuned, plain))), tuned, plain)
    assert (row["difference"], row["low"], row["high"]) == (0.0, None, None)


def test_gates_become_a_table_and_json():
    rows = [dict.fromkeys(GATES) | {"arm": "b", "seed": 1, "gate": "g", "n": 0}]
    rows.append(rows[0] | {"arm": "a", "value": 0.5})
    table = gate_table(rows)
    assert table["arm"].to_list() == ["a", "b"]
    assert json.loads(json.dumps(as_json(table)))["rows"][0]["value"] == 0.5
    assert gate_table([]).columns == list(GATES)


def test_one_gate_is_of_one_arm_and_seed():
    both = pl.concat([asked("finetuned"), asked("finetuned+local")])
    with pytest.raises(AssertionError, match="one arm and seed"):
        hallucination(scores_of(), both, asked("pretrained"), QUESTIONS)
