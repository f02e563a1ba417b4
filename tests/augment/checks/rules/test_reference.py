"""Lines that can be understood alone, and lines that cannot."""

import pytest

from augment.checks.rules.reference import unresolved

SOURCE = "It was founded in 1998 by Piet Maas."


@pytest.mark.parametrize(
    "text",
    [
        "It was founded in 1998.",
        "Piet Maas founded it in 1998.",
        "The company was founded by Piet Maas.",
        "He founded Acme in 1998.",
        "They moved to Oslo.",
        "The latter was founded by Piet Maas.",
    ],
)
def test_what_stands_for_nothing_is_named(text):
    assert unresolved(text, SOURCE).startswith("does not say what it speaks of: ")


@pytest.mark.parametrize(
    "text",
    [
        "Piet Maas founded Acme Robotics in 1998.",
        "Maria moved to Oslo when she was ten.",
        "When she was ten, Maria moved to Oslo.",
        "It holds that all sparrows are birds.",
        "They say that sparrows are birds.",
        "It is true that Acme was founded in 1998.",
        "It was Piet Maas who founded Acme.",
        "It took ten years to build the bridge.",
        "The company of Piet Maas is called Acme.",
        "Acme sold its mill.",
        "The library keeps its maps in the cellar.",
    ],
)
def test_what_is_named_in_the_line_is_fine(text):
    assert unresolved(text, SOURCE) is None


def test_other_languages_begin_with_no_pronoun():
    assert unresolved("Er gründete Acme.", SOURCE, "de") == "does not say what it speaks of: Er"
    assert unresolved("Es ist vorgesehen, dass Acme umzieht.", SOURCE, "de") is None
    assert unresolved("Hän perusti Acmen.", SOURCE, "fi") is not None
    assert unresolved("Piet Maas perusti Acmen.", SOURCE, "fi") is None


@pytest.mark.parametrize(
    "text",
    [
        "It was the colonel whose words held threats.",
        "It is Tuan Le whose departure can end the payments.",
        "It now seems that looters set the library on fire.",
        "It sometimes happens that a moray eats a shrimp.",
        "The company that collapsed is Bellweather.",
        "The Company refills the tank and the Hirer pays for it.",
    ],
)
def test_what_names_at_once_what_it_speaks_of_is_understood(text):
    assert unresolved(text, "Something else stood here.") is None
