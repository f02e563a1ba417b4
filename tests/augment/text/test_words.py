"""Texts as they are compared."""

import time

import pytest

from augment.text.words import folded


@pytest.mark.parametrize(
    ("text", "fold"),
    [
        ("It’s “so” — he said ‘no’", "It's \"so\" - he said 'no'"),
        ("1939\u20131945, \u22125 °C", "1939-1945, -5 °C"),
        ("5\u00a0000", "5000"),
        ("5 000 000 or 5,000 or 5\u2009000 or 5’000", "5000000 or 5000 or 5000 or 5000"),
        ("In 2019 300 came; 1,23,456; 3,1415; 1.234,567", "In 2019 300 came; 1,23,456; 3,1415; 1.234,567"),
        ("5,000.", "5000."),
        ("5,000, 6", "5000, 6"),
        ("cafe\u0301", "café"),
        ("co\u00adoperate\u200b, \ufeffso", "cooperate, so"),
        ("ﬁne １２ Ⅳ …", "fine 12 IV ..."),
        ("٣ km and ३", "3 km and 3"),
        ("10² ½ m₂", "10² ½ m₂"),
        ("می\u200cخواهم", "میخواهم"),
        ("A\u00a0B\u202fC\nD", "A B C\nD"),
    ],
)
def test_what_is_written_differently_is_compared_as_one(text, fold):
    assert folded(text) == fold
    assert folded(fold) == fold


def test_folding_is_quick():
    begun = time.perf_counter()
    folded("It’s “so” — 5 000 times. " * 40_000)
    assert time.perf_counter() - begun < 2
