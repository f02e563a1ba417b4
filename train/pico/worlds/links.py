"""Documents of a hierarchy in one context, and for some of them what follows with the others: the global operators.

What follows is written out: "I know that grud are a type of abme. I learned that abme are rony. It follows that grud are rony." Each
of the three is one look-up, where the conclusion alone takes two at once.
"""

from random import Random
from typing import NamedTuple

from train.pico.worlds.base import Use
from train.pico.worlds.hierarchies import STYLES, Statement, answers, draw_facts, plain, wiki

OPERATORS = ("link", "link-trace")
MOST = 48
"""Topics in the largest training context."""
TARGETS = 8
"""Documents of a context that are asked about, at most."""


class Told(NamedTuple):
    """A document, and the facts in it in their order."""

    text: str
    facts: list[Statement]


def documents(rng: Random, words: list[str], n: int) -> list[Told]:
    """Documents about `n` topics in random order: one of nearly every topic, of some two."""
    told = draw_facts(rng, words, n)
    facts = [fact for own in told.values() for fact in own]
    topics = [topic for topic in told if rng.random() > 0.1]
    topics += rng.choices(list(told), k=rng.randint(0, n // 3) + max(0, 2 - len(topics)))
    styles, drawn = list(STYLES), list[Told]()
    for topic in rng.sample(topics, len(topics)):
        own = told[topic]
        drawn.append(
            Told(*(answers(rng, own) if rng.random() < 1 / 6 else wiki(rng, rng.choice(styles), own, facts, 6)))
        )
    return drawn


def trace(target: Told, together: list[Told]) -> Use:
    """What follows from a document about a topic and what is said of the topic's parent: first by the parent's own documents."""
    stated = target.facts[0]
    lines = list[str]()
    if stated[1] == "type":
        own_first = sorted(together, key=lambda document: document.facts[0][0] != stated[2])
        for fact in dict.fromkeys(fact for document in own_first for fact in document.facts if fact[0] == stated[2]):
            concluded = plain((stated[0], *fact[1:]))
            lines.append(f"I know that {plain(stated)} I learned that {plain(fact)} It follows that {concluded}")
    return Use(target.text, lines, frozenset(lines))


def operator(rng: Random, words: list[str], n: int, most: int = TARGETS) -> tuple[str, list[Use]]:
    """The context of documents about `n` topics, and uses of a global operator on up to `most` of them."""
    together = documents(rng, words, n)
    context = "\n\n".join(document.text for document in together)
    return context, [trace(target, together) for target in rng.sample(together, min(most, len(together)))]
