"""Questions as items, scores as answers, the corpus as context, and the audit of an augmented corpus."""

import json
from collections import Counter
from math import isclose, nan
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.stages.answers import INFERENCES
from engine.tasks.score import SCORES
from eval.arms.items import PREMISE, answers, items, premises, writing, written
from eval.benchmarks.base import Benchmark, context, question_table
from eval.benchmarks.registry import load as load_any
from eval.benchmarks.reversals import load
from eval.config import BenchmarkConfig
from eval.measure.accuracy import summarise
from eval.measure.audit import audit, verdicts
from eval.measure.leakage import leaks

WORLD = load(0, 6, 5)


def audited(found, worlds):
    return audit(found, worlds, verdicts(found, worlds), leaks(found, worlds))


def questions():
    row = {
        "benchmark": "b",
        "split": "reversal",
        "subtype": "s",
        "stem": "So:",
        "choices": [" aa", " bbbb"],
        "answer": 1,
    }
    return question_table([row | {"question_id": "q", "needs": ["f1", "f2"]}])


def answered(first, second):
    """Answers to one question from (log-likelihoods, bytes, error) of its two choices."""
    asked = items(Benchmark("b", WORLD.documents, questions(), {}), "pretrained", 3, None, None, "pico")
    rows = [
        {"item_id": asked["item_id"][0], "choice": n, "logprobs": v, "tokens": len(v or []), "bytes": b, "error": e}
        | {"chars": b}
        for n, (v, b, e) in enumerate((first, second))
    ]
    scores = pl.DataFrame([dict.fromkeys(SCORES) | row for row in rows], schema=SCORES)
    table = answers(scores, asked, questions().with_columns(seed=pl.lit(3)))
    return {row["norm"]: row for row in table.iter_rows(named=True)}


def test_each_norm_chooses_by_its_own_measure():
    # sums -3 and -4; per token -3 and -2; per byte -1 and -4/3
    found = answered(([-3.0], 3, None), ([-2.0, -2.0], 3, None))
    assert {norm: row["chosen"] for norm, row in found.items()} == {"sum": 0, "token": 1, "char": 0, "byte": 0}
    assert {norm: row["correct"] for norm, row in found.items() if row["correct"]} == {"token": True}
    longer = answered(([-3.0], 3, None), ([-2.0, -2.0], 5, None))
    assert longer["byte"]["correct"] is True


def test_the_right_choice_has_a_rank_and_an_advantage():
    right = questions()["answer"][0]
    values = [([-3.0], 3, None), ([-5.0], 3, None)]
    ahead, behind = (
        answered(*order)["sum"]
        for order in ((values if right == 0 else values[::-1]), (values if right else values[::-1]))
    )
    assert (ahead["rank"], ahead["advantage"]) == (1, 2)
    assert (behind["rank"], behind["advantage"]) == (2, -2)
    assert answered(([-3.0], 3, None), ([-3.0], 3, None))["sum"]["rank"] == 1.5
    missing = answered(([-3.0], 3, None), (None, 3, "too long"))["sum"]
    assert (missing["rank"], missing["advantage"]) == (None, None)


def test_pmi_takes_off_what_a_choice_is_worth_by_itself():
    asked = items(Benchmark("b", WORLD.documents, questions(), {}), "icl", 3, None, 1, "pico")
    bare = premises(asked)
    assert bare.select("prefix", "stem").rows() == [("", PREMISE)]
    values = {(asked["item_id"][0], 0): -3.0, (asked["item_id"][0], 1): -4.0}
    values |= {(bare["item_id"][0], 0): -1.0, (bare["item_id"][0], 1): -5.0}
    rows = [
        {"item_id": i, "choice": n, "logprobs": [v], "tokens": 1, "chars": 1, "bytes": 1}
        for (i, n), v in values.items()
    ]
    scores = pl.DataFrame([dict.fromkeys(SCORES) | row for row in rows], schema=SCORES)
    table = answers(scores, asked, questions().with_columns(seed=pl.lit(3)))
    assert dict(table.select("norm", "chosen").rows()) == {"sum": 0, "token": 0, "char": 0, "byte": 0, "pmi": 1}
    assert table.height == 5


def test_an_adapter_trained_anew_is_another_one(tmp_path):
    weights = tmp_path / "adapter_model.safetensors"
    found = []
    for content in (b"one", b"two"):
        weights.write_bytes(content)
        found.append(items(WORLD, "finetuned", 0, tmp_path, None, "pico")["item_id"][0])
    assert found[0] != found[1]


def test_an_answer_names_its_question_and_cluster():
    row = answered(([-1.0], 1, None), ([-2.0], 1, None))["sum"]
    assert (row["question_id"], row["arm"], row["seed"], row["split"]) == ("q", "pretrained", 3, "reversal")
    assert row["cluster"] == "3/f1 f2"


