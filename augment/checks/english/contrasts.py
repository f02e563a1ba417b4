"""Rivals of an English sentence: what would be likelier if it were wrong, by rule; none where no rule is sure."""

import re

from augment.checks.english.forms import CLAUSE, DEGREE, DOUBT, ER, QUANTIFIED, QUANTIFIERS, split
from augment.text.words import normal

KIND = re.compile(r"^(\w+) (are a (?:type|kind|sort) of) (\w+)(\W*)$")
AUXILIARY = re.compile(
    r"\b(is|are|was|were|can|could|will|would|must|should|may|might|has|have|had)\b( not\b)?|\bcannot\b", re.IGNORECASE
)
HAVE = {"has": "does not have", "have": "do not have", "had": "did not have"}
PARTICIPLE = re.compile(r"^ (?:\w+ly )?(?:been|\w+ed|\w+en|had|made|found|won|lost|sung|sunk|led|held|said|told)\b")


def rivals(text: str, language: str = "en") -> list[str]:
    """What would be likelier than this sentence if it were wrong, its contradiction first; empty where no rule is sure.

    Some rivals do not contradict: "Some A are B" stands beside "All A are B" for overstatement, and the converse, "All B are
    A", for a wrong direction.
    """
    opener, core = split(text, language)
    if not core:
        return []
    if found := QUANTIFIED.match(core):
        return [opener + _cased(core, other) for other in _quantified(found) if normal(other) != normal(core)]
    if DEGREE.search(core):
        flipped = DEGREE.sub(lambda m: _cased(m[1], "less" if m[1].lower() == "more" else "more"), core)
        return [opener + flipped] if len(DEGREE.findall(core)) == 1 and not DOUBT.search(core) else []
    if found := ER.match(core):
        left, verb, degree, right = found.groups()
        end = core[len(core.rstrip(".!")) :]
        return [opener + _cased(core, f"{right.rstrip('.!')} {verb}{degree} than {left[0].lower()}{left[1:]}{end}")]
    other = contradiction(core)
    converse = KIND.match(core)
    others = (
        [f"{converse[3]} {converse[2]} {converse[1]}{converse[4]}"] if converse and converse[1] != converse[3] else []
    )
    return [opener + sentence for sentence in (other, *others)] if other else []


def _quantified(found: re.Match[str]) -> list[str]:
    quantifier, subject, verb, negated, rest = found.groups()
    quantifier = QUANTIFIERS.get(quantifier.lower(), quantifier.lower())
    if DOUBT.search(f"{subject} {rest}") or (negated and quantifier != "some"):
        return []
    if negated:
        return [f"all {subject} {verb} {rest}"]
    others = {"all": ["no", "some"], "no": ["some"], "some": ["no"]}[quantifier]
    end = rest[len(rest.rstrip(".!")) :]
    converse = [f"all {rest.rstrip('.!')} {verb} {subject}{end}"] if found[1].lower() == "all" else []
    converse = [] if re.match(r"(?:the|an?) ", f"{rest} ", re.IGNORECASE) else converse
    return [*(f"{other} {subject} {verb} {rest}" for other in others), *converse]


def contradiction(core: str) -> str | None:
    """The first auxiliary of the main clause with "not", or without it."""
    found = AUXILIARY.search(core)
    if found is None or not core[: found.start()].strip() or CLAUSE.search(core[: found.start()]):
        return None
    before, after = core[: found.start()], core[found.end() :]
    if DOUBT.search(before + after):
        return None
    word = found.group().lower()
    if word == "cannot":
        return f"{before}can{after}"
    if found[2]:
        return f"{before}{found[1]}{after}"
    if word in HAVE and not PARTICIPLE.match(after):
        return f"{before}{HAVE[word]}{after}"
    return f"{before}cannot{after}" if word == "can" else f"{before}{found[1]} not{after}"


def _cased(like: str, text: str) -> str:
    """A text whose first letter is written as that of another."""
    return (text[0].upper() if like[0].isupper() else text[0].lower()) + text[1:]
