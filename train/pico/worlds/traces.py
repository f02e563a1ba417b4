"""Questions on a hierarchy whose answers are written out: two look-ups and what follows, where the conclusion alone takes both at once.

"Conclusions: What parts do grud have? I know that grud are a type of abme. I learned that abme have flofi. It follows that grud have flofi."
"""

from random import Random

from train.pico.worlds.base import Asked
from train.pico.worlds.hierarchies import ASKED, Statement, draw, inherited, kind_of, phrase, plain

MOST = 48
"""Topics in the largest training context."""
ROWS = 64
"""Questions about a context, at most."""
CONCLUDES = "It follows that"


def question(topic: str, fact: Statement) -> str:
    """What a fact of the parent says about, asked of a topic."""
    return f"Conclusions: {phrase((topic, *fact[1:]), ASKED[kind_of(fact[1])])}"


def trace(stated: Statement, fact: Statement) -> str:
    """From what is stated of a topic, its parent, and a fact of the parent to the conclusion."""
    return f" I know that {plain(stated)} I learned that {plain(fact)} {CONCLUDES} {plain((stated[0], *fact[1:]))}"


def lookup(rng: Random, words: list[str], n: int) -> tuple[str, Asked]:
    """Documents about `n` topics, and questions with traces."""
    told, context = draw(rng, words, n)
    asked = [
        (question(topic, fact), trace(own[0], fact))
        for topic, own in told.items()
        if own[0][1] == "type"
        for fact in told[own[0][2]]
    ]
    return context, rng.sample(asked, min(ROWS, len(asked)))


def exam(rng: Random, words: list[str], n: int, most: int) -> tuple[str, list[tuple[str, frozenset[str]]]]:
    """Documents about `n` topics, and up to `most` questions, each once, with the conclusions that are right: those from two facts."""
    told, context = draw(rng, words, n)
    right = dict[str, set[str]]()
    for topic in told:
        for fact in (inherited(told, topic)[1:2] or [[]])[0]:
            right.setdefault(question(topic, fact), set()).add(plain(fact))
    drawn = rng.sample(sorted(right), min(most, len(right)))
    return context, [(stem, frozenset(right[stem])) for stem in drawn]
