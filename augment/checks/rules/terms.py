"""What a text speaks of, for rules: its telling words in order, compared whatever their endings, in any script."""

import itertools
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import regex
from bm25s import stopwords

from augment.checks.english.vocabulary import TITLES
from augment.text.words import name_parts

UNDIVIDED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
"""Scripts that write no spaces between words: each character (with its marks) counts as a word."""
WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "km", "my"})
TOKEN = regex.compile(
    rf"{UNDIVIDED}\p{{M}}*|\p{{N}}+(?:[.,:]\p{{N}}+)*|(?:(?!{UNDIVIDED})[\p{{L}}\p{{M}}\p{{N}}])+(?:['’&-](?:(?!{UNDIVIDED})[\p{{L}}\p{{M}}\p{{N}}])+)*"
)
AUXILIARY = frozenset(
    "be am is are was were been being have has had having do does did doing will would shall should can could may might must ought get gets got".split()
)
ORDER = frozenset({"before", "after"})
"""Light words that relate what stands on their two sides."""
STOPWORDS = {
    "en": (frozenset(stopwords.STOPWORDS_EN_PLUS) | AUXILIARY | TITLES) - ORDER,
    "de": frozenset(part for word in stopwords.STOPWORDS_GERMAN for part in name_parts(word)),
    "fr": frozenset(part for word in stopwords.STOPWORDS_FRENCH for part in name_parts(word)),
    "es": frozenset(part for word in stopwords.STOPWORDS_SPANISH for part in name_parts(word)),
    "ru": frozenset(stopwords.STOPWORDS_RUSSIAN),
}
"""Light words of a language; in others every word counts."""
IRREGULAR = {
    form: lemma
    for lemma, forms in {
        "beat": "beaten",
        "become": "became",
        "begin": "began begun",
        "bind": "bound",
        "bite": "bit bitten",
        "bleed": "bled",
        "borrow": "borrowed",
        "break": "broke broken",
        "breed": "bred",
        "bring": "brought",
        "build": "built",
        "buy": "bought",
        "catch": "caught",
        "choose": "chose chosen",
        "come": "came",
        "dig": "dug",
        "draw": "drew drawn",
        "drive": "drove driven",
        "eat": "ate eaten",
        "fall": "fell fallen",
        "feed": "fed",
        "fight": "fought",
        "flee": "fled",
        "fly": "flew flown",
        "forbid": "forbade forbidden",
        "freeze": "froze frozen",
        "give": "gave given",
        "grow": "grew grown",
        "hide": "hid hidden",
        "hold": "held",
        "keep": "kept",
        "know": "knew known",
        "lead": "led",
        "lend": "lent",
        "light": "lit",
        "lose": "lost",
        "make": "made",
        "meet": "met",
        "override": "overrode overridden",
        "overtake": "overtook overtaken",
        "overthrow": "overthrew overthrown",
        "pay": "paid",
        "ride": "rode ridden",
        "rise": "rose risen",
        "run": "ran",
        "see": "saw seen",
        "seek": "sought",
        "sell": "sold",
        "send": "sent",
        "shake": "shook shaken",
        "shoot": "shot",
        "sing": "sang sung",
        "slay": "slew slain",
        "speak": "spoke spoken",
        "spend": "spent",
        "steal": "stole stolen",
        "stick": "stuck",
        "strike": "struck",
        "sweep": "swept",
        "swim": "swam swum",
        "take": "took taken",
        "teach": "taught",
        "tear": "tore torn",
        "tell": "told",
        "throw": "threw thrown",
        "undertake": "undertook undertaken",
        "wear": "wore worn",
        "weave": "wove woven",
        "win": "won",
        "withdraw": "withdrew withdrawn",
        "write": "wrote written",
    }.items()
    for form in forms.split()
}
"""English verbs whose forms do not begin alike."""
BREAK = regex.compile(
    r"[,;:—()]|\b(?:but|while|whereas|although|though|and|or|because|since|so|when|where|that|which|who|whom|whose|if|unless|until|after|before)\b",
    regex.IGNORECASE,
)
"""Where a clause ends."""
HANGUL = regex.compile(r"\p{Hangul}")
ALIKE = 4
"""Letters that two forms of a word have in common at their start; all of a shorter word but its last."""


class Term(NamedTuple):
    """A telling word of a text."""

    word: str
    """Casefolded, without accents and possessive; an irregular English form as its lemma."""
    start: int
    """Its place in the text, in characters."""
    end: int
    capital: bool


def terms(text: str, language: str = "en") -> list[Term]:
    """The telling words of a text in order, numbers among them; in scripts without spaces every two characters."""
    return list(_terms(text, language))


@lru_cache(2**14)  # one check after another asks for those of a source and of what was inferred from it
def _terms(text: str, language: str) -> list[Term]:
    found, light = list[Term](), STOPWORDS.get(language, frozenset())
    for match in TOKEN.finditer(text):
        word = name_parts(match.group())[0] if match.group()[0].isascii() else match.group().casefold()
        if word and word not in light:
            word = IRREGULAR.get(word, word) if language == "en" else word
            found.append(Term(word, *match.span(), match.group()[0].isupper()))
    if language not in WITHOUT_SPACES:
        return found
    pairs = itertools.pairwise(found)
    return [Term(a.word + b.word, a.start, b.end, False) for a, b in pairs if a.end == b.start]


def alike(a: str, b: str) -> bool:
    """Whether two words are forms of one: they begin alike, for at least three fifths of the shorter one."""
    if a == b:
        return True
    if a[:1] != b[:1]:  # most pairs
        return False
    short, long = sorted((a, b), key=len)
    if len(a) == 2 or a[0].isdigit() or b[0].isdigit() or len(long) > len(short) + 6:
        return False
    if not short.isascii() and HANGUL.match(short):
        return len(short) >= 2 and common(a, b) >= max(2, len(short) - 2)
    return len(short) >= 3 and common(a, b) >= max(min(ALIKE, len(short)), round(0.6 * len(short)))


def common(a: str, b: str) -> int:
    """Letters with which two words begin alike."""
    most = min(len(a), len(b))
    for i in range(most):
        if a[i] != b[i]:
            return i
    return most


def is_adverb(word: str) -> bool:
    """Whether an English word looks like an adverb: one that says how, and governs nothing."""
    return (
        len(word) > 5
        and word.endswith("ly")
        and word not in ("family", "supply", "assembly", "anomaly", "monopoly", "multiply")
    )


def has(words: Iterable[Term], word: str) -> bool:
    """Whether a form of a word is among others."""
    return any(alike(term.word, word) for term in words)


def shared_words(own: list[Term], told: list[Term]) -> dict[str, tuple[list[Term], list[Term]]]:
    """The words of a text of which another one has a form too, with all places in both."""
    here, there = _by_letter(own), _by_letter(told)
    found = dict[str, tuple[list[Term], list[Term]]]()
    for word in dict.fromkeys(term.word for term in own):
        now = [t for t in here[word[0]] if alike(t.word, word)]
        if was := [t for t in there.get(word[0], ()) if alike(t.word, word)]:
            found[now[0].word] = now, was
    return found


def _by_letter(some: list[Term]) -> dict[str, list[Term]]:
    found: dict[str, list[Term]] = {}
    for term in some:
        found.setdefault(term.word[0], []).append(term)
    return found


def share(some: Sequence[Term], others: Sequence[Term]) -> float:
    """The share of some words of which others have a form; 1 for none."""
    return sum(has(others, term.word) for term in some) / len(some) if some else 1.0
