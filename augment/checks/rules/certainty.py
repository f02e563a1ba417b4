"""certainty: does an inference say more surely, of more, or on its own account what its source says with a limit?

May becomes will, most becomes all, and what critics claim becomes a fact. Sure only where the limit stands on what the inference says
and the inference has no limit of any kind.
"""

import regex

from augment.checks.base import RowCheck, tells_its_source
from augment.checks.languages.lexicon import Lexicon, lexicon
from augment.checks.rules.terms import BREAK, IRREGULAR, Term, alike, is_adverb, share, terms
from augment.config import CheckConfig
from augment.operators.base import Operator

COPIED, COVERED = 0.85, 0.6
"""Least share of an inference's words that are the source's, and of the source's that it has, where no grammar is known."""
CLAIMED = 0.6
"""Least share of an inference's words that stand behind who claims them."""
FEW = 3
"""Telling words behind a word for some or all among which is what it counts."""
NEAR = 2
"""Telling words behind a hedge that it surely governs."""


IDEA = regex.compile(r"\b(?:idea|notion|view|opinion|question|thesis|scenario|theory)\b", regex.IGNORECASE)
"""What speaks of a thought, and so not of what is."""
WILL = regex.compile(
    r"\b(?:will|shall|is going to|are going to|agreed to|plans? to|planned to|intends? to)\b", regex.IGNORECASE
)
HAS = regex.compile(r"\b(?:has|have|had)\b", regex.IGNORECASE)
DONE = regex.compile(r"ha(?:s|ve|d)\s+(?:(?:already|been|now|just)\s+)*(\w+)", regex.IGNORECASE)


THAT = regex.compile(r"(?:\s+[\w'’]+){0,3}?,?\s+that\b", regex.IGNORECASE)
"""What follows a verb of claiming where a clause is claimed."""
CLAIMS = regex.compile(
    r"claim(?:s|ed)|alleg(?:es|ed|edly)|believ(?:e|es|ed)|reportedly|supposed(?:ly)?|rumou?red|(?:is|are|was|were) said to|legend|tradition has it|"
    r"in (?:his|her|their|my) (?:view|opinion)",
    regex.IGNORECASE,
)
"""What attributes a clause without `that`, and is no name of a thing."""
CLAIM_ENDS = regex.compile(
    r"[;:—]|,\s+(?:but|while|whereas|and|which|who|whose|as|since|because|although|though)\b", regex.IGNORECASE
)
NOT_SURE = regex.compile(
    r"could not|(?-i:May\b)|(?:is|are) set to (?:\d|zero|one|on|off|true|false|none|null)\b", regex.IGNORECASE
)
"""Words that look like those of what is only possible."""
OFTEN = regex.compile(
    r"often|usually|sometimes|frequently|generally|typically|normally|commonly|occasionally|rarely|seldom|mostly",
    regex.IGNORECASE,
)
ALWAYS = regex.compile(r"always|invariably|without exception|everywhere|completely", regex.IGNORECASE)
OF = regex.compile(r"\s+of\b", regex.IGNORECASE)
"""What stands behind a noun: the use of."""
NOMINAL = regex.compile(r"(?:ing|ment|tion|sion|al|ance|ence|er|or)s?$")
"""Endings of nouns made of verbs, which say of nothing that it is so."""


CLAUSE_ENDS = regex.compile(r"[,;:.!?—()，。；：、]")
"""Where a clause may end in any language."""
Match = regex.Match[str]


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
        covered = not words.all.search(source) and share(rest, known) >= COVERED
        if covered and (language != "en" or _of_the_same(limit, source, told, every, own)):
            return f"says of all what its source says of some: {every.group()}, not {limit.group()}"
    attributed = words.claims.search(source)
    if attributed and not any(p.search(text) for p in (words.claims, words.said, words.hedge, words.unsure)):
        claimed = _claimed(source, attributed, told) if language == "en" else _beside(source, attributed, told)
        if len(own) > 1 and share(own, claimed) >= CLAIMED:
            return f"says as a fact what its source attributes: {attributed.group()}"
    return _done(text, source, language) or _surer(text, source, words, own, told, known, language)


def _of_the_same(limit: Match, source: str, told: list[Term], every: Match, own: list[Term]) -> bool:
    """Whether a word for some and one for all say it of the same thing, or one for sometimes and one for always of anything."""
    end = BREAK.search(source, limit.end())
    some = [t for t in told if t.start >= limit.end() and (end is None or t.start < end.start())][:FEW]
    whole = [t for t in own if t.start >= every.end()][:FEW]
    if OFTEN.fullmatch(limit.group()) or ALWAYS.fullmatch(every.group()):
        return bool(OFTEN.fullmatch(limit.group()) and ALWAYS.fullmatch(every.group()))
    return any(alike(a.word, b.word) for a in some for b in whole)


def _claimed(source: str, attributed: Match, told: list[Term]) -> list[Term]:
    """The words of what is claimed: those behind `that`, or behind a verb of claiming itself, up to the end of its clause."""
    that = THAT.match(source, attributed.end())
    if that is None and not CLAIMS.fullmatch(attributed.group()):
        return []
    start = that.end() if that else attributed.end()
    end = CLAIM_ENDS.search(source, start)
    return [t for t in told if t.start >= start and (end is None or t.start < end.start())]


def _beside(source: str, attributed: Match, told: list[Term]) -> list[Term]:
    """The words of the clause in which somebody is named as who says it, and of the next one."""
    ends = [0, *(found.end() for found in CLAUSE_ENDS.finditer(source)), len(source)]
    place = max(n for n, end in enumerate(ends) if end <= attributed.start())
    until = ends[min(place + 2, len(ends) - 1)]
    return [t for t in told if ends[place] <= t.start < until]


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
        here = [t for t in own if governed and alike(t.word, governed[0].word)]
        sure = (
            here
            and not NOMINAL.search(here[0].word)
            and not OF.match(text, here[0].end)
            and sum(alike(t.word, governed[0].word) for t in told) == 1
        )
        if NOT_SURE.match(source, found.start()):
            return None
        covered = share([t for t in told if t.start >= found.end()][:NEAR], own)
        return f"says as sure what its source does not: {found.group().strip()}" if sure and covered == 1 else None
    if share(own, known) >= COPIED and share(told, own) >= COVERED:
        return f"says as sure what its source does not: {found.group().strip()}"
    return None
