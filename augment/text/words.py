"""Words, names and numbers in a text of any language that writes words apart; nothing here knows a language's words."""

import re
from collections.abc import Iterable
from typing import NamedTuple

WORD = re.compile(r"\d+(?:[.,:]\d+)+|(?:[A-Z]|Mrs?|Ms|Dr|Prof|St)\.(?=\s[A-Z])|\w+(?:['’&-]\w+)*")
"""A word, a number with its separators, or an initial or title with its full stop."""
PIECE = re.compile(rf"{WORD.pattern}|[^\w\s]")
"""A word or a single mark."""
START = re.compile(r"(?:^|[!?:]|(?<!\b[A-Z])(?<!\b(?:Mr|Ms|Dr|St))(?<!\bMrs)(?<!\bProf)\.)[^\w]*$")
"""What stands in front of the first word of a sentence; not an initial or a title."""


class Casing(NamedTuple):
    """How a corpus writes its words: what tells a name from a word that only begins a sentence."""

    lower: frozenset[str]
    """Words that stand somewhere in lower case."""
    inner: frozenset[str]
    """Words that stand somewhere capitalised within a sentence, casefolded."""


def words(text: str) -> list[str]:
    """The words of a text, casefolded."""
    return [word.casefold() for word in WORD.findall(text)]


def casing(texts: Iterable[str]) -> Casing:
    """The casing of a corpus."""
    lower, inner = set[str](), set[str]()
    for text in texts:
        for match in WORD.finditer(text):
            word = match.group()
            if word == word.casefold():
                lower.add(word)
            elif not starts(text, match.start()):
                inner.add(word.casefold())
    return Casing(frozenset(lower), frozenset(inner))


def starts(text: str, position: int) -> bool:
    """Whether the word at a position begins a sentence."""
    return START.search(text, max(0, position - 12), position) is not None


def entities(text: str, case: Casing) -> list[tuple[int, int]]:
    """Spans of maximal runs of capitalised words and numbers, in order.

    A word that begins a sentence counts only where the corpus never writes it in lower case and either the next word is
    capitalised too or it is capitalised within a sentence somewhere: "When Ada Lovelace" is a run of two words.
    """
    matches = [m for m in WORD.finditer(text) if _proper(m.group())]
    named = {m.start() for m in matches}
    found: list[tuple[int, int]] = []
    for match in matches:
        word, (start, end) = match.group().casefold(), match.span()
        if word[0].isalpha() and starts(text, start):
            follows = end + len(text[end:]) - len(text[end:].lstrip()) in named
            if word in case.lower or not (follows or word in case.inner):
                continue
        if found and not text[found[-1][1] : start].strip():
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _proper(word: str) -> bool:
    return word[0].isupper() or word[0].isdigit()
