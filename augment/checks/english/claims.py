"""When two English sentences cannot both be true, for the forms that the rules know.

Existence is assumed, as in traditional logic: "All A are B" and "No A are B" cannot both be true.
"""

import re

from augment.checks.english.contrasts import contradiction
from augment.checks.english.forms import COMPARED, DEGREE, DOUBT, EMPTY, ER, MORE, QUANTIFIED, QUANTIFIERS, split
from augment.text.words import normal

CLAIMED = re.compile(
    r"\b(?:critics?|opponents?|claim\w*|alleg\w+|argu\w+|insist\w*|suspect\w*|accus\w+|rumou?r\w*)\b", re.IGNORECASE
)
"""Openers that say who says it, and so not that it is so."""
Claim = tuple[str, ...]
"""Kind, circumstance, and the terms: two sentences with equal claims say the same."""


def claim(text: str, language: str = "en") -> Claim | None:
    """What a sentence says, whatever its opener and in some of its wordings; None where no rule is sure."""
    opener, core = split(text, language)
    if not core or CLAIMED.search(opener):
        return None
    opener, core = normal(opener).rstrip(",: "), normal(core)
    where = "" if EMPTY.search(opener) else opener
    if found := QUANTIFIED.match(core):
        quantifier, subject, _, negated, rest = found.groups()
        kind = QUANTIFIERS.get(quantifier, quantifier) + (" not" if negated else "")
        return (kind, where, subject, rest) if kind in ("all", "some", "no", "some not") else None
    if found := COMPARED.match(core):
        right, left, degree, quality = found.groups()
        return ("more", where, *((left, quality, right) if degree == "more" else (right, quality, left)))
    if (found := MORE.match(core)) and not DOUBT.search(core):
        left, degree, quality, right = found.groups()
        return ("more", where, *((left, quality, right) if degree == "more" else (right, quality, left)))
    if found := ER.match(core):
        return "more", where, found[1], found[3], found[4]
    if DEGREE.search(core) or not (other := contradiction(core)):
        return None
    negative = re.search(r"\b(?:cannot|not)\b", core) is not None
    return ("not" if negative else "holds"), where, other if negative else core


def opposed(said: Claim) -> list[Claim]:
    """The claims that cannot be true together with this one."""
    kind, where, *terms = said
    if kind == "more":
        return [(kind, where, *reversed(terms))]
    if kind in ("holds", "not"):
        return [("not" if kind == "holds" else "holds", where, *terms)]
    straight, turned = (where, *terms), (where, *reversed(terms))
    against = {"all": ["no", "some not"], "no": ["all", "some"], "some": ["no"], "some not": ["all"]}[kind]
    both = [] if kind == "some not" else [(other, *turned) for other in against if other != "some not"]
    return [(other, *straight) for other in against] + both
