"""Other wordings of an English sentence: the plainest one, the one from its other end, the one behind its terms."""

import re

from augment.checks.english.forms import CLAUSE, COMPARED, DOUBT, EMPTY, MORE, QUANTIFIED, split
from augment.text.words import normal

PLAIN_MORE = re.compile(r"^(.+?) (is|are|was|were) (more|less) (\w+) than (.+)$")
PRONOUNS = ("we ", "you ", "they ", "these ", "those ", "there ", "all ", "some ")
REDUCED = (
    (r"\btend to be\b|\bare (?:known|thought|said|considered|believed) to be\b", "are"),
    (r"\btends to be\b|\bis (?:known|thought|said|considered|believed) to be\b", "is"),
    (r"\b(?:is|are) able to\b|\bknows? how to\b", "can"),
    (r"\bcome with\b|\bpossess\b", "have"),
    (r"\bcomes with\b|\bpossesses\b", "has"),
    (r"\bare a (?:kind|sort) of\b", "are a type of"),
    (r"^(\w+) (?:count as|belong to the) (?=\w+$)", r"\1 are a type of "),
    (r"^(\w+) are known to (?=\w+ \w+$)", r"\1 often "),
)
"""Wordings and their plainest one."""


def plain(text: str, language: str = "en") -> str:
    """The sentence without an opener that says nothing, and in the plainest of some wordings; else as it is.

    "People find a more common than b." is "a are more common than b.": models know the plain wording best.
    """
    opener, core = split(text, language)
    if not core or not (not opener or EMPTY.search(normal(opener).rstrip(",: "))):
        return text
    bare = core.rstrip(" .!?")
    found = COMPARED.match(bare) or MORE.match(bare)
    if DOUBT.search(core) or (found and found.re is MORE and CLAUSE.search(found[1])):
        return core
    if found is None:
        for wording, plainest in REDUCED:
            bare = re.sub(wording, plainest, bare)
        return bare + core[len(core.rstrip(" .!?")) :]
    left, degree, quality, right = found.groups() if found.re is MORE else (found[2], found[3], found[4], found[1])
    verb = re.search(r"\b(?:is|are|was|were)\b", core)
    return f"{left} {verb.group() if verb else 'are'} {degree} {quality} than {right}."


def turned(text: str, language: str = "en") -> str | None:
    """A plain sentence said from its other end, with the same meaning; None where no rule is sure."""
    core = text.strip().rstrip(".!")
    if language != "en" or DOUBT.search(core.removeprefix("No ").removeprefix("no ")) or text.endswith("?"):
        return None
    if (found := PLAIN_MORE.match(core)) and not CLAUSE.search(found[1]):
        left, verb, degree, quality, right = found.groups()
        return f"{right} {verb} {'less' if degree == 'more' else 'more'} {quality} than {left}."
    if found := re.match(r"^(some|no) (\w+) are (\w+)$", core, re.IGNORECASE):
        return f"{found[1]} {found[3]} are {found[2]}."
    if found := re.match(r"^(\w+) are a (?:type|kind|sort) of (\w+)$", core):
        return f"The {found[2]} include {found[1]}."
    if found := re.match(r"^The (\w+) include (\w+)$", core):
        return f"{found[2]} are a type of {found[1]}."
    if found := re.match(r"^Among the things that ((?:are|have|can|\w+) .+) are (\w+)$", core):
        return f"{found[2]} {found[1]}."
    if (found := re.match(r"^([a-z]\w*) ((?:are|have|can) \w+)$", core)) and not core.startswith(PRONOUNS):
        return f"Among the things that {found[2]} are {found[1]}."
    return None


def framed(text: str, language: str = "en") -> tuple[str, str] | None:
    """For "All A are B" a line that names both terms and the statement that follows it; None for other sentences.

    A quantifier comes first, where a model cannot know yet what is spoken of; after the frame it can.
    """
    _, core = split(text, language)
    if not (found := QUANTIFIED.match(core.rstrip(".!"))):
        return None
    return f"The relationships between {found[2]} and {found[5]} are:", core[0].upper() + core[1:]
