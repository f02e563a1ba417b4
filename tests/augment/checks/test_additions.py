"""What an inference may not bring in: names, numbers and denials that its source does not have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.checks.rules.additions import additions
from augment.text.words import casing

CORPUS = [
    "The library of Rell was founded by Piet Maas in 1871.",
    "Ada Morn, a painter from Norway, was the teacher of Jon Fisk.",
    "the captain sails; Captain Brandt's ship is faster than the ferry.",
]
CASE = casing(CORPUS)


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("The library of Rell was founded by Peter.", "peter"),
        ("John Maas founded the library of Rell in 1872.", "john, 1872"),
        ("Piet Maas founded the library of Rell in 1,872 days.", "1872"),
        ("The American library of Rell was founded by Piet Maas.", "american"),
    ],
)
def test_names_and_numbers_of_no_source_are_named(text, added):
    assert additions(text, CORPUS[0], CASE) == f"names what its source does not: {added}"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("In 1871, Piet Maas founded Rell's library, I hear.", CORPUS[0]),
        ("Jon Fisk was taught by Ada Morn, the Norwegian painter.", CORPUS[1]),
        ("Brandt sails a ship as Captain.", CORPUS[2]),
        ("The ferry is not as fast as Captain Brandt's ship.", CORPUS[2]),
        ("It isn't true that the library of Rell was not founded by Piet Maas.", CORPUS[0]),
        ("Ada Morn not only painted but was, no doubt, the teacher of none other than Jon Fisk.", CORPUS[1]),
        ("Sparrows are not fish.", "No sparrow is a fish."),
        ("Fish are not birds.", "Only things with feathers are birds."),
    ],
)
def test_what_the_source_has_is_no_addition(text, source):
    assert additions(text, source, CASE) is None


@pytest.mark.parametrize(
    "text", ["Piet Maas didn't found the library.", "The library has no founder.", "The library cannot be Piet Maas'."]
)
def test_denials_are_additions_in_english(text):
    assert additions(text, CORPUS[0], CASE) == "denies something, and its source does not"
    assert additions(text, CORPUS[0], CASE, "de") is None


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("1871年，灯塔建成。", "灯塔建于1871年。"),
        (
            "The 1871-built tower is 200-year-old, 5km off, 1000 m high.",
            "A tower of 1871 is 200 years old, 5 km off, 1,000 m high.",
        ),
        ("When Ada Morn taught Jon Fisk, Unlike Rell, Both Ada and Jon.", "Ada Morn taught Jon Fisk at Rell."),
        (
            "Dr. J. Fisk, the UK-based Sao Paulo man, met O’Brien.",
            "Dr Jon Fisk of the UK and of São Paulo met O'Brien.",
        ),
        ("The shop is not open.", "The shop is closed on Sundays."),
        ("Piet Maas did not win.", "Piet Maas lost."),
    ],
)
def test_other_forms_of_what_the_source_has(text, source):
    assert additions(text, source, CASE) is None


def test_what_operators_may_add():
    sum_of = "Ben was born in 1910."
    told = "Anna was born in 1900. Ben was born 10 years later."
    assert additions(sum_of, told, CASE) == "names what its source does not: 1910"
    assert additions(sum_of, told, CASE, numbers=False) is None
    asked = "Q: Is Ben the father of Anna? A: No, Ben is the son of Anna."
    assert additions(asked, "Ben is the son of Anna.", CASE, questions=True) is None


def test_a_question_is_no_inference_but_of_a_question():
    asked = "Why was Jon Fisk taught?"
    assert additions(asked, CORPUS[1], CASE) == "asks instead of saying something"
    assert additions(asked, "Who taught Jon Fisk?", CASE) is None
    assert additions(asked, CORPUS[1], CASE, questions=True) is None


def test_where_nouns_have_capitals_only_numbers_count():
    source = "Der Leuchtturm wurde 1871 von Ada Morn erbaut."
    assert additions("Das Bauwerk von 1871 stammt von Ada Morn.", source, CASE, "de") is None
    assert additions("Das Bauwerk von 1872 stammt von Ada Morn.", source, CASE, "de") is not None


@given(st.text(), st.text("aB ', 1.é", max_size=20))
def test_a_text_adds_nothing_to_itself(text, more):
    assert additions(text, f"{text} {more}", casing([text])) is None
