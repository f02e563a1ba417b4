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
        ("John Maas founded the library of Rell in 1872.", "john"),
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


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("The World Health Organization (WHO) advised against it.", "The WHO advised against it."),
        ("The WHO advised against it.", "The World Health Organization advised against it."),
        ("The painter Ada Morn is from France.", "Ada Morn is a French painter."),
        ("The Dutch engineer Piet Maas retired.", "Piet Maas, an engineer from the Netherlands, retired."),
    ],
)
def test_names_in_another_form(text, source):
    assert additions(text, source, casing([text, source])) is None


def test_names_may_come_from_the_context():
    text, source = "Piet Maas founded Acme Robotics in 1998.", "It was founded in 1998 by Piet Maas."
    case = casing([source, "Acme Robotics"])
    assert additions(text, source, case) == "names what its source does not: acme, robotics"
    assert additions(text, source, case, "Acme Robotics") is None


def test_particles_of_another_script_are_no_part_of_a_name():
    case = casing(["서버는 API를 쓴다."])
    assert additions("이 서버가 쓰는 것은 API이다.", "서버는 API를 쓴다.", case, language="ko") is None


def test_a_name_that_only_begins_like_another_is_new():
    text, source = "The prize went to Christopher Lund.", "The prize went to Christine Lund."
    assert additions(text, source, casing([text, source])) == "names what its source does not: christopher"


@pytest.mark.parametrize("asked", ["Who taught Jon Fisk?", "谁教了 Jon Fisk？"])
def test_a_question_says_nothing(asked):
    assert additions(asked, CORPUS[1], CASE) == "asks instead of saying something"
    assert additions(asked, "Who taught Jon Fisk?", CASE) is None
    assert additions(asked, CORPUS[1], CASE, questions=True) is None


def test_in_german_every_noun_has_a_capital():
    assert (
        additions("Das Bauwerk von 1871 stammt von Ada Morn.", "Ada Morn baute den Turm 1871.", CASE, language="de")
        is None
    )


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60), st.text(max_size=60))
def test_a_text_adds_nothing_to_itself(text, more):
    assert additions(text, f"{text} {more}", casing([text])) is None
