"""The reasoner against brute force: everything that follows, nothing else, and no derivation with fewer facts."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from eval.benchmarks.closure import Derivation, Known, by_kind, derive
from eval.benchmarks.semantic.hierarchy import inherit, invert
from eval.benchmarks.semantic.wordings import INVERSE

RULES = (inherit, invert)
PLACES = st.sampled_from("abcd")
TYPES = st.tuples(PLACES, st.just("type"), PLACES).filter(lambda s: s[0] < s[2])
TRAITS = st.tuples(PLACES, st.just("trait"), st.sampled_from(["red", "big"]))
ACTIONS = st.tuples(PLACES, st.just("eat"), PLACES)
FACTS = st.lists(TYPES | TRAITS | ACTIONS, unique=True, max_size=6)


def fixpoint(facts):
    """All that follows, by trying every pair of statements until nothing new appears."""
    every = set(facts)
    while True:
        forward = [s for s in every if not s[1].startswith(INVERSE)]
        new = {(c, r, z) for c, t, p in forward for s, r, z in forward if t == "type" and p == s}
        new |= {(o, INVERSE + r, s) for s, r, o in forward}
        if new <= every:
            return every
        every |= new


@settings(max_examples=60, deadline=None)
@given(FACTS)
def test_sound_and_complete(facts):
    assert set(derive(facts, RULES)) == fixpoint(facts)


@settings(max_examples=40, deadline=None)
@given(FACTS)
def test_derivations_hold_and_are_shortest(facts):
    found = derive(facts, RULES)
    follows = {chosen: fixpoint(chosen) for n in range(len(facts) + 1) for chosen in combinations(facts, n)}
    for statement, needs in found.items():
        assert set(needs) <= set(facts)
        assert statement in fixpoint(needs)
        assert len(needs) == min(len(chosen) for chosen, implied in follows.items() if statement in implied)


@settings(max_examples=20, deadline=None)
@given(FACTS, st.randoms())
def test_the_order_of_the_facts_changes_no_length(facts, random):
    shuffled = random.sample(facts, len(facts))
    lengths = [{s: len(needs) for s, needs in derive(order, RULES).items()} for order in (facts, shuffled)]
    assert lengths[0] == lengths[1]


def test_a_chain():
    facts = [("grud", "type", "abme"), ("abme", "type", "zif"), ("zif", "trait", "rony")]
    found = derive(facts, RULES)
    assert found[("grud", "trait", "rony")] == tuple(facts)
    assert found[("rony", "~trait", "abme")] == tuple(facts[1:])
    assert found[("abme", "~type", "grud")] == (facts[0],)
    assert ("abme", "type", "grud") not in found
    assert len(found) == 12


def test_a_fact_used_twice_is_named_once():
    def double(new, known: Known):
        yield (*new, "again"), (new, new)

    short = [("a",)]
    (_, needs), *_ = [
        (s, n) for s, n in derive(short, [lambda s, k: double(s, k) if len(s) == 1 else iter(())]).items() if s[1:]
    ]
    assert needs == (("a",),)


def test_nothing_follows_from_nothing():
    assert derive([], RULES) == {}


def test_by_kind():
    derivations = {("a", "b"): Derivation("x", ("1",)), ("c", "d"): Derivation("y", ()), ("e",): Derivation("x", ())}
    assert by_kind(derivations) == {"x": frozenset({("a", "b"), ("e",)}), "y": frozenset({("c", "d")})}
