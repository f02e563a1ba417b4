"""Cuts texts into words, names and numbers, and folds them for comparison; nothing here knows a language's words.

There is one way for each purpose, since what is right for one is wrong for another: a name keeps its full stop, a search
wants single Chinese characters, a near duplicate may differ in light words but not in a sign.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import regex

CHARACTER = r"[\u3040-\u30ff\u3400-\u9fff]"
"""A Chinese character or a kana: where these are written words are not, so each counts as a word."""
WORD = regex.compile(r"\d+(?:[.,:]\d+)+|(?:[A-Z]|Mrs?|Ms|Dr|Prof|St)\.(?=\s[A-Z])|\w+(?:['’&-]\w+)*")
"""A word, a number with its separators, or an initial or title with its full stop."""
PIECE = regex.compile(rf"{WORD.pattern}|[^\w\s]")
"""A word or a single mark."""
TERM = regex.compile(rf"{CHARACTER}|(?:(?!{CHARACTER})\w)+")
LONG_WORD = regex.compile(rf"{CHARACTER}|(?:(?!{CHARACTER})[^\W\d_]){{4,}}")
PLAIN_WORD = regex.compile(r"[^\W_]+")
RUN = regex.compile(r"(\w+)")
"""A run of letters, digits and underscores; in a group, so that `split` gives the words at odd places and all that is between them."""
EXACT_TERM = regex.compile(r"[+-]?\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|\w+|[%$€£¥<>=+°?&]")
CHUNK = regex.compile(r"\s*\S+")
"""What white space divides, with the white space in front of it."""
NUMBER = regex.compile(r"\d+(?:[.,:]\d+)*")
THOUSANDS = regex.compile(r"(?<=\d)[, ](?=\d{3}(?!\d))")
"""What divides the thousands of a number."""
UNSEEN = regex.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
"""Marks that nobody sees: soft hyphens, zero-width ones, directions."""
QUOTES = dict.fromkeys("‘’‚‛‹›ʼ′`´＇", "'") | dict.fromkeys("“”„‟″«»〝〞〟＂", '"')
GROUPED = regex.compile(r"(?<![\d.,])\d{1,3}([, '])\d{3}(?:\1\d{3})*(?![\d'])(?!,\d)")
"""A number whose thousands are divided, all by the same mark: 5,000 or 1 234 567, not 2019 300 and not 1,23,456."""
POSSESSIVE = regex.compile(r"'(?:s|d|ll|m|re|ve)?$")
"""What English and other languages write behind a name."""
START = regex.compile(r"(?:^|[!?:]|(?<!\b[A-Z])(?<!\b(?:Mr|Ms|Dr|St))(?<!\bMrs)(?<!\bProf)\.)[^\w]*$")
"""What stands in front of the first word of a sentence; not an initial or a title."""


def normal(text: str) -> str:
    """Text for comparing: lower case, single spaces, no mark at the end."""
    return " ".join(folded(text).casefold().split()).rstrip(".!?。！？ ")


class _Folds(dict[int, str]):
    """What a character is written as for comparing; found out once for each."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = unicodedata.category(character)
        if kind == "Zs":
            fold = " "
        elif kind == "Pd" or character == "−":
            fold = "-"
        elif kind == "Nd":
            fold = str(unicodedata.decimal(character))
        elif unicodedata.decomposition(character).startswith(("<super>", "<sub>", "<fraction>", "<circle>")):
            fold = character  # 10² is not 102
        else:
            fold = unicodedata.normalize("NFKC", character)
        self[code] = fold
        return fold


FOLDS = _Folds({ord(character): fold for character, fold in QUOTES.items()})


def folded(text: str) -> str:
    """Text as it is compared, never as it is kept or trained on: every way of writing the same is one way.

    Quotes are straight, dashes and the minus sign "-", spaces of any width " ", digits 0 to 9; letters are composed (NFC), ligatures
    and wide forms plain, but powers stay powers; what nobody sees is gone; `5,000`, `5 000` and `5'000` are `5000`. Letters keep
    their case, and white space between lines stays.
    """
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", UNSEEN.sub("", text)).translate(FOLDS))
    return GROUPED.sub(lambda number: number[0].replace(number[1], ""), plain)


class Casing(NamedTuple):
    """How a corpus writes its words: what tells a name from a word that only begins a sentence."""

    lower: frozenset[str]
    """Words that stand somewhere in lower case."""
    inner: frozenset[str]
    """Words that stand somewhere capitalised within a sentence, casefolded."""


def words(text: str) -> list[str]:
    """The words of a text, casefolded."""
    return [word.casefold() for word in WORD.findall(text)]


def terms(text: str) -> list[str]:
    """What a search looks up: words without regard to marks within them, and single Chinese and Japanese characters, casefolded."""
    return TERM.findall(text.casefold())


def content_words(text: str) -> set[str]:
    """Words that say something: of at least four letters, or single Chinese and Japanese characters."""
    return set(LONG_WORD.findall(text.casefold()))


def plain_words(text: str) -> list[str]:
    """Words and numbers, casefolded; whatever is no letter or digit divides them, so "Anna's" is "anna" and "s"."""
    return PLAIN_WORD.findall(text.casefold())


def runs(text: str) -> set[str]:
    """Words as `RUN` has them, casefolded: those that can be replaced in a text by splitting it there."""
    return set(RUN.findall(text.casefold()))


def exact_terms(text: str) -> list[str]:
    """Words, numbers with their signs, and marks that change a meaning: all that must be equal for texts to say the same."""
    return EXACT_TERM.findall(unicodedata.normalize("NFKC", text))


def name_parts(word: str) -> list[str]:
    """A word of a name as it is compared: without accents, case, a full stop or a possessive; hyphenated ones also in parts."""
    return list(_name_parts(word))


@lru_cache(2**15)  # most words come again
def _name_parts(word: str) -> list[str]:
    plain = word.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    bare = POSSESSIVE.sub("", plain.replace("’", "'").rstrip("."))
    return [bare, *bare.split("-")] if "-" in bare else [bare]


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
