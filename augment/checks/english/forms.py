"""Forms of English sentences that the rules know, and what introduces a sentence.

Nothing here knows a word's meaning: "hot" and "cold" are no opposites. What these forms do not fit stays as it is.
"""

import re

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
DEGREE = re.compile(r"\b(more|less)\b(?= (?!or\b|than\b)[^\W\d]+)", re.IGNORECASE)
MORE = re.compile(rf"^(?:people find )?(.+?) (?:{BE})?(more|less) (\w+) than (.+)$", re.IGNORECASE)
COMPARED = re.compile(rf"^compared (?:with|to) (.+?), (.+?) (?:{BE})?(more|less) (\w+)$", re.IGNORECASE)
ER = re.compile(rf"^(.+?) ({BE})((?!other\b|rather\b)\w+er|worse) than (.+)$", re.IGNORECASE)
CLAUSE = re.compile(r"\b(?:that|which|who|whom|whose|when|where|while|because|as|than|what|how|why)\b", re.IGNORECASE)
QUANTIFIERS = {"every": "all", "each": "all"}


def split(text: str, language: str) -> tuple[str, str]:
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
