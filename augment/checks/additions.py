"""additions: does an inference bring in what its source does not have: a name, a number, a denial? Rules against what models make up.

A weak model rewords "The library was founded by Piet Maas." as "The library was founded by Peter in 2018." or says that it was
not, and as it wrote that, it may find it likely. An inference from a source alone has no other names or numbers than the
source, and rarely denies where nothing was denied. A right one may ("closed" is "not open", "seven" is 7): it is
rejected with its reason, as a false one that is trained on costs more.
"""

import polars as pl

from augment.checks.base import Check, Finding, Given, tells_its_source
from augment.checks.english.vocabulary import CONTRAST, NEGATION, OPENERS, TITLES
from augment.config import CheckConfig
from augment.operators.base import Operator
from augment.operators.registry import kind_of
from augment.text.words import NUMBER, THOUSANDS, WORD, Casing, entities, name_parts

ALIKE = 4
"""Letters with which two words begin alike that may be forms of one name: Norway, Norwegian."""
NOUNS_CAPITAL = frozenset({"de", "lb"})
"""Languages that write every noun with a capital: there only numbers are looked at."""
ASKS = ("?", "？")


class Additions(Check):
    """See `additions`."""

    name = "additions"

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `additions`."""
        return config.additions

    def applies(self, operator: type[Operator]) -> bool:
        """Where the source is all there was."""
        return tells_its_source(operator)

    def check(self, rows: pl.DataFrame, given: Given) -> list[Finding]:
        """Row by row; sums of several sentences may be new, and questions may ask."""
        kinds = {name: kind_of(name) for name in rows["operator"].unique()}
        return [
            Finding(additions(text, source, given.case, given.language, not kinds[name].combines, kinds[name].asks))
            for text, source, name in rows.select("text", "source_text", "operator").iter_rows()
        ]


def additions(
    text: str, source: str, case: Casing, language: str = "en", numbers: bool = True, questions: bool = False
) -> str | None:
    """Why an inference is rejected for what it adds to its source, or None; `case` is the corpus'.

    Without `numbers` new ones are let through (sums of several sentences); with `questions` what asks and answers "No".
    """
    if not questions and text.endswith(ASKS) and not any(mark in source for mark in ASKS):
        return "asks instead of saying something"
    new = [] if language in NOUNS_CAPITAL else _names(text, source, case)
    new += _numbers(text, source) if numbers else []
    if new:
        return f"names what its source does not: {', '.join(dict.fromkeys(new))}"
    denied = language == "en" and not questions and len(NEGATION.findall(text)) % 2
    if denied and not (NEGATION.search(source) or CONTRAST.search(source)):
        return "denies something, and its source does not"
    return None


def _numbers(text: str, source: str) -> list[str]:
    told = {*NUMBER.findall(source), *NUMBER.findall(THOUSANDS.sub("", source))}
    joined = NUMBER.findall(THOUSANDS.sub("", text))
    return [number for number in joined if number not in told] if set(NUMBER.findall(text)) - told else []


def _names(text: str, source: str, case: Casing) -> list[str]:
    told = {part for word in WORD.findall(source) for part in name_parts(word)}
    spans = [text[start:end] for start, end in entities(text, case)]
    named = [p for span in spans for word in WORD.findall(span) for p in word.split("-") if p and not p[0].islower()]
    return [part for word in named for part in name_parts(word) if not _known(part, told, case)]


def _known(word: str, told: set[str], case: Casing) -> bool:
    """Whether a name of an inference is no addition."""
    if word in told or len(word) < 2 or not word[0].isalpha():  # "I", an initial; numbers are looked at apart
        return True
    if word in TITLES or word in case.lower or word in OPENERS:
        return True
    return len(word) >= ALIKE and any(word[:ALIKE] == other[:ALIKE] for other in told)
