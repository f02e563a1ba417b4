"""Known answers for the statistics."""

import math
from typing import Any

import polars as pl
import pytest

from eval.measure.accuracy import paired_difference, per_seed, summarise
from eval.measure.intervals import Z95 as Z
from eval.measure.intervals import estimate
from eval.measure.order import arms_in_order, splits_in_order


def answered(
    correct: list[bool | None], clusters: list[str], arm: str = "icl", split: str = "reversal", **more: Any
) -> pl.DataFrame:
    row = {"arm": arm, "split": split, "seed": 0, "norm": "sum"} | more
    ids = [f"q{number}" for number in range(len(correct))]
    return pl.DataFrame(
        [row | {"question_id": q, "cluster": c, "correct": x} for q, c, x in zip(ids, clusters, correct, strict=True)],
        schema_overrides={"correct": pl.Boolean},
    )


def share(arm: str, right: int, of: int = 100, **more: Any) -> pl.DataFrame:
    """`right` of `of` questions, each about its own fact."""
    return answered([i < right for i in range(of)], [f"f{i}" for i in range(of)], arm, **more)


def test_clustered_standard_error_by_hand():
    row = summarise(answered([True, True, True, False, False, False], list("aabbcc"))).row(0, named=True)
    found = estimate([0] * 6, list("aabbcc"), [1, 1, 1, 0, 0, 0])
    assert (row["accuracy"], row["stderr"]) == (0.5, math.sqrt(found.variance))
    assert (row["low"], row["high"]) == found.wilson()


def test_stderr_is_about_the_usual_one_where_every_question_is_its_own_fact():
    row = summarise(share("icl", 30)).row(0, named=True)
    assert row["stderr"] == pytest.approx(math.sqrt(0.3 * 0.7 / 100), rel=0.01)


def test_clusters_that_agree_widen_the_interval():
    correct = [True] * 10 + [False] * 10
    facts = [f"f{i // 5}" for i in range(20)]
    together = summarise(answered(correct, facts)).row(0, named=True)
    alone = summarise(answered(correct, [str(i) for i in range(20)])).row(0, named=True)
    assert together["stderr"] > 2 * alone["stderr"]
    assert together["low"] < alone["low"] < 0.5 < alone["high"] < together["high"]


def test_all_correct_keeps_an_honest_interval():
    row = summarise(answered([True] * 20, [f"f{i // 2}" for i in range(20)])).row(0, named=True)
    assert row["accuracy"] == row["high"] == 1
    assert (
        10 / (10 + Z**2) < row["low"] < 20 / (20 + Z**2)
    )  # as of more than ten facts and of fewer than twenty answers
    none = summarise(answered([False] * 20, [f"f{i // 2}" for i in range(20)])).row(0, named=True)
    assert (none["low"], none["high"]) == pytest.approx((0, 1 - row["low"]))


def test_ties_count_as_the_part_that_they_earn():
    table = answered([None, None, True, False], list("abcd")).with_columns(credit=pl.Series([1 / 3, None, 1.0, 0.0]))
    row = summarise(table).row(0, named=True)
    assert (row["accuracy"], row["n"], row["unscored"]) == (pytest.approx(4 / 9), 3, 1)
    assert per_seed(table)[0]["accuracy"] == row["accuracy"]
    both = pl.concat([table, table.with_columns(arm=pl.lit("other"), credit=pl.Series([0.0, 1.0, 1.0, 0.0]))])
    gap = paired_difference(both, "icl", "other", "reversal", "sum")
    assert gap.difference == pytest.approx(1 / 9)
    assert gap.n == 3


def test_questions_without_a_cluster_stand_for_themselves():
    alone = answered([True, False] * 20, [f"0/q{i}" for i in range(40)])
    unknown = alone.with_columns(cluster=pl.lit(None, dtype=pl.String))
    assert summarise(unknown).equals(summarise(alone))
    gaps = [
        paired_difference(
            pl.concat([one, share("b", 0, 40).with_columns(cluster=one["cluster"])]), "icl", "b", "reversal", "sum"
        )
        for one in (unknown, alone)
    ]
    assert gaps[0].low < 0.5 < gaps[0].high
    assert (gaps[0].difference, gaps[0].n) == (gaps[1].difference, gaps[1].n)


