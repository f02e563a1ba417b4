"""How many were right: shares with their 95% interval, and whether one way is right more often than another."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from augment.review.decisions import Decision

Z95 = 1.959963984540054


class Share(NamedTuple):
    """`right` of `of`, and the 95% Wilson interval of the share."""

    right: int
    of: int
    low: float
    high: float

    def __str__(self) -> str:
        """As 46 of 50, 92.0% [81.2, 96.8]."""
        return (
            f"{self.right:,} of {self.of:,}, {self.right / self.of:.1%} [{100 * self.low:.1f}, {100 * self.high:.1f}]"
        )


def share(right: int, of: int) -> Share:
    """A share of at least one, with its interval (Wilson 1927)."""
    z2 = Z95**2 / of
    centre = (right / of + z2 / 2) / (1 + z2)
    half = math.sqrt(right / of * (1 - right / of) * z2 + z2**2 / 4) / (1 + z2)
    return Share(right, of, max(0.0, centre - half), min(1.0, centre + half))


def precision(decisions: Iterable[Decision]) -> dict[str, Share]:
    """By the random sample in which rows were drawn, the share of them that a person kept as they were.

    The page draws them from what the checks kept. An edited one was not right as it was.
    """
    kept: dict[str, list[bool]] = {}
    for one in decisions:
        if one.sample:
            kept.setdefault(one.sample, []).append(one.decision == "keep")
    return {sample: share(sum(right), len(right)) for sample, right in sorted(kept.items())}


def sign_test(better: int, worse: int) -> float:
    """The chance of so many better among those where two ways differ, or more, if neither is better (exact, one-sided)."""
    n = better + worse
    return sum(math.comb(n, k) for k in range(better, n + 1)) / 2**n
