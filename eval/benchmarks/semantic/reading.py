"""Sentences in any wording as statements of the hierarchy."""

import re

from eval.benchmarks.closure import Statement
from eval.benchmarks.semantic.hierarchy import PROPERTIES
from eval.benchmarks.semantic.wordings import INVERSE, kind_of

NEGATED = re.compile(r"\b(not|no|never|cannot|neither|nor|without|lack)\b|n't\b", re.I)


def classes_of(real: dict[str, list[Statement]], name: dict[str, str]) -> dict[str, str]:
    """What every word of this world may be: category, thing, verb, or the property that it names."""
    classes = {}
    for subject, relation, value in (fact for facts in real.values() for fact in facts):
        kind = kind_of(relation)
        if kind == "action":
            classes[name[relation]] = "verb"
            classes.setdefault(name[value], "thing")
        elif kind != "type":
            classes[name[value]] = kind
        classes[name[subject]] = "category"
    return classes


def read(text: str, classes: dict[str, str]) -> Statement | None:
    """A sentence in any wording as (subject, relation, object), or from the other end as (object, ~relation, subject).

    The classes of its two or three known words tell the relation, their order tells the end that it starts from. None
    where there are other numbers of known words, where it is negated, or where they make no sense together.
    """
    spans = [(m.group().lower(), *m.span()) for m in re.finditer(r"\w+", text)]
    spans = [(w if w in classes else w.removesuffix("s"), i, j) for w, i, j in spans]
    found = {w: (i, j) for w, i, j in reversed(spans) if w in classes}  # the first of each
    named = sorted(found, key=found.__getitem__)
    kinds = [classes[w] for w in named]
    if NEGATED.search(text):
        return None
    if len(named) == 2:
        (first, second), (a, b) = named, kinds
        if (a, b) == ("category", "category"):
            return _type(
                first, second, text[: found[first][0]].lower(), text[found[first][1] : found[second][0]].lower()
            )
        if a == "category" and b in PROPERTIES.values():
            return first, b, second
        return (first, INVERSE + a, second) if b == "category" and a in PROPERTIES.values() else None
    if len(named) != 3 or kinds.count("verb") != 1:
        return None
    place = kinds.index("verb")
    verb = named.pop(place)
    passive = place == 1 and " by " in text[found[verb][1] : found[named[1]][0]]
    forward = place == 1 and not passive
    subject, value = named if forward else named[::-1]
    if classes[subject] != "category" or classes[value] not in ("category", "thing"):
        return None
    return (subject, verb, value) if forward else (value, INVERSE + verb, subject)


def _type(first: str, second: str, before: str, between: str) -> Statement | None:
    """A statement about two categories: which of them is above the other."""
    if re.search(r"\b(include|comprise|contain|cover|encompass|such as)", between):
        return first, INVERSE + "type", second
    if re.search(r"\b(among|(example|kind|type|sort)s? of)\b", before):
        return first, INVERSE + "type", second
    return (first, "type", second) if re.search(r"\b(are|is|be|belong|count|fall|class)", between) else None
