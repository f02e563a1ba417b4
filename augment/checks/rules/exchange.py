"""Is a text another one in which two parts have changed places? In any script, without grammar."""

from collections.abc import Sequence

import regex

from augment.checks.languages.lexicon import Lexicon
from augment.checks.rules.terms import STOPWORDS, TOKEN, UNDIVIDED, alike, common
from augment.text.words import name_parts

WITHOUT_SPACES = regex.compile(UNDIVIDED)
LONGEST = 6
"""Words in a part that may have changed places; in a script that writes no spaces, characters."""
LONGEST_UNDIVIDED = 16
POSTPOSITIONS = frozenset("ने को का की के से में पर तक द्वारा".split())
"""Hindi particles that tell the role of what stands before them."""
APART = frozenset({"hi", "de"})
"""Languages whose roles are told by words of their own, articles or particles, which stayed where the nouns moved."""


def exchanged(text: str, source: str, language: str, words: Lexicon | None) -> tuple[str, str] | None:
    """The two parts of a source that have changed places in a text and nothing else, or None.

    Between them stands at least one other word, none of which says that the relation holds in both directions. With endings that tell
    roles (`cases`) the endings must have stayed where they were.
    """
    own, told = _tokens(text), _tokens(source)
    if len(own) != len(told) or own == told:
        return None
    undivided = WITHOUT_SPACES.match(own[0]) is not None
    cases = words is not None and words.cases
    capitals = {name_parts(word)[0] for word in TOKEN.findall(source) if word[0].isupper()} | STOPWORDS.get(
        language, frozenset()
    )
    start = next(i for i, (a, b) in enumerate(zip(own, told, strict=True)) if not _same(a, b, cases))
    end = len(own) - next(
        (i for i, (a, b) in enumerate(zip(own[::-1], told[::-1], strict=True)) if not _same(a, b, cases)), 0
    )
    here, there = own[start:end], told[start:end]
    longest = LONGEST_UNDIVIDED if undivided else LONGEST
    for left in range(1, min(longest, len(here)) + 1):
        for right in range(1, min(longest, len(here) - left) + 1):
            if not _same(here[0], there[len(there) - right], cases):
                continue
            middle = there[left : len(there) - right]
            if not middle and not cases:
                continue
            first, last = there[:left], there[len(there) - right :]
            if not (
                _all_same(here[:right], last, cases)
                and _all_same(here[right : len(here) - left], middle, cases)
                and _all_same(here[len(here) - left :], first, cases)
            ):
                continue
            ahead = told[max(0, start - 1) : start]
            if language == "de" and ahead == ["der"] and middle[-1:] == ["der"]:  # he, of her or to her
                return None
            if not middle and max(left, right) > 2:
                continue
            if words is not None and _symmetric(middle, words, undivided):
                return None
            if not undivided and not (cases and not middle) and all(word in capitals for word in middle):
                return None  # a list in another order
            if language == "hi" and (first[-1] in POSTPOSITIONS or last[-1] in POSTPOSITIONS):
                return None  # the particles moved with their nouns
            if cases and not _endings_stayed(first, last, here[:right], here[len(here) - left :], language in APART):
                return None
            join = "" if undivided else " "
            return join.join(first), join.join(last)
    return None


def _tokens(text: str) -> list[str]:
    return [name_parts(token)[0] if token.isascii() else token.casefold() for token in TOKEN.findall(text)]


def _same(a: str, b: str, cases: bool) -> bool:
    return a == b or (cases and alike(a, b))


def _all_same(some: Sequence[str], others: Sequence[str], cases: bool) -> bool:
    return len(some) == len(others) and all(_same(a, b, cases) for a, b in zip(some, others, strict=True))


def _symmetric(middle: Sequence[str], words: Lexicon, undivided: bool) -> bool:
    return words.symmetric.search(("" if undivided else " ").join(middle)) is not None


def _endings_stayed(
    first: Sequence[str], last: Sequence[str], now_first: Sequence[str], now_last: Sequence[str], apart: bool
) -> bool:
    """Whether words that changed places took the endings of their new places."""
    moved = [*zip(first, now_last, strict=True), *zip(last, now_first, strict=True)]
    if all(a == b for a, b in moved):
        return apart  # else they are nouns that do not change, and may stand in any order
    a, b = first[-1], now_last[-1]
    c, d = last[-1], now_first[-1]
    ending = {word: word[common(word, other) :] for word, other in ((a, b), (b, a), (c, d), (d, c))}
    return ending[a] == ending[d] or ending[c] == ending[b] or ending[a] != ending[b]
