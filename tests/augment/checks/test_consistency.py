"""Contradictions: the more probable side stays, the corpus always, and no conflict is left."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from augment.checks.consistency import EXACT, contradictions, greedy, independent_set
from augment.checks.english.claims import claim, opposed

MORE, LESS = "femp are more common than glon.", "femp are less common than glon."


def settled(texts, weights, corpus=(), sources=None):
    return contradictions([f"i{n}" for n in range(len(texts))], texts, sources or [""] * len(texts), weights, [*corpus])


def test_the_more_probable_side_stays():
    assert settled([MORE, LESS], [1.0, 2.0]) == ["contradicts a likelier inference: i1", None]


def test_two_that_say_the_same_outweigh_one():
    texts = [LESS, MORE, "Compared with glon, femp are more common."]
    assert settled(texts, [3.0, 2.0, 2.0]) == ["contradicts a likelier inference: i1", None, None]


def test_the_corpus_cannot_be_outweighed_and_what_it_says_stays():
    assert settled([LESS, MORE], [9.0, 0.1], [MORE]) == [f"contradicts the corpus: {MORE}", None]
    assert settled([LESS, MORE], [9.0, 0.1], [MORE, LESS]) == [None, None]


def test_two_together_outweigh_a_third_between_them():
    texts = ["No glon are yomp.", "All glon are yomp.", "Some yomp are glon."]
    found = settled(texts, [3.0, 2.0, 2.0])
    assert found[1:] == [None, None]
    assert found[0] in {f"contradicts a likelier inference: i{n}" for n in (1, 2)}


def test_what_no_rule_reads_is_left_alone():
    assert settled(["The ship sank.", "The ship floats."], [1.0, 0.0]) == [None, None]
    assert settled([], []) == []


def test_weights_that_are_not_positive_do_not_reject_by_themselves():
    assert settled([MORE, LESS], [-1.0, 0.5]) == ["contradicts a likelier inference: i1", None]
    assert settled([MORE], [-1.0]) == [None]


@st.composite
def graphs(draw, most=12):
    count = draw(st.integers(0, most))
    weights = draw(st.lists(st.floats(0.01, 10), min_size=count, max_size=count))
    pairs = [*combinations(range(count), 2)]
    edges = draw(st.sets(st.sampled_from(pairs))) if pairs else set()
    near = [{b for a, b in [*edges, *((y, x) for x, y in edges)] if a == node} for node in range(count)]
    return weights, near


def total(nodes, weights):
    return sum(weights[node] for node in nodes)


@given(graphs())
def test_the_set_has_no_conflict_and_the_largest_weight(graph):
    weights, near = graph
    kept = independent_set(weights, near)
    assert all(not near[node] & kept for node in kept)
    nodes = range(len(weights))
    free = [s for size in range(len(weights) + 1) for s in combinations(nodes, size) if _independent(s, near)]
    assert total(kept, weights) >= max(total(s, weights) for s in free) - 1e-9
    assert total(kept, weights) >= total(greedy(set(nodes), weights, near), weights) - 1e-9


def _independent(nodes, near):
    return all(b not in near[a] for a, b in combinations(nodes, 2))


def test_a_large_component_is_filled_from_the_heaviest_down():
    count = EXACT + 2
    near = [set(range(1, count)), *({0} for _ in range(count - 1))]
    weights = [2.0] + [1.0] * (count - 1)
    assert independent_set(weights, near) == {0}  # greedy: exact would take the leaves
    assert independent_set(weights[:5], [{1, 2, 3, 4}, {0}, {0}, {0}, {0}]) == {1, 2, 3, 4}


TEXTS = st.builds(
    "{} {} are {}.".format, st.sampled_from(["All", "No", "Some"]), *[st.sampled_from(["glon", "yomp", "femp"])] * 2
)


@given(st.lists(st.tuples(TEXTS, st.floats(-1, 5)), max_size=12), st.lists(TEXTS, max_size=3))
def test_no_two_kept_inferences_contradict_each_other_unless_the_corpus_says_both(rows, corpus):
    texts = [text for text, _ in rows]
    found = settled(texts, [weight for _, weight in rows], corpus)
    stated = {claim(sentence) for sentence in corpus}
    kept = {claim(text) for text, reason in zip(texts, found, strict=True) if reason is None} | stated
    for said in kept:
        assert all(said in stated and other in stated for other in opposed(said) if other in kept)


def test_what_speaks_of_it_or_the_drug_is_compared_only_within_its_source():
    apart = settled(
        ["It is waterproof."], [1.0], ["It is not waterproof."], ["The Alder watch is sold. It is waterproof."]
    )
    assert apart == [None]
    (said,) = settled(["It is waterproof."], [1.0], [], ["The Birch watch is sold. It is not waterproof."])
    assert said == "contradicts the corpus: It is not waterproof."


def test_what_critics_claim_refutes_nothing():
    assert settled(["Velanite is safe."], [1.0], ["Critics claim that velanite is not safe."]) == [None]
    assert settled(["Velanite is safe."], [1.0], ["Velanite is not safe."])[0].startswith("contradicts the corpus")
