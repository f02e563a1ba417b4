"""The benchmark of simple reversals: its size, its seeds, its closure, and that it gives no answer away."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.text.words import normal
from engine.config import PICO
from engine.errors import UserError
from eval.benchmarks.reversals import DIMENSIONS, OPPOSITE, PREAMBLES, load, read
from eval.config import BenchmarkConfig
from train.pico.worlds import comparisons

SEEDS = st.integers(0, 10_000)


def test_the_sizes_of_the_paper():
    world = load(0)
    facts = world.documents["fact"]
    assert world.documents.height == 1000
    assert facts.n_unique() == 100
    assert set(facts.value_counts()["count"]) == {10}
    assert world.questions["split"].value_counts().sort("split").rows() == [("rephrasing", 100), ("reversal", 100)]
    assert len({name for fact in facts for name in re.findall(r"^(\w+) .* (\w+)\.$", fact)[0]}) == 200
    assert len(set(DIMENSIONS)) == len(DIMENSIONS) == 28
    assert world.documents["doc_id"].n_unique() == 1000
    assert world.questions["question_id"].n_unique() == 200
    assert world.chance == {"rephrasing": 0.5, "reversal": 0.5}


def test_an_article_is_a_preamble_and_the_fact():
    world = load(0, 20, 7)
    for text, fact in world.documents.select("text", "fact").iter_rows():
        assert text.removesuffix(f" {fact}") in PREAMBLES
    assert world.documents["text"].n_unique() == 140


def test_all_dimensions_and_both_degrees_occur():
    facts = " ".join(load(0).documents["fact"])
    assert sum(dimension in facts for dimension in DIMENSIONS) >= 25
    assert " more " in facts
    assert " less " in facts


@settings(max_examples=8)
@given(SEEDS)
def test_a_seed_names_one_world(seed):
    first, again, other = load(seed, 10, 3), load(seed, 10, 3), load(seed + 1, 10, 3)
    assert first.documents.equals(again.documents)
    assert first.questions.equals(again.questions)
    assert first.stated == again.stated
    assert not set(first.documents["doc_id"]) & set(other.documents["doc_id"])
    assert not set(first.questions["question_id"]) & set(other.questions["question_id"])


@settings(max_examples=8)
@given(SEEDS, st.integers(1, 60))
def test_no_document_states_a_reversed_form(seed, facts):
    world = load(seed, facts, 2)
    corpus = "\n".join(map(normal, world.documents["text"]))
    said = set(map(world.read, world.documents["text"]))
    for row in world.questions.filter(split="reversal").iter_rows(named=True):
        for choice in row["choices"]:
            assert " " + normal(row["stem"] + choice) not in corpus
        assert (
            " " + row["stem"] not in corpus
        )  # the entity asked about is never a subject (a preamble stands before one)
    assert said == world.closure["rephrasing"]
    assert not said & world.closure["reversal"]


@settings(max_examples=8)
@given(SEEDS)
def test_the_right_answer_follows_from_the_facts_and_the_wrong_one_contradicts_them(seed):
    world = load(seed, 15, 1)
    for row in world.questions.iter_rows(named=True):
        right, wrong = row["choices"][row["answer"]], row["choices"][1 - row["answer"]]
        sentence = row["stem"] + right
        assert world.read(sentence) in world.closure[row["split"]]
        assert world.read(row["stem"] + wrong) not in frozenset().union(*world.closure.values())
        assert world.stated[row["question_id"]] == sentence
        (needed,) = row["needs"]
        a, degree, dimension, b = world.read(needed)
        turned = (b, OPPOSITE[degree], dimension, a)
        assert world.read(sentence) == (turned if row["split"] == "reversal" else (a, degree, dimension, b))


def test_the_place_of_the_right_answer_tells_nothing():
    answers = load(0).questions.filter(split="reversal")["answer"]
    assert 30 < answers.sum() < 70


def test_the_closure_has_every_fact_in_both_directions():
    closure = load(0, 30, 1).closure
    assert {kind: len(statements) for kind, statements in closure.items()} == {"rephrasing": 30, "reversal": 30}
    assert {(b, OPPOSITE[d], x, a) for a, d, x, b in closure["rephrasing"]} == closure["reversal"]


@given(st.sampled_from(["more", "less"]), st.sampled_from(DIMENSIONS), st.sampled_from(PREAMBLES))
def test_every_wording_of_the_embedded_model_is_understood(degree, dimension, preamble):
    fact = ("femp", degree, dimension, "glon")
    names = frozenset({"femp", "glon", "trusk"})
    for sentence in (comparisons.plain(fact), *comparisons.rewordings(fact)):
        assert read(sentence, names) == fact
        assert read(f"{preamble} {sentence}", names) == fact
    for sentence in comparisons.rewordings(comparisons.reverse(fact)):
        assert read(sentence, names) == comparisons.reverse(fact)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "femp are dangerous.",
        "femp are more dangerous.",
        "femp, glon and trusk are more dangerous.",
        "more x than y",
    ],
)
def test_what_is_no_comparison_of_two_is_not_understood(text):
    assert read(text, frozenset({"femp", "glon", "trusk"})) is None


@given(st.text())
def test_any_text_can_be_read(text):
    assert read(text, frozenset({"femp", "glon"})) is None or "femp" in text


@pytest.mark.parametrize("facts", [0, -1, 513, 10**9])
def test_too_many_or_no_facts_say_how_many_are_possible(facts):
    with pytest.raises(UserError, match=r"benchmark\.facts is .*choose from 1 to 512"):
        load(0, facts)


@pytest.mark.parametrize("articles", [0, 31])
def test_too_many_articles_say_how_many_are_possible(articles):
    with pytest.raises(UserError, match=r"benchmark\.articles is .*choose from 1 to 30"):
        load(0, 10, articles)


def test_the_largest_world_can_be_made():
    words = (PICO / "lexicon.txt").read_text().split()
    assert load(0, len(words) // 2, len(PREAMBLES)).documents.height == len(words) // 2 * len(PREAMBLES)


def test_the_config_reaches_the_benchmark():
    from eval.benchmarks.registry import load as by_name

    config = BenchmarkConfig(facts=7, articles=3)
    assert by_name(config, 5).documents.equals(load(5, 7, 3).documents)
    assert by_name(BenchmarkConfig(), 0).documents.height == 1000
