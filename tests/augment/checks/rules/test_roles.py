"""Who does what to whom: exchanged roles, and what only looks like them."""

import pytest

from augment.checks.rules.roles import swapped


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Globex acquired Acme.", "Acme acquired Globex."),
        ("The library founded Piet Maas.", "Piet Maas founded the library."),
        ("Stroke reduces the risk of aspirin.", "Aspirin reduces the risk of stroke."),
        ("Ben is the mother of Anna.", "Anna is the mother of Ben."),
        ("Acme was acquired by Globex in 2019.", "In 2019, Acme acquired Globex for 5 million euros."),
        ("Acme acquired Globex.", "Acme was acquired by Globex."),
        ("The surgeon called the nurse.", "The nurse called the surgeon before midnight."),
        ("Norway is larger than Sweden.", "Sweden is larger than Norway."),
        ("Anna's mother is Ben.", "Ben's mother is Anna."),
        ("Jonas reports to Petra.", "Petra reports to Jonas."),
        ("Le musée a acheté la ville.", "La ville a acheté le musée."),
        ("乙公司收购了甲公司。", "甲公司收购了乙公司。"),
        ("श्याम ने राम को हराया।", "राम ने श्याम को हराया।"),
        ("Globex osti Acmen.", "Acme osti Globexin."),
        ("글로벡스가 아크메를 인수했다.", "아크메가 글로벡스를 인수했다."),
        ("Der Mann biss den Hund.", "Der Hund biss den Mann."),
    ],
)
def test_exchanged_roles_are_named(text, source):
    assert swapped(text, source, "", _language(text)).startswith("exchanges the roles of its source: ")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Globex was acquired by Acme.", "Acme acquired Globex."),
        ("Acme acquired Globex.", "Globex was acquired by Acme in 2019."),
        ("Ben's mother is Anna.", "Anna is the mother of Ben."),
        ("The mother of Ben is Anna.", "Anna is the mother of Ben."),
        ("Ben is married to Anna.", "Anna is married to Ben."),
        ("Sweden borders Norway.", "Norway borders Sweden."),
        ("The town rented the mill from the monks.", "The monks rented the mill to the town."),
        ("Bakers buy the whey from farmers.", "Farmers sell the whey to bakers."),
        ("It was Globex that Acme acquired.", "Acme acquired Globex."),
        ("Sweden is smaller than Norway.", "Norway is larger than Sweden."),
        ("Anna founded the club after the war.", "After the war Anna founded the club."),
        ("Denmark, Sweden and Norway signed.", "Norway, Sweden and Denmark signed."),
        ("Oslo is where the museum opened in 1998.", "In 1998 the museum opened in Oslo."),
        ("Globexin osti Acme.", "Acme osti Globexin."),
        ("श्याम को राम ने हराया।", "राम ने श्याम को हराया।"),
        ("Der Trainerin dankte der Kassenwart.", "Der Kassenwart dankte der Trainerin."),
        (
            "The drug raised the risk of bleeding but cut the risk of stroke.",
            "The drug cut the risk of stroke but raised the risk of bleeding.",
        ),
    ],
)
def test_reversals_are_right(text, source):
    assert swapped(text, source, "", _language(text)) is None


def test_names_of_the_context_stand_for_pronouns_and_parties():
    source, title = "It was founded in 1998 by Piet Maas.", "Acme Robotics"
    assert swapped("Acme Robotics founded Piet Maas in 1998.", source, title) is not None
    assert swapped("Piet Maas founded Acme Robotics in 1998.", source, title) is None
    lease = "Morrow Estates Ltd is the Lessor; Tilia Bakery is the Lessee."
    owed = "The Lessee shall pay the Lessor a monthly rent."
    assert swapped("Morrow Estates Ltd shall pay Tilia Bakery a monthly rent.", owed, lease) is not None
    assert swapped("Tilia Bakery shall pay Morrow Estates Ltd a monthly rent.", owed, lease) is None


def _language(text: str) -> str:
    for language, letters in {"zh": "公", "hi": "राम", "ko": "아크", "fi": "osti", "de": "Der ", "fr": "Le "}.items():
        if letters in text:
            return language
    return "en"
