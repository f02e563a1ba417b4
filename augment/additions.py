"""Does an inference bring in what its source does not have: a name, a number, a denial? Rules against what models make up.

A weak model rewords "The library was founded by Piet Maas." as "The library was founded by Peter in 2018." or says that it was
not, and as it wrote that, it may find it likely. An inference from a source alone has no other names or numbers than the
source, and rarely denies where nothing was denied.
"""

import re

from augment.names import WORD, Casing, entities

ALIKE = 4
"""Letters with which two words begin alike that may be forms of one name: Norway, Norwegian."""
NOUNS_CAPITAL = frozenset({"de", "lb"})
"""Languages that write every noun with a capital: there only numbers are looked at."""
NEGATION = re.compile(
    r"\b(?:not(?! only\b| just\b| merely\b)|cannot|never|no(?! doubt\b)|none(?! other\b)|nobody|nothing(?! but\b)|neither|nor|"
    r"without(?! (?:a |any )?doubt\b))\b|n[’']t\b",
    re.IGNORECASE,
)
CONTRAST = re.compile(
    r"\b(?:than|more|less|most|least|only|all|every|each|except|but|before|after|until|unlike|instead|rather|different|differs?|"
    r"false|wrong|untrue|ceased?|stopped|refused?|lacks?|failed|few|hardly|rarely|seldom|un\w+|in(?:visible|complete|correct))\b"
    r"|\b\w{2,}less\b",
    re.IGNORECASE,
)
"""Words of a source from which a denial may follow."""
POSSESSIVE = re.compile(r"[’'](?:s|d|ll|m|re|ve)?$", re.IGNORECASE)


def additions(text: str, source: str, case: Casing, language: str = "en") -> str | None:
    """Why an inference is rejected for what it adds to its source, or None; `case` is the corpus'."""
    told = {_bare(word) for word in WORD.findall(source)}
    named = [_bare(word) for start, end in entities(text, case) for word in WORD.findall(text[start:end])]
    new = [word for word in named if not _known(word, told, case, language)]
    if new:
        return f"names what its source does not: {', '.join(dict.fromkeys(new))}"
    if (
        language == "en"
        and len(NEGATION.findall(text)) % 2
        and not (NEGATION.search(source) or CONTRAST.search(source))
    ):
        return "denies something, and its source does not"
    return None


def _bare(word: str) -> str:
    return POSSESSIVE.sub("", word.casefold())


def _known(word: str, told: set[str], case: Casing, language: str) -> bool:
    """Whether a name or number of an inference is no addition."""
    if word in told:
        return True
    if word[0].isdigit():
        return False
    if len(word) < 2 or word in case.lower or language in NOUNS_CAPITAL:  # "I"; a word that is no name elsewhere
        return True
    return len(word) >= ALIKE and any(word[:ALIKE] == other[:ALIKE] for other in told)