def test_one_cluster_tells_nothing_of_a_difference():
    both = pl.concat([answered([True, True, False], list("aaa"), arm) for arm in ("icl", "x")])
    both = both.with_columns(correct=pl.col("correct") & (pl.col("arm") == "icl"))
    gap = paired_difference(both, "icl", "x", "reversal", "sum")
    assert (gap.difference, gap.low, gap.high) == (pytest.approx(2 / 3), -1, 1)


def test_effective_number_never_exceeds_the_answers():
    # Right and wrong nearly cancel within each fact: the clustered stderr is tiny, yet there are only six answers.
    row = summarise(answered([True, False, True, False, True, True], list("aabbcc"))).row(0, named=True)
    p, n = 4 / 6, 6
    low = (p + Z**2 / (2 * n) - Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n * n))) / (1 + Z**2 / n)
    assert row["low"] < low


def test_one_fact_has_no_standard_error_but_an_interval():
    row = summarise(answered([True, False], ["a", "a"])).row(0, named=True)
    assert row["stderr"] is None
    assert 0 < row["low"] < 0.5 < row["high"] < 1


def test_unscored_is_excluded_and_counted():
    row = summarise(answered([True, None, False, None], list("abcd"))).row(0, named=True)
    assert (row["accuracy"], row["n"], row["unscored"]) == (0.5, 2, 2)


def test_nothing_scored_gives_nulls():
    row = summarise(answered([None, None], ["a", "b"])).row(0, named=True)
    assert (row["accuracy"], row["low"], row["n"], row["unscored"]) == (None, None, 0, 2)


def test_no_answers_at_all():
    assert summarise(share("icl", 1).clear()).is_empty()


def test_seeds_are_pooled_in_the_summary_and_apart_in_the_rows():
    answers = pl.concat([share("finetuned", 10, seed=0), share("finetuned", 30, seed=1), share("pretrained", 50)])
    summary = summarise(answers)
    assert summary["arm"].to_list() == ["pretrained", "finetuned"]
    assert summary["seeds"].to_list() == [1, 2]
    assert summary["accuracy"].to_list() == [0.5, 0.2]
    rows = [row for row in per_seed(answers) if row["arm"] == "finetuned"]
    assert [row["accuracy"] for row in rows] == [0.1, 0.3]
    assert list(rows[0]) == ["arm", "split", "seed", "norm", "accuracy", "stderr", "n", "unscored"]


def test_orders():
    assert arms_in_order(["retrieval", "zeta", "finetuned+local", "icl", "finetuned", "icl"]) == [
        "icl",
        "finetuned",
        "finetuned+local",
        "zeta",
        "retrieval",
    ]
    assert splits_in_order(["syllogism", "holdout", "reversal", "rephrasing"]) == [
        "rephrasing",
        "reversal",
        "syllogism",
        "holdout",
    ]


def test_paired_difference_by_hand():
    answers = pl.concat([share("icl", 80), share("finetuned", 50)])
    found = paired_difference(answers, "icl", "finetuned", "reversal", "sum")
    assert found is not None
    assert (found.difference, found.n) == (pytest.approx(0.3), 100)
    assert 0.2 < found.low < 0.25 < 0.35 < found.high < 0.4  # 0.3 +- 1.96 * sqrt(0.3 * 0.7 / 100)
    assert found == paired_difference(answers, "icl", "finetuned", "reversal", "sum")
    assert paired_difference(answers, "finetuned", "icl", "reversal", "sum").difference == pytest.approx(-0.3)


def test_paired_difference_uses_only_questions_scored_in_both():
    answers = pl.concat([answered([True, None, True], list("abc")), answered([False, True], list("ab"), "finetuned")])
    found = paired_difference(answers, "icl", "finetuned", "reversal", "sum")
    assert (found.difference, found.n) == (1, 1)
    assert paired_difference(answers, "icl", "retrieval", "reversal", "sum") is None