def test_every_choice_that_is_right_counts():
    asked = items(Benchmark("b", WORLD.documents, questions(), {}), "icl", 3, None, 1, "pico")
    rows = [
        dict.fromkeys(SCORES) | {"item_id": asked["item_id"][0], "choice": n, "logprobs": [v], "tokens": 1}
        for n, v in enumerate((-1.0, -2.0))
    ]
    scores = pl.DataFrame(rows, schema=SCORES)
    for right, correct in (([1], False), ([0, 1], True)):
        asked_of = questions().with_columns(seed=pl.lit(3), right=pl.Series([right], dtype=pl.List(pl.Int32)))
        assert answers(scores, asked, asked_of).filter(norm="sum")["correct"].to_list() == [correct]
    assert answers(scores, asked, asked_of, by="subtype")["cluster"].unique().to_list() == ["3/s"]


def test_what_is_written_is_judged_by_the_benchmark():
    asked = items(Benchmark("b", WORLD.documents, questions(), {}), "icl", 3, None, 1, "pico")
    request = writing(asked).row(0, named=True)
    assert request["prompt"] == asked["prefix"][0] + "So:"
    assert json.loads(request["sampling"])["stop"] == ["\n"]
    for text, error, correct in ((" bbbb and on", None, True), (" aa", None, False), (None, "died", None)):
        texts = pl.DataFrame(
            {"request_id": asked["item_id"], "text": [text], "error": [error]}, schema_overrides={"text": pl.String}
        )
        table = written(
            texts, asked, questions().with_columns(seed=pl.lit(3)), {"exact": lambda t, a: t.strip().startswith(a)}
        )
        assert table.select("norm", "correct", "chosen").rows() == [("exact", correct, None)]


@pytest.mark.parametrize(("right", "credit"), [([0], 0.5), ([1], 0.5), ([2], 0.0), ([0, 1], 1.0), ([0, 2], 0.5)])
def test_of_k_choices_that_are_equally_likely_each_counts_a_kth(right, credit):
    asked = items(Benchmark("b", WORLD.documents, questions(), {}), "icl", 3, None, 1, "pico")
    rows = [
        dict.fromkeys(SCORES) | {"item_id": asked["item_id"][0], "choice": n, "logprobs": [v], "tokens": 1}
        for n, v in enumerate((-1.0, -1.0, -2.0))
    ]
    asked_of = questions().with_columns(seed=pl.lit(3), right=pl.Series([right], dtype=pl.List(pl.Int32)))
    found = answers(pl.DataFrame(rows, schema=SCORES), asked, asked_of).filter(norm="sum").row(0, named=True)
    assert found["credit"] == credit
    assert found["correct"] == {0.0: False, 0.5: None, 1.0: True}[credit]
    assert (found["chosen"] is None) == (credit == 0.5)


@pytest.mark.parametrize("name", ["reversals", "syllogisms", "fictional"])
def test_a_model_that_finds_all_choices_alike_has_the_accuracy_of_chance(name):
    world = load_any(BenchmarkConfig(name=name, size="small"), 0)
    asked, questions = items(world, "pretrained", 0, None, None, "m"), world.questions.with_columns(seed=pl.lit(0))
    rows = asked.select("item_id", choice=pl.int_ranges(pl.col("choices").list.len(), dtype=pl.Int32)).explode("choice")
    scores = rows.with_columns(logprobs=[-7.378], tokens=1, chars=1, bytes=1, error=pl.lit(None, dtype=pl.String))
    summary = summarise(answers(scores, asked, questions)).filter(norm="sum")
    for row in summary.iter_rows(named=True):
        assert row["accuracy"] == pytest.approx(world.chance[row["split"]])
        assert row["unscored"] == 0
        assert row["low"] < row["accuracy"] < row["high"]


def test_a_value_that_is_no_number_is_no_score():
    found = answered(([nan], 1, None), ([-1.0], 1, None))
    assert {row["correct"] for row in found.values()} == {row["credit"] for row in found.values()} == {None}


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_question_with_an_unscored_choice_is_neither_right_nor_wrong(wrong):
    good, bad = ([-1.0], 1, None), (None, 1, "the engine refused")
    found = answered(*((bad, good) if wrong == 0 else (good, bad)))
    assert {row["correct"] for row in found.values()} == {None}


def test_only_icl_has_the_corpus_in_front():
    for arm in ("pretrained", "icl", "finetuned"):
        table = items(WORLD, arm, 0, None, 2, "pico")
        (prefix,) = set(table["prefix"])
        assert prefix == (context(WORLD.documents, 0, 2) if arm == "icl" else "")
        assert table["stem"].to_list() == WORLD.questions["stem"].to_list()
        assert table["choices"].to_list() == WORLD.questions["choices"].to_list()
        assert table["adapter"].null_count() == table.height


