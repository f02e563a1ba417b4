"""The syllogisms: their logic against set models, sizes, seeds, and that nothing gives an answer away."""

import json
from collections import Counter
from itertools import product
from random import Random

import pytest
from drawn import SEEDS, accuracy, worlds
from hypothesis import given
from hypothesis import strategies as st

from augment.text.sentences import split_sentences
from augment.text.words import normal
from eval.benchmarks.base import context
from eval.benchmarks.syllogisms.logic import FORMS, PATCHED, STATEMENTS, VALID, Form, implied, strongest
from eval.benchmarks.syllogisms.world import SIZES, load, read

WORLDS = worlds(8)
NAMES = frozenset({"femp", "glon", "trusk"})
MOODS = {
    "Barbara": ("all", "all", 1, "all S P"),
    "Celarent": ("no", "all", 1, "no S P"),
    "Darii": ("all", "some", 1, "some S P"),
    "Cesare": ("no", "all", 2, "no S P"),
    "Camestres": ("all", "no", 2, "no S P"),
    "Darapti": ("all", "all", 3, "some S P"),
    "Disamis": ("some", "all", 3, "some S P"),
    "Datisi": ("all", "some", 3, "some S P"),
    "Bramantip": ("all", "all", 4, "all P S"),
    "Camenes": ("all", "no", 4, "no S P"),
    "Dimaris": ("some", "all", 4, "some S P"),
}


def set_models():
    """Statements that hold, for every choice of three non-empty sets of four things."""
    models = []
    for sets in product(range(1, 16), repeat=3):
        things = dict(zip("SMP", sets, strict=True))
        true = {("all", x, y) for x, y in product("SMP", "SMP") if x != y and not things[x] & ~things[y]}
        true |= {("some", x, y) for x, y in product("SMP", "SMP") if x != y and things[x] & things[y]}
        true |= {("no", x, y) for x, y in product("SMP", "SMP") if x != y and not things[x] & things[y]}
        models.append(true)
    return models


def test_the_reasoner_is_sound_and_complete_against_set_models():
    models = set_models()
    for form in FORMS:
        fitting = [true for true in models if set(form.premises) <= true]
        assert implied(*form.premises) == frozenset(STATEMENTS).intersection(*fitting)
    for premise in STATEMENTS:
        fitting = [true for true in models if premise in true]
        assert implied(premise) == frozenset(STATEMENTS).intersection(*fitting)


def test_the_valid_forms_are_those_of_the_tradition():
    assert {Form(*mood[:3]) for mood in MOODS.values()} == set(VALID)
    for first, second, figure, conclusion in MOODS.values():
        assert tuple(conclusion.split()) in strongest(Form(first, second, figure), "SP")
    assert len(FORMS) == 36


def test_words_exist_so_all_implies_some():
    assert {("some", "S", "P"), ("some", "P", "S")} <= implied(("all", "S", "P"))
    assert ("some", "S", "P") in implied(*Form("all", "all", 3).premises)
    assert implied(("no", "S", "P")) == {("no", "S", "P"), ("no", "P", "S")}


@pytest.mark.parametrize("form", FORMS)
def test_right_is_one_statement_or_two_that_say_the_same(form):
    for pair in ("SP", "SM", "MP"):
        right = strongest(form, pair)
        assert len(right) <= 2
        assert all(implied(s) == implied(right[0]) for s in right)
        weaker = [s for s in implied(*form.premises) if {s[1], s[2]} == set(pair) and s not in right]
        assert all(s in implied(right[0]) and right[0] not in implied(s) for s in weaker)


@pytest.mark.parametrize("size", SIZES)
def test_sizes(size):
    world = load(0, size)
    assert world.documents.height == SIZES[size] == world.documents["doc_id"].n_unique()
    assert world.documents["fact"].n_unique() == SIZES[size]
    assert dict(world.questions["split"].value_counts().rows()) == dict.fromkeys(world.chance, SIZES[size])
    assert world.questions["question_id"].n_unique() == 2 * SIZES[size]
    assert set(world.questions["choices"].list.len()) == {6}
    rows = world.questions.filter(split="syllogism")
    assert rows["subtype"].n_unique() == len(VALID) - len(PATCHED) == 8
    conclusions = Counter(row["choices"][row["answer"]].split()[0] for row in rows.iter_rows(named=True))
    assert conclusions["All"] == round(SIZES[size] * 3 / 11)
    assert 0 <= conclusions["Some"] - conclusions["No"] <= 1
    # guessing is right in one of six, or in two where the right one can be said in two directions: about as often as "all" is right
    assert world.chance["syllogism"] == pytest.approx(3 / 11, abs=0.02)


