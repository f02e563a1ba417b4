"""additions: does an inference name what neither its source nor what stands before it names? Does it ask instead of saying?

A weak model rewords "The library was founded by Piet Maas." as "The library was founded by Peter." A name may come in another form:
with an ending or a possessive, as initials or in full ("WHO", "World Health Organization"), as a people's or a place's ("French",
"France").
"""

import polars as pl
import regex

from augment.checks.base import Check, Finding, Given
from augment.checks.english.vocabulary import OPENERS, TITLES
from augment.checks.languages.lexicon import lexicon
from augment.checks.rules.terms import common
from augment.config import CheckConfig
from augment.operators.base import Operator
from augment.operators.registry import kind_of
from augment.text.words import WORD, Casing, entities, name_parts, starts

NOUNS_CAPITAL = frozenset({"de", "lb"})
"""Languages that write every noun with a capital: there names are not looked at."""
ASKS = ("?", "？")
PEOPLES = {
    "france": "french", "netherlands": "dutch holland", "spain": "spanish spaniard", "poland": "polish pole poles",
    "denmark": "danish dane danes", "sweden": "swedish swede", "finland": "finnish finn finns", "turkey": "turkish turk", "britain": "british uk briton",
    "switzerland": "swiss", "greece": "greek greeks", "wales": "welsh", "ireland": "irish", "scotland": "scottish scots", "england": "english",
    "china": "chinese", "portugal": "portuguese", "norway": "norwegian", "germany": "german", "iceland": "icelandic", "us": "american america usa", "philippines": "filipino",
    "czechia": "czech", "thailand": "thai", "iraq": "iraqi", "cyprus": "cypriot", "lebanon": "lebanese", "new zealand": "kiwi", "naples": "neapolitan", "vienna": "viennese", "peru": "peruvian", "europe": "european eu",
}  # fmt: skip
"""Countries and words for what is theirs that do not begin alike enough."""
CALENDAR = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec "
    "monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun am pm bc ad bce ce christmas easter".split()
)
CURRENCIES = frozenset(
    "eur usd gbp chf jpy cny krw inr thb rub sek nok dkk pln kg km cm mm gb mb tb kb mw kw hz".split()
)
ENDED = regex.compile(r"(?<=^[\p{Latin}\p{N}]+)(?!\p{Latin})\p{L}.*")
ROMAN = regex.compile("[ivxlcm]+")
ENDINGS = regex.compile(r"(?:ian|ians|ean|an|ans|ese|ish|i|is|ic|er|ers|s|es|n|a|ia|y|e|land|lands|o)$")
"""What tells a people from its place, in English."""


class Additions(Check):
    """See `additions`."""

    name = "additions"
    alone = True

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `additions`."""
        return config.additions

    def applies(self, operator: type[Operator]) -> bool:
        """Whatever a model wrote, long or short."""
        return not operator.rule

    def check(self, rows: pl.DataFrame, given: Given) -> list[Finding]:
        """Row by row; operators that ask may."""
        kinds = {name: kind_of(name) for name in rows["operator"].unique()}
        columns = ("text", "source_text", "context", "language", "operator")
        return [
            Finding(additions(text, source, given.case, context, language, kinds[name].asks or kinds[name].long))
            for text, source, context, language, name in rows.select(columns).iter_rows()
        ]


def additions(
    text: str, source: str, case: Casing, context: str = "", language: str = "en", questions: bool = False
) -> str | None:
    """Why an inference is rejected for what it adds to its source and context, or None; `case` is the corpus'.

    With `questions` what asks is let through.
    """
    if not questions and text.endswith(ASKS) and not any(mark in source for mark in ASKS):
        return "asks instead of saying something"
    new = [] if language in NOUNS_CAPITAL else _names(text, f"{source} {context}", case, language)
    return f"names what its source does not: {', '.join(dict.fromkeys(new))}" if new else None


def _names(text: str, source: str, case: Casing, language: str) -> list[str]:
    words = [word for word in WORD.findall(source) if not word.isdigit()]
    told = {part for word in words for part in _parts(word)}
    initials = "".join(word[0].casefold() for word in words if word[0].isupper())
    short = {part for word in words if word.isupper() and len(word) > 1 for part in name_parts(word)}
    spans = [text[start:end] for start, end in entities(text, case) if language == "en" or not starts(text, start)]
    new: list[str] = []
    for span in spans:
        named = [p for word in WORD.findall(span) for p in word.split("-") if p and p[0].isupper()]
        letters = "".join(word[0].casefold() for word in named)
        if any(letters.endswith(one) for one in short):  # an abbreviation of the source, in full
            continue
        new += [
            part
            for word in named
            for part in _parts(word)
            if not _known(part, told, case, language)
            and not (word.isupper() and _within(part, initials))
            and not (word.isupper() and any(_spells(part, other) for other in told))
        ]
    return new


def _parts(word: str) -> list[str]:
    """A word of a name without what another script writes at its end: API를 is API."""
    return name_parts(word if word.isascii() else ENDED.sub("", word))


def _within(part: str, initials: str) -> bool:
    """Whether initials of the source give an abbreviation."""
    return len(part) > 1 and part in initials


def _spells(part: str, word: str) -> bool:
    return (
        len(part) > 1
        and word.startswith(part[0])
        and regex.search(".*".join(map(regex.escape, part)), word) is not None
    )


def _known(word: str, told: set[str], case: Casing, language: str) -> bool:
    """Whether a name of an inference is no addition."""
    if word in told or len(word) < 2 or not word[0].isalpha():  # "I", an initial; numbers are looked at apart
        return True
    if word in TITLES or word in case.lower or word in OPENERS:
        return True
    known = lexicon(language)
    if word in CALENDAR or word in CURRENCIES or ROMAN.fullmatch(word):
        return True
    if language == "en":
        return any(_same_people(word, other) or _same_people(other, word) for other in told)
    if known is None:
        return False
    return any(
        common(word, other) >= max(3, min(len(word), len(other)) // 2) or _bones(word) == _bones(other)
        for other in told
    )


def _bones(word: str) -> str:
    """The consonants with which a Cyrillic word begins: Лев and Льва are one name."""
    return regex.sub("[аеёиоуыэюяьъй]", "", word)[:3] if regex.match(r"\p{Cyrillic}", word) else word


def _same_people(people: str, place: str) -> bool:
    """Whether an English word names what belongs to a place: its own beginning and an ending, or a word of its own."""
    if place in PEOPLES and people in PEOPLES[place].split():
        return True
    alike = common(people, place)
    if alike >= 5 and alike >= 0.75 * min(len(people), len(place)):
        return True
    return (
        alike >= max(3, len(place) - 3)
        and ENDINGS.fullmatch(people[alike:] or "s") is not None
        and ENDINGS.fullmatch(place[alike:] or "s") is not None
    )
