"""What share of the intervals holds the truth, simulated; and the estimate behind them, by hand."""

import math

import numpy as np
import pytest

from eval.measure.intervals import PRIOR, TRAINING_SD, Z95, estimate

TRIALS, FACTS, QUESTIONS, ALIKE = 2000, 25, 4, 0.15
"""Simulated runs; facts of a world, questions on each, and how much more alike answers on one fact are than on two."""


def answers(rng: np.random.Generator, share: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Right or wrong [trainings, facts, questions], where each training has a true share of its own."""
    alike = (1 - ALIKE) / ALIKE
    of_facts = rng.beta(share[:, None] * alike, (1 - share[:, None]) * alike, (len(share), FACTS))
    return luck < of_facts[:, :, None]


def held(trainings: int, spread: float, first: float, second: float | None = None) -> float:
    """The share of intervals around an accuracy, or around the difference of two arms on the same questions, that hold the truth."""
    rng, shape, found = np.random.default_rng(0), (trainings, FACTS, QUESTIONS), 0
    seeds, facts = np.indices(shape)[0].ravel(), np.arange(trainings * FACTS).repeat(QUESTIONS)
    for _ in range(TRIALS):
        shares = [one + spread * rng.standard_normal(trainings) for one in (first, second) if one is not None]
        luck = rng.random(shape)
        values = answers(rng, np.clip(shares[0], 0.01, 0.99), luck).astype(float)
        if second is None:
            low, high = estimate(seeds, facts, values.ravel()).wilson()
            found += low <= first <= high
            continue
        other = np.where(rng.random(shape) < 0.5, luck, rng.random(shape))  # half of the questions are as hard for both
        values -= answers(rng, np.clip(shares[1], 0.01, 0.99), other)
        low, high = estimate(seeds, facts, values.ravel()).between()
        found += low <= first - second <= high
    return found / TRIALS


@pytest.mark.parametrize("trainings", [3, 5, 10])
def test_intervals_hold_the_truth_where_trainings_differ_by_eight_points(trainings):
    assert held(trainings, 0.08, 0.6) == pytest.approx(0.95, abs=0.02)
    assert held(trainings, 0.08, 0.7, 0.5) == pytest.approx(0.95, abs=0.02)


def test_intervals_of_one_training_hold_the_truth_about_it():
    assert held(1, 0.0, 0.6) == pytest.approx(0.95, abs=0.02)
    assert held(1, 0.0, 0.9) == pytest.approx(0.95, abs=0.025)
    assert held(1, 0.0, 0.7, 0.5) == pytest.approx(0.95, abs=0.02)


def test_intervals_are_wider_than_need_be_where_trainings_are_all_alike():
    # the price of not trusting three of them: they might differ by more than they seem to
    assert 0.96 < held(3, 0.0, 0.6) <= 1
    assert 0.96 < held(3, 0.0, 0.7, 0.5) <= 1


def test_near_the_edge_trainings_differ_less():
    assert held(3, 0.02, 0.95) == pytest.approx(0.96, abs=0.025)
    low, high = estimate(np.arange(300) // 100, np.arange(300), np.arange(300) % 100 > 0).wilson()
    assert 0.94 < low < 0.99 < high


def test_one_more_right_answer_moves_the_interval_little():
    facts = np.arange(15).repeat(8)
    bounds = [estimate([0] * 120, facts, np.arange(120) < right).wilson() for right in (118, 119, 120)]
    assert [round(low, 2) for low, _ in bounds] == [0.91, 0.94, 0.95]
    assert bounds[-1][1] == 1


def test_the_variance_of_one_training_by_hand():
    found = estimate([0] * 6, list("aabbcc"), [1, 1, 1, 0, 0, 0])
    weight = math.sqrt(2)  # of each added observation: six answers on three facts
    assert found.variance == pytest.approx((3 / 2 * 2 + 2 * 0.25 * 2) / (6 + 2 * weight) ** 2)
    assert (found.mean, found.freedom, found.n) == (0.5, 2, 6)


def test_trainings_count_beside_what_facts_say():
    seeds, facts = [0] * 10 + [1] * 10, range(20)
    found = estimate(seeds, facts, [i % 10 < 3 + 4 * (i // 10) for i in range(20)])
    within = (20 / 19 * (10 * 0.3 * 0.7 + 10 * 0.7 * 0.3) + 0.5) / 22**2
    spread = (20 * 0.25 + 0.5) / 22
    usual, between = within + 4 * spread * TRAINING_SD**2 / 2, 2 * 2 * (0.5 * 0.2) ** 2
    assert found.variance == pytest.approx((PRIOR * usual + between) / (PRIOR + 1))
    assert found.freedom == PRIOR + 1


def test_a_fact_in_two_trainings_counts_as_one():
    alone = estimate([0, 0, 1, 1], list("abcd"), [1, 0, 1, 0])
    shared = estimate([0, 0, 1, 1], list("abab"), [1, 0, 1, 0])
    assert shared.variance > alone.variance


def test_one_fact_says_nothing_of_the_error():
    found = estimate([0, 0, 0], list("aaa"), [1, 1, 0])
    assert not found.known
    assert found.between() == (-1, 1)
    assert found.above(0) == 1
    low, high = found.wilson()
    assert 0 < low < 2 / 3 < high < 1


def test_p_and_interval_agree():
    found = estimate([0] * 40, range(40), [i < 28 for i in range(40)])
    low, high = found.between()
    assert found.above(low) == pytest.approx(0.025)
    assert found.above(high) == pytest.approx(0.975)
    assert Z95 * math.sqrt(found.variance) < high - found.mean
