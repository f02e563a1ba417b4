"""certainty: does an inference say more surely, of more, or on its own account what its source says with a limit?

May becomes will, most becomes all, and what critics claim becomes a fact. Sure only where the limit stands on what the inference says
and the inference has no limit of any kind.
"""

import regex

from augment.checks.base import RowCheck, tells_its_source
from augment.checks.languages.lexicon import Lexicon, lexicon
from augment.checks.rules.terms import BREAK, IRREGULAR, Term, alike, has, is_adverb, share, terms
from augment.config import CheckConfig
from augment.operators.base import Operator

COPIED, COVERED = 0.85, 0.6
"""Least share of an inference's words that are the source's, and of the source's that it has, where no grammar is known."""
CLAIMED = 0.6
"""Least share of an inference's words that stand behind who claims them."""
NEAR = 2
"""Telling words behind a hedge that it surely governs."""


IDEA = regex.compile(r"\b(?:idea|notion|view|opinion|question|thesis|scenario|theory)\b", regex.IGNORECASE)
"""What speaks of a thought, and so not of what is."""
WILL = regex.compile(
    r"\b(?:will|shall|is going to|are going to|agreed to|plans? to|planned to|intends? to)\b", regex.IGNORECASE
)
HAS = regex.compile(r"\b(?:has|have|had)\b", regex.IGNORECASE)
DONE = regex.compile(r"ha(?:s|ve|d)\s+(?:(?:already|been|now|just)\s+)*(\w+)", regex.IGNORECASE)


class Certainty(RowCheck):
    """See `certainty`."""

    name = "certainty"

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `meaning`."""
        return config.meaning

    def applies(self, operator: type[Operator]) -> bool:
        """Where one statement stands against its source."""
        return tells_its_source(operator) and not operator.asks

    def fault(self, text: str, source: str, context: str, language: str) -> str | None:
        """See `certainty`."""
        return certainty(text, source, context, language)


def certainty(text: str, source: str, context: str = "", language: str = "en") -> str | None:
    """Why an inference is rejected for a limit that it leaves out; None where no rule is sure."""
    words = lexicon(language)
    if words is None:
        return None
    own, told = terms(text, language), terms(source, language)
    known = told + terms(context, language)
    limit, every = words.some.search(source) or words.limits.search(source), words.all.search(text)
    if limit and every and not any(p.search(text) for p in (words.some, words.limits, words.negation)):
        rest = [t for t in own if not every.start() <= t.start < every.end()]
        if not words.all.search(source) and share(rest, known) >= COVERED:
            return f"says of all what its source says of some: {every.group()}, not {limit.group()}"
    attributed = words.claims.search(source)
    if attributed and not any(p.search(text) for p in (words.claims, words.said, words.hedge, words.unsure)):
        behind = [t for t in told if t.start >= attributed.end()]
        if len(own) > 1 and share(own, behind if language == "en" else told) >= CLAIMED:
            return f"says as a fact what its source attributes: {attributed.group()}"
    return _done(text, source, language) or _surer(text, source, words, own, told, known, language)


def _done(text: str, source: str, language: str) -> str | None:
    """Whether what will be is said to have been."""
    ahead = WILL.search(source) if language == "en" else None
    if ahead is None or WILL.search(text):
        return None
    governed = next((t for t in terms(source) if t.start >= ahead.end() and not is_adverb(t.word)), None)
    past = [DONE.match(text[match.start() :]) for match in HAS.finditer(text)]
    if governed and any(found and alike(governed.word, IRREGULAR.get(found[1], found[1])) for found in past):
        return f"says as done what its source says will be: {ahead.group()}"
    return None


def _surer(
    text: str, source: str, words: Lexicon, own: list[Term], told: list[Term], known: list[Term], language: str
) -> str | None:
    found = words.unsure.search(source)
    if found is None or len(words.negation.findall(text)) > len(words.negation.findall(source)):
        return None
    must = words.must.search(text)
    if (
        must
        and not any(p.search(source) for p in (words.must, words.negation))
        and not words.negation.search(text)
        and share(own, known) >= COVERED
    ):
        return f"says that it must be: {must.group()}, not {found.group().strip()}"
    if any(p.search(text) for p in (words.unsure, words.hedge, words.claims)) or IDEA.search(text):
        return None
    if language == "en":
        end = BREAK.search(source, found.end())
        governed = [t for t in told if t.start >= found.end() and (end is None or t.start < end.start())]
        governed = [t for t in governed if not is_adverb(t.word)][:1]
        sure = governed and has(own, governed[0].word) and sum(alike(t.word, governed[0].word) for t in told) == 1
        covered = share([t for t in told if t.start >= found.end()][:NEAR], own)
        return f"says as sure what its source does not: {found.group().strip()}" if sure and covered == 1 else None
    if share(own, known) >= COPIED and share(told, own) >= COVERED:
        return f"says as sure what its source does not: {found.group().strip()}"
    return None
