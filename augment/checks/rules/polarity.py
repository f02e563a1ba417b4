"""polarity: does an inference deny what its source says, say what it denies, or put the opposite of one of its words?

Sure only where the words that are denied are the source's own: "was not discovered" after "discovered". What follows from
another word ("rejected", so "did not accept"; "closed", so "not open") is let through.
"""

import regex

from augment.checks.base import RowCheck, tells_its_source
from augment.checks.languages.lexicon import Lexicon, Pattern, lexicon
from augment.checks.rules.terms import BREAK, Term, alike, has, is_adverb, share, terms
from augment.config import CheckConfig
from augment.operators.base import Operator

TURNS = regex.compile(
    r"\b(?:in contrast|contrary|differ\w*|compared|only|unless|except|until|before|but|unlike|instead|rather|if|or|either|otherwise|sole|"
    r"reject\w*|refus\w+|lack\w*|fail\w*|without|prevent\w*|avoid\w*|stop\w*|forbid\w*|prohibit\w*|ban\w*|cancel\w*)\b",
    regex.IGNORECASE,
)
"""Words by which a text may deny, or allow, without saying so."""
PART = regex.compile(
    r"\b(?:half|thirds?|quarters?|rest|remaining|remainder|others?|majority|minority|most|some)\b", regex.IGNORECASE
)
"""Words for a part, of which something else may hold."""
OFTEN = regex.compile(r"\b(?:usually|normally|often|generally|typically|otherwise|mostly)\b", regex.IGNORECASE)
"""What may be otherwise in one case."""
AGENT = regex.compile(r"\bby\b", regex.IGNORECASE)
CLEFT = regex.compile(r"^\s*it (?:is|was) (?:from|to|by|with|for|through) ", regex.IGNORECASE)
"""What turns a sentence round without a passive."""
ARTICLE = regex.compile(
    r"\b(?:the|an?|his|her|its|their|our|my|your|this|that|these|those|have|had|having)\b", regex.IGNORECASE
)
NOT = regex.compile(
    r"\b(?:not(?! only| just| merely| until| necessarily)|never|cannot|no(?! longer| doubt| more| less| later))\b|\w+n[’']t\b",
    regex.IGNORECASE,
)
"""What denies a verb."""
COPIED, COVERED = 0.9, 0.6
"""Least share of an inference's words that are the source's, and of the source's that it has, for a copy of it."""


class Polarity(RowCheck):
    """See `polarity`."""

    name = "polarity"

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `meaning`."""
        return config.meaning

    def applies(self, operator: type[Operator]) -> bool:
        """Where one statement stands against its source; questions may ask and answer "No"."""
        return tells_its_source(operator) and not operator.asks

    def fault(self, text: str, source: str, context: str, language: str) -> str | None:
        """See `polarity`."""
        return polarity(text, source, context, language)


def polarity(text: str, source: str, context: str = "", language: str = "en") -> str | None:
    """Why an inference is rejected for what it denies or turns into its opposite; None where no rule is sure."""
    words = lexicon(language)
    if words is None:
        return None
    denies, denied = words.negation.findall(text), words.negation.findall(source)
    if language == "en":
        if (denies or denied) and (fault := _denial(text, source, len(denies), len(denied), words)):
            return fault
    elif len(denies) % 2 != len(denied) % 2 and len(denied) < 2 and _copies(text, source, words, language):
        return "denies what its source says" if denies else "leaves out that its source denies it"
    if denies or denied or CLEFT.match(text):
        return None
    return _opposite(text, source, context, words, language)


def _denial(text: str, source: str, denies: int, denied: int, words: Lexicon) -> str | None:
    """What is wrong where one of the two denies something, so and so many times each."""
    own, told = terms(text), terms(source)
    if PART.search(text) or not {t.word for t in own if t.word[0].isdigit()} <= {t.word for t in told}:
        return None
    here, there = _governed(text, NOT), _governed(source, NOT)
    if denies == 1 and not denied:
        copied = not TURNS.search(source) and _in_order(own, told)
        plainly = here and not OFTEN.search(source) and all(has(told, t.word) for t in own if t.start > here.start)
        if here and plainly and has(told, here.word) and (copied or not words.contrast.search(source)):
            return f"denies what its source says: {here.word}"
    elif denies == 1 and denied == 1 and here and there and not has(own, there.word):
        said = [t for t in told if alike(t.word, here.word)]
        if said and all(t.start < there.start and BREAK.search(source[t.end : there.start]) for t in said):
            return f"denies what its source says: {here.word}"
    elif denied == 1 and not denies and there and not (TURNS.search(source) or words.contrast.search(text)):
        once = sum(alike(t.word, there.word) for t in told) == 1 and not there.word[0].isdigit()
        once = once and not (AGENT.search(text) and not AGENT.search(source))
        return f"leaves out that its source denies it: {there.word}" if once and has(own, there.word) else None
    return None


def _governed(text: str, pattern: Pattern) -> Term | None:
    """The telling word that is denied: the first behind what denies, in the same clause, and no thing with an article."""
    found = pattern.search(text)
    if found is None:
        return None
    end = BREAK.search(text, found.end())
    behind = [t for t in terms(text) if t.start >= found.end() and (end is None or t.start < end.start())]
    behind = [t for t in behind if not is_adverb(t.word)]
    return behind[0] if behind and not ARTICLE.search(text[found.end() : behind[0].start]) else None


def _in_order(own: list[Term], told: list[Term]) -> bool:
    """Whether all words of one text stand in the other in the same order."""
    rest = iter(told)
    return all(any(alike(term.word, other.word) for other in rest) for term in own)


def _copies(text: str, source: str, words: Lexicon, language: str) -> bool:
    """Whether an inference is its source but for what denies."""
    own, told = (terms(words.negation.sub(" ", one), language) for one in (text, source))
    return share(own, told) >= COPIED and share(told, own) >= COVERED


def _opposite(text: str, source: str, context: str, words: Lexicon, language: str) -> str | None:
    """What an inference has in the place of its opposite."""
    stated, said = words.sides(source), words.sides(text)
    if not (stated and said):
        return None
    own, told = terms(text, language), terms(source, language)
    known = told + terms(context, language)
    for (name, number, side), was in stated.items():
        there = name, number, 1 - side
        now = said.get(there)
        if now is None or (name, number, side) in said or there in stated:
            continue
        if TURNS.search(text) and not TURNS.search(source):
            continue
        rest = [t for t in own if not now.start() <= t.start < now.end()]
        new = [t for t in rest if not has(known, t.word)]
        if (new and not (len(rest) >= 4 and len(new) == 1)) or len(rest) < 2:
            continue
        if name == "antonyms" or _same_sides(rest, told, now.start(), was.start()):
            return f"says the opposite of its source: {now.group()}, not {was.group()}"
    return None


def _same_sides(own: list[Term], told: list[Term], now: int, was: int) -> bool:
    """Whether what stands before and behind a word in one text does so in the other too."""
    sides = [(t.start < now, o.start < was) for t in own for o in told if alike(t.word, o.word)]
    return bool(sides) and all(a == b for a, b in sides) and len({a for a, _ in sides}) == 2
