"""Loads the words of a language. A rule says nothing of a language without a file."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import regex
import yaml

LANGUAGES = Path(__file__).parent
Pattern = regex.Pattern[str]
Side = tuple[str, int, int]
"""Antonyms or converses, the number of a pair, and 0 or 1 for its left or right side."""


PAIRS = ("antonyms", "converses")


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Words of a language by what they do in a sentence; a pattern without words matches nothing."""

    cases: bool
    """Whether endings or particles say who does what to whom, so that the order of words is free."""
    anywhere: bool
    """Whether patterns match within words: words are not divided, or endings are written with them."""
    negation: Pattern
    contrast: Pattern
    """What a denial may follow from, though it is none."""
    hedge: Pattern
    """What says in any way that something may be so."""
    unsure: Pattern
    """What says that the verb behind it is only possible or meant."""
    must: Pattern
    some: Pattern
    all: Pattern
    limits: Pattern
    """What keeps a statement from holding always, or for all."""
    claims: Pattern
    """What says that somebody says something that may not be so."""
    said: Pattern
    """What keeps an attribution, in whatever words."""
    passive: Pattern
    symmetric: Pattern
    """Relations that hold in both directions."""
    pronouns: Pattern
    numbers: tuple[Pattern, ...]
    """One, two, three and so on; only of languages whose number words the library text2num does not read."""
    antonyms: tuple[tuple[Pattern, Pattern], ...]
    """Words of which one cannot stand for the other."""
    converses: tuple[tuple[Pattern, Pattern], ...]
    """Words of which one says the same as the other only from the other end: A is larger than B, B is smaller than A."""
    paired: Pattern
    """All words of antonyms and converses."""

    def sides(self, text: str) -> dict[Side, regex.Match[str]]:
        """The first match of each side of a pair that a text has; the same object for the same text, so not to be changed."""
        return _sides(self, text)


WORD = regex.compile(r"\w+|.", regex.DOTALL)
LONGEST = 40
"""Characters of a word that tell what it may begin."""


@cache
def lexicon(language: str) -> Lexicon | None:
    """The words of a language (ISO 639-1 code), or None where no file has them."""
    path = LANGUAGES / f"{language}.yaml"
    if not language.isalpha() or not path.is_file():
        return None
    told: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    anywhere = bool(told.get("anywhere"))
    made: dict[str, Any] = {
        field.name: _pattern(told.get(field.name, ()), anywhere) for field in fields(Lexicon) if field.type is Pattern
    }
    made |= {name: _pairs(told.get(name, ()), anywhere) for name in PAIRS}
    numbers = tuple(_pattern(forms.split("|"), anywhere) for forms in told.get("numbers", ()))
    listed = [side for name in PAIRS for pair in told.get(name, ()) for side in "|".join(pair.split(" : ")).split("|")]
    made["paired"] = _pattern(listed, anywhere)
    return Lexicon(numbers=numbers, cases=bool(told.get("cases")), anywhere=anywhere, **made)


@lru_cache(2**12)  # a source has several inferences, and two checks look
def _sides(words: Lexicon, text: str) -> dict[Side, regex.Match[str]]:
    places = [match.start() for match in words.paired.finditer(text, overlapped=True)]
    found = dict[Side, regex.Match[str]]()
    for place in places:
        head = text[place] if words.anywhere else WORD.findall(text, place, place + LONGEST)[0]
        for side, pattern in _beginning(words, head):
            if side not in found and (match := pattern.match(text, place)):
                found[side] = match
    return dict(sorted(found.items(), key=lambda one: (PAIRS.index(one[0][0]), *one[0][1:])))


@lru_cache(2**14)
def _beginning(words: Lexicon, head: str) -> tuple[tuple[Side, Pattern], ...]:
    """The sides of pairs that a text beginning with this word (or character) may have there."""
    return tuple(
        ((name, number, side), pattern)
        for name in PAIRS
        for number, pair in enumerate(getattr(words, name))
        for side, pattern in enumerate(pair)
        if pattern.match(head, partial=True)
    )


def _pairs(told: Sequence[str], anywhere: bool) -> tuple[tuple[Pattern, Pattern], ...]:
    sides = [[_pattern(side.split("|"), anywhere) for side in pair.split(" : ")] for pair in told]
    return tuple((left, right) for left, right in sides)


def _pattern(words: Any, anywhere: bool) -> Pattern:
    if not words:
        return regex.compile(r"(?!)")
    found = "|".join(map(str.strip, words)) if not anywhere else "|".join(words)
    return regex.compile(f"(?:{found})" if anywhere else rf"(?<!\w)(?:{found})(?!\w)", regex.IGNORECASE)