def test_item_ids_tell_arm_seed_model_adapter_and_context_apart():
    variants = [
        ("pretrained", 0, None, None, "pico"),
        ("icl", 0, None, 1, "pico"),
        ("icl", 0, None, 2, "pico"),
        ("pretrained", 1, None, None, "pico"),
        ("pretrained", 0, None, None, "other"),
        ("finetuned", 0, Path("a"), None, "pico"),
        ("finetuned", 0, Path("b"), None, "pico"),
    ]
    tables = [items(WORLD, *variant) for variant in variants]
    identities = pl.concat(tables)["item_id"]
    assert identities.n_unique() == identities.len()
    assert tables[0].equals(items(WORLD, *variants[0]))
    assert set(tables[5]["adapter"]) == {"a"}


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 5))
def test_context_has_each_fact_exactly_per_fact_times(seed, per_fact):
    text = context(WORLD.documents, seed, per_fact)
    lines = text.splitlines()
    known = dict(WORLD.documents.select("text", "fact").rows())
    assert Counter(known[line] for line in lines) == dict.fromkeys(WORLD.documents["fact"], per_fact)
    assert len(set(lines)) == len(lines)
    assert text.endswith("\n")
    assert text == context(WORLD.documents, seed, per_fact)


def test_context_is_in_random_order_that_the_seed_decides():
    orders = {context(WORLD.documents, seed, None) for seed in range(5)}
    assert len(orders) == 5
    assert {"\n".join(sorted(o.splitlines())) for o in orders} == {"\n".join(sorted(WORLD.documents["text"]))}
    chosen = {frozenset(context(WORLD.documents, seed, 1).splitlines()) for seed in range(5)}
    assert len(chosen) > 1


def test_context_knows_nothing_of_the_questions():
    fewer = Benchmark("b", WORLD.documents, WORLD.questions.head(1), {})
    assert items(fewer, "icl", 4, None, 1, "m")["prefix"][0] == items(WORLD, "icl", 4, None, 1, "m")["prefix"][0]


def inferences(*rows):
    base = dict.fromkeys(INFERENCES) | {"operator": "reverse"}
    found = [base | {"text": t, "kept": reason is None, "reason": reason, "seed": seed} for t, reason, seed in rows]
    return pl.DataFrame(found, schema=INFERENCES | {"seed": pl.Int64})


def test_audit_of_a_perfect_augmentation():
    worlds = {0: WORLD, 1: load(1, 4, 1)}
    rows = [(text, None, seed) for seed, world in worlds.items() for text in world.stated.values()]
    found = audited(inferences(*rows), worlds)
    assert (found["precision"], found["test_items_verbatim"], found["recall"]) == (
        1.0,
        1.0,
        {"rephrasing": 1.0, "reversal": 1.0},
    )
    assert (found["inferences"], found["kept"], found["rejected"]) == (20, 20, {})
    assert [(row["kind"], row["implied"], row["worked out"], row["missed"]) for row in found["worked_out"]] == [
        ("rephrasing", 10, 10, []),
        ("reversal", 10, 10, []),
    ]


def test_audit_counts_right_wrong_reworded_rejected_and_senseless():
    reversal = WORLD.questions.filter(split="reversal")
    right, other, third = (WORLD.stated[q] for q in reversal["question_id"][:3])
    a, degree, dimension, b = WORLD.read(other)
    turn = {"more": "less", "less": "more"}
    found = audited(
        inferences(
            (right.upper().lower(), None, 0),
            (f"Compared with {b}, {a} are {degree} {dimension}.", None, 0),
            (third.replace(" more ", " MORE ").replace(" less ", " more ").replace(" MORE ", " less "), None, 0),
            ("Something else altogether.", None, 0),
            (f"{a} are {turn[degree]} {dimension} than {b}.", "duplicate", 0),
            (third, None, 1),  # another world's: it does not count here
        ),
        {0: WORLD},
    )
    assert (found["inferences"], found["kept"], found["understood"]) == (6, 5, 3)
    assert found["rejected"] == {"duplicate": 1}
    assert isclose(found["precision"], 2 / 3)
    assert found["recall"] == {"rephrasing": 0.0, "reversal": 2 / 6}
    assert isclose(found["test_items_verbatim"], 1 / 6)
    kinds = {row["kind"]: row for row in found["worked_out"]}
    assert {kind: (row["implied"], row["worked out"]) for kind, row in kinds.items()} == {
        "rephrasing": (6, 0),
        "reversal": (6, 2),
    }
    assert kinds["rephrasing"]["missed"][0]["needs"] == [WORLD.documents["fact"][0]]
    assert [(row["kept"], row["made up"], row["not understood"]) for row in found["made_up"]] == [(4, 1, 1)]


def test_every_inference_and_every_statement_of_the_closure_has_a_verdict():
    right = next(iter(WORLD.stated.values()))
    table = verdicts(inferences((right, None, 0), (right, None, 0), ("Say something else.", None, 0)), {0: WORLD})
    assert dict(table["verdict"].value_counts().rows()) == {"worked out": 2, "not understood": 1, "missed": 11}
    missed = table.filter(verdict="missed")
    assert all(tuple(s) in WORLD.derivations for s in missed["statement"])
    assert missed["needs"].null_count() == 0


def test_audit_without_a_closure_only_counts():
    world = Benchmark("b", WORLD.documents, questions(), {})
    assert audited(inferences(("x", None, 0), ("y", "duplicate", 0)), {0: world}) == {
        "inferences": 2,
        "kept": 1,
        "rejected": {"duplicate": 1},
    }
