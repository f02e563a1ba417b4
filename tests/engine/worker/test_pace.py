"""How many requests are in flight: more and more, then slowly more, half when it is too much."""

import itertools
import math

from engine.worker.pace import Pace


def round_of(pace: Pace, now: float) -> int:
    """As many requests as may go, all answered."""
    sent = 0
    while pace.pause(now) == 0:
        pace.sent()
        sent += 1
    assert pace.pause(now) == math.inf
    for _ in range(sent):
        pace.answered()
    return sent


def test_the_limit_grows_by_a_share_until_it_is_too_much_and_then_slowly():
    pace = Pace(most=512, start=4)
    sizes = [round_of(pace, 0.0) for _ in range(20)]
    assert sizes[0] == 4
    assert all(after >= 1.25 * before for before, after in itertools.pairwise(sizes) if after < 512)
    assert sizes[-1] == 512
    pace.sent()
    pace.failed(now=1.0, sent=0.5, overloaded=True)
    assert pace.limit == 256
    sizes = [round_of(pace, 2.0) for _ in range(5)]
    assert sizes[0] == 256
    assert all(1 <= after - before <= 1 + 0.12 * before for before, after in itertools.pairwise(sizes))


def test_one_storm_cuts_once():
    pace = Pace(most=512, start=64)
    for _ in range(64):
        pace.sent()
    for _ in range(64):  # all went out before the first of them was refused
        pace.failed(now=10.0, sent=9.0, overloaded=True)
    assert pace.limit == 32
    pace.sent()
    pace.failed(now=11.0, sent=10.5, overloaded=True)
    assert pace.limit == 16


def test_it_never_falls_below_one():
    pace = Pace(most=512, start=2)
    for now in range(10):
        pace.sent()
        pace.failed(now=float(now), sent=float(now), overloaded=True)
    assert pace.limit == 1
    assert pace.pause(20.0) == 0


def test_nothing_is_sent_before_the_time_that_the_address_names():
    pace = Pace(most=512)
    pace.sent()
    pace.failed(now=100.0, sent=99.0, overloaded=True, wait=30.0)
    assert pace.pause(110.0) == 20.0
    assert pace.pause(131.0) == 0.0
