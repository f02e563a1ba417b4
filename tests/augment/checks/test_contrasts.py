"""Negations and contrasts that are known, sentences that no rule is sure of, and which claims oppose each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.checks.english.claims import claim, opposed
from augment.checks.english.contrasts import rivals
from augment.checks.english.wordings import plain, turned


def negate(text, language="en"):
    """The first rival: what cannot be true together with the text."""
    return next(iter(rivals(text, language)), None)


NAMES = st.sampled_from(["femp", "glon", "blick", "new york"])
SENTENCES = st.one_of(
    st.builds("{} are {} {} than {}.".format, NAMES, st.sampled_from(["more", "less"]), st.just("common"), NAMES),
    st.builds("{} {} are {}.".format, st.sampled_from(["All", "No", "Some"]), NAMES, NAMES),
    st.builds("Some {} are not {}.".format, NAMES, NAMES),
    st.builds("{} {} {}.".format, NAMES, st.sampled_from(["can", "cannot", "are", "are not"]), NAMES),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("femp are more common than glon.", "femp are less common than glon."),
        ("Compared with glon, femp are less common.", "Compared with glon, femp are more common."),
        (
            "Did you know that femp tend to be more common than glon?",
            "Did you know that femp tend to be less common than glon?",
        ),
        ("Trains are faster than bicycles.", "Bicycles are faster than trains."),
        ("All glon are yomp.", "No glon are yomp."),
        ("It is true that no glon are yomp.", "It is true that some glon are yomp."),
        ("Some glon are yomp.", "No glon are yomp."),
        ("Some glon are not yomp.", "All glon are yomp."),
        ("Every whale is a mammal.", "No whale is a mammal."),
        ("grud are a type of abme.", "grud are not a type of abme."),
        ("grud can blick.", "grud cannot blick."),
        ("Penguins cannot fly.", "Penguins can fly."),
        ("Penguins can not fly.", "Penguins can fly."),
        ("Cats have tails.", "Cats do not have tails."),
        ("She has written a book.", "She has not written a book."),
        ("Ben is the child of Anna.", "Ben is not the child of Anna."),
        ("In 1912, the ship was built.", "In 1912, the ship was not built."),
    ],
)
def test_known_negations(text, expected):
    assert negate(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The ship sank.",
        "Is femp dangerous?",
        "It is not true that all glon are yomp.",
        "Nobody doubts that femp are more common than glon.",
        "All glon are not yomp.",
        "Among the things that are rony are grud.",
        "The man who is tall sings.",
        "Birds never are mammals.",
        "The more is known, the less is said.",
        "It rains. The sun is out.",
        "Das Haus steht leer.",
    ],
)
def test_where_no_rule_is_sure_there_is_no_negation(text):
    assert negate(text) is None


def test_other_languages_are_left_alone():
    assert negate("Dit is een huis.", "nl") is None
    assert claim("Dit is een huis.", "nl") is None


def test_overstatement_and_a_wrong_direction_have_rivals():
    assert rivals("All glon are yomp.") == ["No glon are yomp.", "Some glon are yomp.", "All yomp are glon."]
    assert rivals("Every whale is a mammal.") == ["No whale is a mammal.", "Some whale is a mammal."]
    assert rivals("grud are a type of abme.") == ["grud are not a type of abme.", "abme are a type of grud."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("People find femp less common than glon.", "femp are less common than glon."),
        ("Compared with glon, femp are more common.", "femp are more common than glon."),
        ("It is known that Rome is known to be more common than Bern.", "Rome is more common than Bern."),
        ("In other words, all glon are yomp.", "all glon are yomp."),
        ("In 1912, all glon were yomp.", "In 1912, all glon were yomp."),
        ("The abme include grud.", "The abme include grud."),
        ("Note: grud are thought to be rony.", "grud are rony."),
        ("grud know how to swim.", "grud can swim."),
        ("Ben is able to swim.", "Ben can swim."),
        ("grud possess fins.", "grud have fins."),
        ("grud belong to the abme.", "grud are a type of abme."),
        ("The members belong to the old club.", "The members belong to the old club."),
        ("grud are not known to be rony.", "grud are not known to be rony."),
    ],
)
def test_plain_wordings(text, expected):
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("femp are more common than glon.", "glon are less common than femp."),
        ("Anna is less famous than Ben.", "Ben is more famous than Anna."),
        ("No glon are yomp.", "No yomp are glon."),
        ("grud are a type of abme.", "The abme include grud."),
        ("grud can swim.", "Among the things that can swim are grud."),
    ],
)
def test_turned_and_back(text, expected):
    assert turned(text) == expected
    assert turned(expected) == text


@pytest.mark.parametrize(
    "text", ["All glon are yomp.", "They are old.", "She is old.", "grud are not rony.", "The ship sank."]
)
def test_what_cannot_be_turned(text):
    assert turned(text) is None


def test_wordings_of_one_comparison_are_one_claim():
    wordings = [
        "femp are more common than glon.",
        "glon are less common than femp.",
        "Compared with glon, femp are more common.",
        "People find glon less common than femp.",
        "It is said that femp tend to be more common than glon.",
    ]
    assert {claim(text) for text in wordings} == {("more", "", "femp", "common", "glon")}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("femp are more common than glon.", "glon are more common than femp."),
        ("femp are more common than glon.", "Compared with glon, femp are less common."),
        ("Anna is taller than Ben.", "Ben is taller than Anna."),
        ("All glon are yomp.", "It holds that no yomp are glon."),
        ("All glon are yomp.", "Some glon are not yomp."),
        ("No glon are yomp.", "Some yomp are glon."),
        ("grud can fly.", "In general, grud cannot fly."),
    ],
)
def test_contradictions(text, other):
    assert claim(other) in opposed(claim(text))


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("femp are more common than glon.", "femp are less common than blick."),
        ("femp are more common than glon.", "femp are less famous than glon."),
        ("Some glon are yomp.", "Some glon are not yomp."),
        ("All glon are yomp.", "All yomp are glon."),
        ("In 1912, Ann was mayor.", "In 1950, Ann was not mayor."),
    ],
)
def test_what_can_be_true_together(text, other):
    assert claim(other) not in opposed(claim(text))


@given(SENTENCES)
def test_a_negation_contradicts_its_sentence_both_ways(text):
    other = negate(text)
    assert other is not None
    assert claim(other) in opposed(claim(text))
    assert claim(text) in opposed(claim(other))


@given(st.text(max_size=60))
def test_any_text_goes_through(text):
    assert text not in rivals(text) or not text
    said = claim(text)
    assert said is None or all(said in opposed(other) for other in opposed(said))
    assert isinstance(plain(text), str)
