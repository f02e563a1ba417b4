"""A training that destroyed its model is a failure, one that learns is none."""

import math

import pytest

from train.sft.watch import LASTING, destroyed, gone_wrong, mean_loss, told_by_many

UNIFORM = math.log(1600)


@pytest.mark.parametrize(
    ("losses", "reason"),
    [
        ([3.0, 2.0, 1.0, 0.5], ""),
        ([3.0, 9.5], "grew from 3.00 to 9.50"),
        ([5.2, 8.5], "grew from 5.20 to 8.50, which is worse than to know nothing"),
        ([8.5, 8.9, 8.4], ""),
        ([3.0, math.nan], "no number"),
        ([3.0, math.inf], "no number"),
        ([5.0, 4.0, *[UNIFORM] * LASTING], "stays at 7.38, the logarithm of the vocabulary"),
        ([9.0, 8.0, *[UNIFORM] * LASTING], "stays at 7.38"),  # although it fell
        ([5.0, *[6.8] * LASTING], "went from 5.00 to 6.80 and stayed"),
        ([5.0, 2.0, 0.6, 0.5, 0.4, 0.5, *[3.5] * LASTING], "had come from 5.00 to 0.47, rose to 3.50 and stayed"),
        # an easy batch among others is no best
        ([5.0, 2.0, 0.6, 2.0, 2.1, *[2.0, 1.9] * LASTING], ""),
        # small losses vary by large factors
        ([0.4, 0.1, 0.05, 0.04, 0.05, *[0.2, 0.3] * LASTING], ""),
    ],
)
def test_reports_are_compared_with_the_first_step_and_the_best_so_far(losses, reason):
    found = gone_wrong(losses, UNIFORM)
    assert reason in found
    assert bool(found) == bool(reason)


def test_a_batch_of_a_few_odd_words_tells_nothing_of_the_training():
    def reports(*seen: tuple[float, float]) -> list[dict[str, float]]:
        return [{"loss": loss, "num_tokens": tokens} for loss, tokens in seen]

    assert told_by_many(reports((3.7, 200), (11.2, 208), (3.6, 400))) == [3.7, 3.6]
    assert told_by_many(reports((11.2, 8), (3.7, 200), (3.6, 400))) == [3.7, 3.6]
    # a batch of the usual size that is as odd does, and so does what is no number
    assert told_by_many(reports((3.7, 200), (11.2, 350))) == [3.7, 11.2]
    assert told_by_many(reports((3.7, 200), (math.nan, 208)))[1:] == pytest.approx([math.nan], nan_ok=True)
    # texts that are all short, a training that counts anew, and a trainer that does not count
    assert told_by_many(reports((3.7, 8), (3.6, 16))) == [3.7, 3.6]
    assert told_by_many(reports((3.7, 200), (3.6, 400), (3.5, 180))) == [3.7, 3.6, 3.5]
    assert told_by_many([{"loss": 3.7}, {"loss": 3.6}]) == [3.7, 3.6]


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        (3.0, 1.0, False),
        (3.0, 3.1, False),
        (3.0, 4.5, True),
        (6.9, 7.38, True),
        (5.18, 6.16, True),
        (9.0, 7.37, False),  # worse than to know nothing before: small random models of other architectures begin so
        (9.0, 6.0, False),
        (7.4, 7.36, False),  # a model that knows nothing, trained for a step
        (0.1, 0.4, False),
        (3.0, math.nan, True),
    ],
)
def test_the_first_batch_is_likelier_after_a_training_than_before(before, after, wrong):
    assert bool(destroyed(before, after, UNIFORM)) == wrong


def test_the_mean_loss_weighs_reports_by_their_steps():
    assert mean_loss([(1, 5.0), (3, 2.0), (10, 1.0)]) == pytest.approx((5 + 2 * 2 + 7) / 10)
