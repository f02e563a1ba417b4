"""How many requests an address is asked at once: more as long as it answers, half of it when it says that it is too much.

Additive increase and multiplicative decrease, as TCP (Chiu and Jain 1989), begun by steps that grow with the limit. Pure logic; times are seconds of one clock.
"""

import math

START = 64
GROWTH = 0.1
"""Share by which the limit grows with a round, besides 1: answers of a large model take long, and a storm must not cost hours."""


class Pace:
    """`limit` requests may be in flight."""

    def __init__(self, most: int, start: int = START):
        self.most, self.limit = most, float(min(start, most))
        self.flying = 0
        self.steep = True
        """Whether the limit still grows by one with every answer, and not with every round of them."""
        self.cut_at = -math.inf
        self.closed_until = -math.inf
        """The address has asked to be left alone until then."""

    def pause(self, now: float) -> float:
        """How long the next request has to wait: 0, or inf until another one returns."""
        if now < self.closed_until:
            return self.closed_until - now
        return math.inf if self.flying >= int(self.limit) else 0.0

    def sent(self) -> None:
        """A request goes out."""
        self.flying += 1

    def answered(self) -> None:
        """A request has its answer: there is room for more, where as much as half of the limit was in use."""
        if 2 * self.flying > self.limit:
            self.limit = min(self.most, self.limit + (1.0 if self.steep else 1.0 / self.limit + GROWTH))
        self.flying -= 1

    def failed(self, now: float, sent: float, overloaded: bool, wait: float = 0.0) -> None:
        """A request that went out at `sent` has none. What was sent before the last cut says nothing of what is left since."""
        self.flying -= 1
        self.closed_until = max(self.closed_until, now + wait) if wait else self.closed_until
        if overloaded and sent >= self.cut_at:
            self.limit, self.cut_at, self.steep = max(1.0, self.limit / 2), now, False
