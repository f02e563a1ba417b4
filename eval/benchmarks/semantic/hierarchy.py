"""The hierarchy in real words, and what follows in it."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from eval.benchmarks.closure import Known, Statement
from eval.benchmarks.semantic.wordings import INVERSE

PROPERTIES = {"are": "trait", "have": "part", "can": "ability"}
"""Keys of hierarchy.yaml and their relation; `is` is the relation "type", and the verb itself is that of an action."""


@cache
def hierarchy() -> dict[str, dict[str, Any]]:
    """hierarchy.yaml: for every category its parent (`is`), properties (`are`, `have`, `can`) and actions (`do`)."""
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def said_of(category: str) -> list[Statement]:
    """A category's own facts in real words, its parent first."""
    entry = hierarchy()[category]
    facts: list[Statement] = [(category, "type", entry["is"])] if "is" in entry else []
    facts += [(category, relation, word) for key, relation in PROPERTIES.items() for word in entry.get(key, [])]
    return facts + [(category, verb, noun) for verb, noun in entry.get("do", {}).items()]


def inherit(new: Statement, known: Known) -> Iterator[tuple[Statement, tuple[Statement, ...]]]:
    """What is said of a category, its parent among it, holds for all categories below."""
    subject, relation, value = new
    if relation.startswith(INVERSE):
        return
    if relation == "type":
        for above in known.about[value]:
            if not above[1].startswith(INVERSE):
                yield (subject, *above[1:]), (new, above)
    for below in known.to[subject]:
        if below[1] == "type":
            yield (below[0], relation, value), (below, new)


def invert(new: Statement, _: Known) -> Iterator[tuple[Statement, tuple[Statement, ...]]]:
    """Every statement has its inverse."""
    subject, relation, value = new
    if not relation.startswith(INVERSE):
        yield (value, INVERSE + relation, subject), (new,)


def choose(rng: Random, n: int) -> list[str]:
    """`n` categories with all that stand above them, in the order of the file."""
    chosen: set[str] = set()
    for category in rng.sample(list(hierarchy()), len(hierarchy())):
        above, parent = {category}, hierarchy()[category].get("is")
        while parent:
            above.add(parent)
            parent = hierarchy()[parent].get("is")
        if len(chosen | above) <= n:
            chosen |= above
    return [c for c in hierarchy() if c in chosen]
