"""Shares with their interval, and the sign test."""

import pytest
from scipy.stats import binomtest

from augment.review.decisions import Decision
from augment.review.precision import precision, share, sign_test


@pytest.mark.parametrize(("right", "of"), [(0, 1), (1, 1), (46, 50), (0, 30), (500, 1000)])
def test_the_interval_is_that_of_wilson(right, of):
    known = binomtest(right, of).proportion_ci(method="wilson")
    found = share(right, of)
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=1e-9)


@pytest.mark.parametrize(("better", "worse"), [(0, 0), (6, 0), (7, 2), (3, 9), (200, 150)])
def test_the_sign_test_is_exact(better, worse):
    known = binomtest(better, better + worse, alternative="greater").pvalue if better + worse else 1.0
    assert sign_test(better, worse) == pytest.approx(known)


def test_only_rows_of_a_random_sample_count_and_an_edited_one_was_wrong():
    rows = [("keep", "s"), ("edit", "s"), ("reject", "s"), ("keep", None), ("keep", "t")]
    found = precision(
        Decision(str(n), kind, text="x" if kind == "edit" else None, sample=sample)
        for n, (kind, sample) in enumerate(rows)
    )
    assert {sample: (one.right, one.of) for sample, one in found.items()} == {"s": (1, 3), "t": (1, 1)}
    assert str(found["s"]) == "1 of 3, 33.3% [6.1, 79.2]"
