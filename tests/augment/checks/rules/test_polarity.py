"""Denials and opposites: what a source's own words rule out, and what follows from other words."""

import pytest

from augment.checks.rules.polarity import polarity


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Penicillin was not discovered by Fleming.", "Penicillin was discovered by Fleming."),
        ("Piet Maas didn't found the library.", "The library was founded by Piet Maas."),
        ("The watch is waterproof.", "The watch is not waterproof."),
        ("Sales fell in 2019.", "Sales rose in 2019."),
        ("Ada died after the war.", "Ada died before the war."),
        ("The board approved the proposal.", "The board rejected the proposal."),
        ("Norway is smaller than Latvia.", "Norway is larger than Latvia."),
    ],
)
def test_denials_and_opposites_are_named(text, source):
    assert polarity(text, source) is not None


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("The board did not accept the proposal.", "The board rejected the proposal."),
        ("Visitors do not have to pay.", "Entry is free of charge."),
        ("The shop is not open.", "The shop is closed on Sundays."),
        ("Piet Maas did not win.", "Piet Maas lost."),
        ("Latvia is smaller than Norway.", "Norway is larger than Latvia."),
        ("The war began after Ada died.", "Ada died before the war began."),
        ("The drug works in adults.", "The drug works in adults but not in children."),
        ("The bridge opened in 1998 or later.", "The bridge did not open before 1998."),
        ("The library of Rell was not founded by anyone but Piet Maas.", "Only Piet Maas founded the library of Rell."),
        ("Sparrows are not fish.", "No sparrow is a fish."),
        ("Two thirds of the staff do not work on shore.", "A third of the staff work on shore."),
        ("Carla Voss was not there when the chair thanked her.", "The chair thanked Carla Voss in her absence."),
    ],
)
def test_what_follows_from_other_words_stays(text, source):
    assert polarity(text, source) is None


@pytest.mark.parametrize(
    ("language", "text", "source"),
    [
        ("de", "Die Uhr ist wasserdicht.", "Die Uhr ist nicht wasserdicht."),
        ("es", "El reloj es resistente al agua.", "El reloj no es resistente al agua."),
        ("fi", "Myynti laski vuonna 2019.", "Myynti nousi vuonna 2019."),
        ("zh", "销量在2019年下降。", "销量在2019年上升。"),
        ("ru", "Цены упали в марте.", "Цены выросли в марте."),
    ],
)
def test_other_languages(language, text, source):
    assert polarity(text, source, "", language) is not None
    assert polarity(source, source, "", language) is None


def test_a_language_without_words_says_nothing():
    assert polarity("Saa si hii.", "Saa ni hii.", "", "sw") is None


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Wages in Gorizia are higher than in Novi Breg.", "Gorizia makes vans for Novi Breg, where wages are lower."),
        ("Lieke was slower than her sister.", "Anouk swam faster than her sister Lieke."),
        ("It was from Stavros that Eleni learned the work.", "Stavros taught Eleni the work."),
        ("The tadpoles that were eaten fell prey to newts.", "Tadpoles that were eaten by newts grew long tails."),
        ("The ferry will not leave on time.", "The ferry will leave an hour late."),
    ],
)
def test_the_same_from_the_other_end_is_no_opposite(text, source):
    assert polarity(text, source) is None


def test_a_comparison_with_both_sides_in_place_may_be_the_opposite():
    assert polarity("The ferry is faster than the seaplane.", "The ferry is slower than the seaplane.")
