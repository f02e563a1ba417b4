"""Negations and contrasts of English sentences by rule: a few sure forms, and None for everything else.

`plain` takes off what only introduces a sentence, `turned` says it from its other end, `framed` puts it
behind its terms, `rivals` rewrites one into what would be likelier if it were wrong, and
`claim` and `opposed` say when two sentences cannot both be true. Nothing here knows a word's meaning: "hot" and "cold" are no opposites here. Existence is assumed, as in
traditional logic: "All A are B" and "No A are B" cannot both be true.
"""

import re

from augment.checks.form import normal

Claim = tuple[str, ...]
"""Kind, circumstance, and the terms: two sentences with equal claims say the same."""

SAYING = (
    "know known knows true certain clear said say says hold holds follow follows fact see sees seen turns out hear heard "
    "agree agrees believe believes show shows shown note notes explain explains claim claims report reports confirm "
    "confirmed confirms learn learns learned mention mentions write writes found remember add adds reply replies mind me"
)
OPENER = re.compile(
    rf"^(?:[^,.:?]*?\b(?:{'|'.join(SAYING.split())})\s+that\s+|(?!compared\b)[A-Z][^,.:?]{{0,60}}[,:]\s+)",
    re.IGNORECASE,
)
"""What introduces a statement: "It is true that", "In general,"."""
EMPTY = re.compile(
    r"that$|^(?:in (?:general|fact|other words|every case|short)|by definition|to be sure|of course|as everyone knows|as a "
    r"group|as i wrote before|according to [a-z ]+|here is a fact|one thing is certain|entry|note|record|remark|indeed)$"
)
"""Openers that say nothing about when or where a statement holds."""
DOUBT = re.compile(
    r"\b(?:not|never|no one|nobody|nothing|none|neither|nor|hardly|rarely|seldom|few|without|unless|if|false|wrong|untrue|"
    r"unlikely|doubts?|den(?:y|ies|ied)|or)\b|n't\b",
    re.IGNORECASE,
)
"""Words that turn a meaning in ways that these rules do not follow; "not" is allowed where a rule says so."""

BE = r"(?:(?:is|are|was|were|be|been|to|seems?|tends?|known|said|thought|considered|believed) )+"
QUANTIFIED = re.compile(r"^(all|every|each|some|no) (.+?) (are|is|were|was) (not )?(.+)$", re.IGNORECASE)
PLAIN_MORE = re.compile(r"^(.+?) (is|are|was|were) (more|less) (\w+) than (.+)$")
KIND = re.compile(r"^(\w+) (are a (?:type|kind|sort) of) (\w+)(\W*)$")
PRONOUNS = ("we ", "you ", "they ", "these ", "those ", "there ", "all ", "some ")
DEGREE = re.compile(r"\b(more|less)\b(?= (?!or\b|than\b)[^\W\d]+)", re.IGNORECASE)
MORE = re.compile(rf"^(?:people find )?(.+?) (?:{BE})?(more|less) (\w+) than (.+)$", re.IGNORECASE)
COMPARED = re.compile(rf"^compared (?:with|to) (.+?), (.+?) (?:{BE})?(more|less) (\w+)$", re.IGNORECASE)
ER = re.compile(rf"^(.+?) ({BE})((?!other\b|rather\b)\w+er|worse) than (.+)$", re.IGNORECASE)
AUXILIARY = re.compile(
    r"\b(is|are|was|were|can|could|will|would|must|should|may|might|has|have|had)\b( not\b)?|\bcannot\b", re.IGNORECASE
)
CLAUSE = re.compile(r"\b(?:that|which|who|whom|whose|when|where|while|because|as|than|what|how|why)\b", re.IGNORECASE)
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
HAVE = {"has": "does not have", "have": "do not have", "had": "did not have"}
PARTICIPLE = re.compile(r"^ (?:\w+ly )?(?:been|\w+ed|\w+en|had|made|found|won|lost|sung|sunk|led|held|said|told)\b")
QUANTIFIERS = {"every": "all", "each": "all"}


def negate(text: str, language: str = "en") -> str | None:
    """A sentence that cannot be true together with this one; None where no rule is sure."""
    found = rivals(text, language)
    return found[0] if found else None


def plain(text: str, language: str = "en") -> str:
    """The sentence without an opener that says nothing, and in the plainest of some wordings; else as it is.

    "People find a more common than b." is "a are more common than b.": models know the plain wording best.
    """
    opener, core = _split(text, language)
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
    _, core = _split(text, language)
    if not (found := QUANTIFIED.match(core.rstrip(".!"))):
        return None
    return f"The relationships between {found[2]} and {found[5]} are:", core[0].upper() + core[1:]


def rivals(text: str, language: str = "en") -> list[str]:
    """What would be likelier than this sentence if it were wrong, its contradiction first; empty where no rule is sure.

    Some rivals do not contradict: "Some A are B" stands beside "All A are B" for overstatement, and the converse, "All B are
    A", for a wrong direction.
    """
    opener, core = _split(text, language)
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
    other = _auxiliary(core)
    converse = KIND.match(core)
    others = (
        [f"{converse[3]} {converse[2]} {converse[1]}{converse[4]}"] if converse and converse[1] != converse[3] else []
    )
    return [opener + sentence for sentence in (other, *others)] if other else []


def claim(text: str, language: str = "en") -> Claim | None:
    """What a sentence says, whatever its opener and in some of its wordings; None where no rule is sure."""
    opener, core = _split(text, language)
    if not core:
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
    if DEGREE.search(core) or not (other := _auxiliary(core)):
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


def _split(text: str, language: str) -> tuple[str, str]:
    """Opener and core; an empty core where the sentence is a question, doubted, or in another language."""
    text = text.strip()
    found = OPENER.match(text)
    opener = found.group() if found else ""
    core = text[len(opener) :]
    unsure = (
        language != "en"
        or DOUBT.search(opener)
        or re.search(r"\b(?:more|less)\b", opener)
        or len(re.findall(r"[.!?](?=\s)", text)) > 0
    )
    question = text.endswith("?") and not re.match(r"(?:did|do) you|have you", text, re.IGNORECASE)
    return opener, "" if unsure or question else core


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


def _auxiliary(core: str) -> str | None:
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
