"""How far a mean over trainings, facts and questions may be from the truth: one estimate behind every interval of a run.

Questions about one fact are right or wrong together, and trainings of one arm differ. Both are in the variance: that of the facts
within a training, and that of the means of trainings. Of three trainings the second alone is hardly known, so the two are weighed as in a moderated
t-test (Smyth 2004, Statistical Applications in Genetics 3): the variance that facts and a usual spread of trainings would give counts
as PRIOR trainings more. Two observations that disagree are added to each, so that nothing is certain because all answers are right
(Agresti and Coull 1998, The American Statistician 52). `tests/eval/measure/test_intervals.py` simulates what share of intervals holds the truth.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

Z95 = 1.959963984540054
TRAINING_SD = 0.05
"""Usual standard deviation over trainings that differ in their seed, of an accuracy of one half; of others by the spread of their values."""
PRIOR = 2.0
"""How many further trainings that usual spread counts as."""
PSEUDO = 0.5
"""How far from the mean each of the two added observations lies."""


class Estimate(NamedTuple):
    """A mean of `n` values, and what is known of its error."""

    mean: float
    variance: float
    """Of the mean; NaN where a single cluster tells nothing of it."""
    freedom: float
    """Degrees of freedom of the variance."""
    n: int
    weight: float = 1.0
    """How many values each of the two added observations counts as."""

    @property
    def known(self) -> bool:
        """Whether anything is known of the error."""
        return not math.isnan(self.variance)

    def between(self, least: float = -1.0, most: float = 1.0) -> tuple[float, float]:
        """The 95% interval around the mean, by Student's t; from `least` to `most` where nothing is known."""
        if not self.known:
            return least, most
        reach = _quantile(self.freedom) * math.sqrt(self.variance)
        return max(least, self.mean - reach), min(most, self.mean + reach)

    def above(self, value: float) -> float:
        """One-sided p of the hypothesis that the true mean is `value` or less: small where it is more. 1 where nothing is known."""
        return float(stdtr(self.freedom, (value - self.mean) / math.sqrt(self.variance))) if self.known else 1.0

    def wilson(self) -> tuple[float, float]:
        """The 95% interval of a share, which stays between 0 and 1 (Wilson 1927), for the effective number of values.

        A single cluster, whose values may all depend on each other, counts as one value.
        """
        effective, square = 1.0, Z95**2
        if self.known:
            centre = (self.mean * self.n + self.weight) / (self.n + 2 * self.weight)
            effective = min(float(self.n), centre * (1 - centre) / self.variance)
            square = _quantile(self.freedom) ** 2
        ratio = square / effective
        half = math.sqrt(self.mean * (1 - self.mean) * ratio + ratio**2 / 4) / (1 + ratio)
        middle = (self.mean + ratio / 2) / (1 + ratio)
        return max(0.0, middle - half), min(1.0, middle + half)


def _quantile(freedom: float) -> float:
    return float(stdtrit(freedom, 0.975))


def estimate(seeds: npt.ArrayLike, clusters: npt.ArrayLike, values: npt.ArrayLike) -> Estimate:
    """The mean of values [n], each of a seed and of a cluster, which may be in several seeds.

    Values are shares, or differences of shares.
    """
    found = np.asarray(values, dtype=float)
    seed = np.unique(np.asarray(seeds), return_inverse=True)[1]
    cluster = np.unique(np.asarray(clusters), return_inverse=True)[1]
    n, trainings, facts = len(found), int(seed.max()) + 1, int(cluster.max()) + 1
    sizes, mean = np.bincount(seed), float(found.mean())
    means = np.bincount(seed, found) / sizes
    if facts == 1:
        return Estimate(mean, math.nan, math.nan, n)
    sums = np.bincount(cluster, found - means[seed])
    weight = math.sqrt(n / facts)
    within = facts / (facts - 1) * float(sums @ sums) + 2 * (PSEUDO * weight) ** 2
    within /= (n + 2 * weight) ** 2
    if trainings == 1:
        return Estimate(mean, within, facts - 1, n, weight)
    spread = (float(((found - mean) ** 2).sum()) + 2 * weight * PSEUDO**2) / (n + 2 * weight)
    usual = within + 4 * spread * TRAINING_SD**2 / trainings
    between = trainings / (trainings - 1) * float(((sizes / n * (means - mean)) ** 2).sum())
    freedom = PRIOR + trainings - 1
    return Estimate(mean, (PRIOR * usual + (trainings - 1) * between) / freedom, freedom, n, weight)


def ratio(totals: npt.ArrayLike, weights: npt.ArrayLike) -> Estimate:
    """The sum of totals over the sum of weights, both [clusters]: a mean of what has no bounds, such as nats per token.

    Its variance is the linearised one (Cochran 1977, Sampling Techniques, 6.4).
    """
    total, weight = np.asarray(totals, dtype=float), np.asarray(weights, dtype=float)
    mean, facts = float(total.sum() / weight.sum()), len(total)
    if facts == 1:
        return Estimate(mean, math.nan, math.nan, facts)
    residual = total - mean * weight
    return Estimate(mean, facts / (facts - 1) * float(residual @ residual) / float(weight.sum()) ** 2, facts - 1, facts)
