"""Another language than the source's is told for sure or not at all."""

from random import Random

import pytest

from augment.checks.rules.language import other_language, script
from engine.config import PICO
from train.pico.worlds import comparisons, hierarchies, syllogisms

LEXICON = PICO / "lexicon.txt"
ENGLISH = "It is well known that trains are faster than bicycles in almost every country."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("glon sind weniger gefährlich als femp, wie jeder weiß.", "in another language than its source: de, not en"),
        (
            "Il est bien connu que les trains sont plus rapides que les vélos.",
            "in another language than its source: fr, not en",
        ),
        ("Поезда быстрее велосипедов.", "in another script than its source: cyrillic, not latin"),
        ("火车比自行车快得多。", "in another script than its source: cjk, not latin"),
    ],
)
def test_another_language_is_rejected(text, expected):
    assert other_language(text, ENGLISH) == expected


@pytest.mark.parametrize("text", ["", "1912", "Bicycles are slower than trains.", "glon yomp blick.", "Le train."])
def test_what_is_short_or_alike_is_not(text):
    assert other_language(text, ENGLISH) is None


def test_scripts():
    assert script("鉄道は速い") == "CJK"
    assert script("Das ist ein Satz.") == "LATIN"
    assert script("1912 - 13") is None


@pytest.mark.parametrize("world", [comparisons, hierarchies, syllogisms])
def test_nonsense_words_are_never_rejected(world):
    rng, words = Random(3), LEXICON.read_text(encoding="utf-8").split()
    uses = [world.operator(rng, words, rng.choice(world.OPERATORS)) for _ in range(300)]
    assert [line for use in uses for line in use.lines if other_language(line, use.text)] == []
