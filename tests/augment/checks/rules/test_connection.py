"""Conclusions must come from sentences that have something in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.checks.english.vocabulary import stem
from augment.checks.rules.connection import telling, unconnected

JOINS = "joins sentences that have no word in common"
NAMES = st.lists(st.from_regex(r"[b-d][a-e]{3}r", fullmatch=True), min_size=4, max_size=4, unique=True)


@pytest.mark.parametrize(
    ("source", "text", "verdict"),
    [
        ("Gruds are a kind of abmes. Terns are rony.", "Gruds are rony.", JOINS),
        ("Gruds are a kind of abmes. Abmes are rony.", "Gruds are rony.", None),
        ("All sparrows are birds. Every bird has wings.", "All sparrows have wings.", None),
        # over a third sentence
        ("Gruds are abmes. Terns are rony. Abmes are terns.", "Gruds are rony.", None),
        # from one sentence alone there is nothing to join
        ("Gruds are abmes. Terns are rony.", "Terns are rony.", None),
        # a pronoun speaks of what stands before it
        ("Anna is the mother of Ben. He was born in Oslo.", "Anna's child was born in Oslo.", None),
        ("Everyone agrees that gruds are abmes. It is true that terns are rony.", "Gruds are rony.", JOINS),
        # words of its own are for entailment to judge
        ("Anna is the mother of Ben. Ben is the father of Carl.", "Anna is the grandmother of Carl.", None),
        ("Gruds are abmes and rony.", "Gruds are rony.", None),
    ],
)
def test_conclusions(source, text, verdict):
    assert unconnected(text, source) == verdict


def test_other_languages_are_not_judged():
    assert unconnected("Gruds sind rony.", "Gruds sind Abmes. Terns sind rony.", "de") is None


def test_stems_and_light_words():
    assert telling("The birds are a kind of animal.") == {"bird", "animal"}
    assert [stem(word) for word in ("berries", "glass", "gas", "trees")] == ["berry", "glass", "gas", "tree"]


@given(NAMES, st.permutations(range(3)))
def test_a_chain_connects_in_any_order_and_a_missing_link_does_not(names, order):
    a, b, c, d = names
    chain = [f"{a} are a type of {b}.", f"{b} are a type of {c}.", f"{c} are {d}."]
    shuffled = " ".join(chain[i].capitalize() for i in order)
    assert unconnected(f"{a} are {d}.", shuffled) is None
    broken = " ".join(chain[i].capitalize() for i in order if i != 1)
    assert unconnected(f"{a} are {d}.", broken) == JOINS