def test_the_context_fits_the_embedded_model():
    for size in SIZES:
        assert len(context(load(0, size).documents, 0, 1).split()) < 1500


def test_a_document_names_its_words_and_states_two_premises():
    world = load(0)
    row = world.documents.row(0, named=True)
    facts = json.loads(row["meta"])["facts"]
    assert row["text"].startswith("The relationships between ")
    assert row["text"].endswith(f" are: {row['fact']}")
    assert row["fact"] == " ".join(facts)
    assert len(split_sentences(row["text"])) == len(facts) == 2


@WORLDS
@given(SEEDS)
def test_right_choices_follow_and_no_wrong_one_does_unless_a_right_one_is_stronger(seed):
    world = load(seed, "small")
    derivations = world.derivations
    every = frozenset().union(*world.closure.values())
    for row in world.questions.iter_rows(named=True):
        claims = [world.read(choice) for choice in row["choices"]]
        assert len(set(claims)) == 6
        assert row["answer"] in row["right"]
        assert all(claims[i] in every for i in row["right"])
        for i in set(range(6)) - set(row["right"]):
            assert claims[i] not in every or (claims[i][0], claims[row["answer"]][0]) == ("some", "all")
        assert world.read(world.stated[row["question_id"]]) == claims[row["answer"]]
        assert derivations[claims[row["answer"]]] == (row["split"], tuple(row["needs"]))


@WORLDS
@given(SEEDS)
def test_needs_are_stated_and_conclusions_are_not(seed):
    world = load(seed, "small")
    said = {normal(fact) for meta in world.documents["meta"] for fact in json.loads(meta)["facts"]}
    corpus = "\n".join(map(normal, world.documents["text"]))
    assert {world.read(s) for text in world.documents["text"] for s in split_sentences(text)} == world.closure[
        "rephrasing"
    ]
    for row in world.questions.iter_rows(named=True):
        assert {normal(need) for need in row["needs"]} <= said
        if row["split"] == "syllogism":
            assert len(row["needs"]) == 2
            assert not any(normal(choice) in corpus for choice in row["choices"])


def test_known_answers():
    rng = Random(0)
    scores = {"closure": [], "stated": [], "random": [], "single": []}
    for seed in range(12):
        world = load(seed)
        every, said = frozenset().union(*world.closure.values()), world.closure["rephrasing"]

        def by_closure(row, every=every, read=world.read):
            order = {"all": 0, "no": 1, "some": 2}
            true = [(order[read(c)[0]], i) for i, c in enumerate(row["choices"]) if read(c) in every]
            return min(true)[1]

        def by_stated(row, said=said, read=world.read):
            return next((i for i, c in enumerate(row["choices"]) if read(c) in said), rng.randrange(6))

        assert accuracy(world, "syllogism", by_closure) == accuracy(world, "rephrasing", by_closure) == 1
        assert accuracy(world, "rephrasing", by_stated) == 1
        scores["stated"].append(accuracy(world, "syllogism", by_stated) - world.chance["syllogism"])
        guesses = [accuracy(world, s, lambda row: rng.randrange(6)) - c for s, c in world.chance.items()]
        scores["random"] += guesses
        rows = world.questions.iter_rows(named=True)
        scores["single"].append(sum(rng.randrange(6) == row["answer"] for row in rows) / 138 - 1 / 6)
    for name in ("stated", "random", "single"):
        assert abs(sum(scores[name]) / len(scores[name])) < 0.05


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("All glon are femp.", ("all", "glon", "femp")),
        ("Therefore, every glon is a femp.", ("all", "glon", "femp")),
        ("The relationships between femp and glon are: No femp are glon.", ("no", "femp", "glon")),
        ("I learned that some trusk are glon", ("some", "trusk", "glon")),
        ("Some glon are not femp.", None),
        ("Not all glon are femp.", None),
        ("All glon are femp or trusk.", None),
        ("All glon are femp, so some femp are glon.", None),
        ("All glon are glon.", None),
        ("All glon are wugs.", None),
        ("", None),
    ],
)
def test_reading(text, claim):
    assert read(text, NAMES) == claim


@given(st.text())
def test_any_text_can_be_read(text):
    assert read(text, NAMES) is None or "femp" in text or "glon" in text
