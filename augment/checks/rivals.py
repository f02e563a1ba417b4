"""Rivals of a natural statement: the same with two of its names, or of its nouns, exchanged. In any language, without grammar.

"Acme acquired Globex" has the rival "Globex acquired Acme". A reader that understands a source finds the one likelier after it that
keeps its roles. What the two places have in common, such as the case of an ending, stays as it is.
"""

from itertools import combinations

from augment.checks.rules.terms import Term, alike, terms

MOST = 2
"""Rivals of a statement."""


def exchanges(text: str, source: str, language: str = "en") -> list[str]:
    """The statement with two parts exchanged that its source has too; names before nouns, the most distant pairs first."""
    told = {term.word for term in terms(source, language)}
    shared = [term for term in terms(text, language) if any(alike(term.word, word) for word in told)]
    parts = _runs(text, [term for term in shared if not term.word[0].isdigit()])
    names = [part for part in parts if text[part[0]].isupper()]
    chosen = names if len(names) > 1 else parts
    pairs = sorted(combinations(chosen, 2), key=lambda pair: pair[0][1] - pair[1][0])
    found = (_exchanged(text, *pair) for pair in pairs)
    return list(dict.fromkeys(other for other in found if other != text))[:MOST]


def _runs(text: str, shared: list[Term]) -> list[tuple[int, int]]:
    """Words that stand side by side, or capitalised ones, as one part."""
    parts = list[tuple[int, int]]()
    for term in shared:
        if parts and text[parts[-1][1] : term.start].isspace() and text[parts[-1][0]].isupper() == term.capital:
            parts[-1] = parts[-1][0], term.end
        else:
            parts.append((term.start, term.end))
    return parts


def _exchanged(text: str, first: tuple[int, int], second: tuple[int, int]) -> str:
    (a, b), (c, d) = first, second
    left, right = text[a:b], text[c:d]
    if a == 0 and left[0].isupper():
        right = right[0].upper() + right[1:]
    return text[:a] + right + text[b:c] + left + text[d:]
