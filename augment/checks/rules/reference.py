"""reference: can an inference be understood alone? Its subject, and whoever else it speaks of, must be named in it.

A pronoun is fine behind what it stands for ("Maria moved to Oslo when she was ten"), and so are expletives ("It is true that").
"""

import regex

from augment.checks.base import RowCheck, tells_its_source
from augment.checks.languages.lexicon import lexicon
from augment.config import CheckConfig
from augment.operators.base import Operator

PERSONAL = regex.compile(r"\b(?:he|she|it|they|him|them|his|its|their|her|hers|theirs)\b", regex.IGNORECASE)
DEFINITE = regex.compile(
    r"^\W*(?:the|this|that|these|those|both)\s+(?:(?-i:company|firm|organi[sz]ation|corporation)|latter|former|two|three|pair|same)\b(?! of\b)",
    regex.IGNORECASE,
)
"""Subjects that speak of what stands before them."""
EXPLETIVE = regex.compile(
    r"\bit(?:'s|’s| is| was| has been| will be| may be| might be| would be| takes| took| can be| could be| cannot be| isn['’]t| wasn['’]t| must be| should be| seems| appears| turns? out| turned out| follows| costs?| rain(?:s|ed)| snow(?:s|ed))\b"
    r"(?:.{0,60}\b(?:that|who|whom|whose|which|to|when|where|whether|how)\b|\s+(?:\w+\s+){0,4}(?:hours?|minutes?|days?|years?|months?|weeks?|to)\b)",
    regex.IGNORECASE,
)
NAMED_AFTER = regex.compile(
    r"^\s+(?:of|that|which|who|whose|called|named)\b.*\b(?-i:\p{Lu}\p{L}+)|\b(?:is|are|was|were) (?-i:(?:the )?\p{Lu}\p{L}+)",
    regex.IGNORECASE,
)
"""What says at once which company it is: the company that collapsed is Bellweather."""
SAYS = regex.compile(
    r"\bit (?:also |then |therefore |thus |now |sometimes |often |can |may |might )?(?:seems|appears|happen|holds|held|follows|followed|means|meant|happens|happened|remains|emerges|emerged|transpired|matters)(?: true| now and then)? that\b"
    r"|\bthey (?:all )?(?:say|said|claim|believe|think|tell) (?:us )?that\b",
    regex.IGNORECASE,
)
"""Openers whose pronoun stands for nothing: it holds that, they say that."""
CAPITALISED = regex.compile(r"\p{Lu}\p{L}+")
NOUN = regex.compile(
    r"\b(?:the|an?|this|that|these|those|my|our|your|his|her|their|its|every|each|some|any|all|both|most|many|two|three|four|five)\s+\p{L}+|\b\p{Lu}\p{L}+|\b\p{L}{3,}s\b|\p{N}"
)
"""What a pronoun may stand for: a name, or a noun with its article."""


class Reference(RowCheck):
    """See `unresolved`."""

    name = "reference"

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `reference`."""
        return config.reference

    def applies(self, operator: type[Operator]) -> bool:
        """Where a line stands alone."""
        return tells_its_source(operator)

    def fault(self, text: str, source: str, context: str, language: str) -> str | None:
        """See `unresolved`."""
        return unresolved(text, source, language)


def unresolved(text: str, source: str, language: str = "en") -> str | None:
    """Why an inference cannot be understood alone; None where no rule is sure."""
    if language != "en":
        words = lexicon(language)
        found = words.pronouns.match(text.lstrip(" \"'“„«¿¡*")) if words else None
        return f"does not say what it speaks of: {found.group().strip()}" if found else None
    if (found := DEFINITE.match(text)) and not NAMED_AFTER.search(text, found.end()):
        return f"does not say what it speaks of: {found.group().strip()}"
    first = PERSONAL.search(text)
    if first is None:
        return None
    while first and (empty := EXPLETIVE.match(text, first.start()) or SAYS.match(text, first.start())):
        first = PERSONAL.search(text, max(empty.end(), first.end()))
        if first and _named(text[: first.start()]):
            return None
    if first is None or (_named(text[: first.start()]) and not _kept(first.group(), text, source)):
        return None
    if not _named(text[: first.start()]) and _named_behind(text, first.end()) and not _starts(text, first.start()):
        return None
    return f"does not say what it speaks of: {first.group()}"


def _starts(text: str, start: int) -> bool:
    return not text[:start].strip(" \"'“*")


def _named(before: str) -> bool:
    """Whether something stands before a pronoun that it may stand for."""
    return NOUN.search(before) is not None


def _named_behind(text: str, end: int) -> bool:
    """ "When she was ten, Maria moved": what a pronoun of a subordinate clause stands for may follow."""
    comma = text.find(",", end)
    return comma > 0 and _named(text[comma:])


def _kept(pronoun: str, text: str, source: str) -> bool:
    """Whether a pronoun is the source's own that speaks of what stands before the source, though now a name stands before it."""
    first = PERSONAL.search(source)
    if first is None or EXPLETIVE.match(source, first.start()) or not _starts(source, first.start()):
        return False
    same = first.group().casefold()
    forms = ({"it", "its"}, {"he", "him", "his"}, {"she", "her", "hers"}, {"they", "them", "their", "theirs"})
    family = next((f for f in forms if same in f), set())
    # who stands at the start of the inference was named elsewhere in the source, so the pronoun is not that one's
    lead = text[: PERSONAL.search(text).start()]  # type: ignore[union-attr]
    names = CAPITALISED.findall(lead)
    return pronoun.casefold() in family and bool(names) and all(name in source for name in names)
