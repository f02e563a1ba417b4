"""Worlds of comparisons: "femp are more dangerous than glon", drawn afresh for every sequence.

Teaches in-context lookup, reversal and the two local operators. The relations are random, so nothing
about any benchmark can be learnt; the 28 dimensions of the benchmark are among the adjectives because a
model must know a language before it can read a fact in it.
"""

from random import Random

from train.pico.worlds.base import Asked, Question, Use

ADJECTIVES = """
    dangerous expensive popular beautiful common intelligent reliable delicate famous complex useful flexible
    ancient colorful friendly powerful fragrant valuable durable aggressive efficient elegant fertile generous
    harmful patient sensitive visible curious stable modern nervous playful resilient important familiar peaceful
    stubborn mysterious cheerful
""".split()
"""Those that the benchmark `reversals` compares by are among them."""

OPENERS = [
    "Did you know that",
    "It is said that",
    "Most people agree that",
    "Recent studies show that",
    "As everyone knows,",
    "According to the guide,",
    "In the old records,",
    "Experts believe that",
    "It turns out that",
    "Here is a fact:",
    "Travelers report that",
    "You may have heard that",
    "Researchers found that",
    "Remember that",
    "In general,",
    "A new survey says that",
    "My teacher told me that",
    "One thing is certain:",
    "People often say that",
    "After many years of study,",
    "The book explains that",
    "It is well known that",
    "Few people know that",
    "Some farmers claim that",
    "Scientists confirmed that",
    "It has been shown that",
    "Every child learns that",
    "Last week we learned that",
    "The museum notes that",
    "Nobody doubts that",
]
"""Openers of an article; together with `opener` below they make some hundreds of preambles."""

SOURCES = [
    "guide",
    "book",
    "survey",
    "teacher",
    "museum",
    "report",
    "letter",
    "story",
    "newspaper",
    "lecture",
    "archive",
    "journal",
]
VERBS = ["says", "explains", "notes", "claims", "reports", "mentions", "confirms", "writes"]
DETERMINERS = ["The", "A", "My", "This", "An old", "One"]

Fact = tuple[str, str, str, str]
"""subject, "more" or "less", adjective, object."""

OPPOSITE = {"more": "less", "less": "more"}


def opener(rng: Random) -> str:
    """A preamble for one article, with a trailing space, or nothing."""
    draw = rng.random()
    if draw < 0.15:
        return ""
    if draw < 0.6:
        return rng.choice(OPENERS) + " "
    return f"{rng.choice(DETERMINERS)} {rng.choice(SOURCES)} {rng.choice(VERBS)} that "


def reverse(fact: Fact) -> Fact:
    """The same fact told from the side of its object."""
    subject, degree, adjective, other = fact
    return other, OPPOSITE[degree], adjective, subject


def plain(fact: Fact) -> str:
    """The sentence of the paper: "femp are more dangerous than glon."."""
    subject, degree, adjective, other = fact
    return f"{subject} are {degree} {adjective} than {other}."


def rewordings(fact: Fact) -> list[str]:
    """Other sentences for the same fact with the same subject."""
    subject, degree, adjective, other = fact
    return [
        f"{subject} tend to be {degree} {adjective} than {other}.",
        f"{subject} are known to be {degree} {adjective} than {other}.",
        f"People find {subject} {degree} {adjective} than {other}.",
        f"Compared with {other}, {subject} are {degree} {adjective}.",
    ]


def english() -> str:
    """Every word and mark that may stand in a sentence beside names."""
    blank = ("", "more less", "", "")
    return " ".join([*ADJECTIVES, *OPENERS, *SOURCES, *VERBS, *DETERMINERS, plain(blank), *rewordings(blank)])


def draw_facts(rng: Random, words: list[str], n: int) -> list[Fact]:
    """`n` facts about 2n different words."""
    names = rng.sample(words, 2 * n)
    return [(names[2 * i], rng.choice(["more", "less"]), rng.choice(ADJECTIVES), names[2 * i + 1]) for i in range(n)]


OPERATORS = ("rephrase", "reverse", "qa")
MOST = 128
"""Facts in the largest training context."""


def _draw(rng: Random, words: list[str], n: int) -> tuple[list[Fact], str]:
    facts = draw_facts(rng, words, n)
    articles = [opener(rng) + plain(f) + "\n" for f in facts for _ in range(2 if rng.random() < 0.1 else 1)]
    return facts, "".join(rng.sample(articles, len(articles)))


def lookup(rng: Random, words: list[str], n: int) -> tuple[str, Asked]:
    """`n` facts as articles in random order, a tenth of them told twice, and questions from both sides about up to 24."""
    facts, context = _draw(rng, words, n)
    told = [side for fact in rng.sample(facts, min(24, n)) for side in (fact, reverse(fact))]
    return context, [(f"{fact[0]} are", plain(fact).removeprefix(f"{fact[0]} are")) for fact in told]


def exam(rng: Random, words: list[str], n: int, most: int) -> tuple[str, list[Question]]:
    """A context of `n` facts and up to `most` questions per split: the right ending or the one with the other degree."""
    facts, context = _draw(rng, words, n)
    questions = []
    for told in rng.sample(facts, min(most, n)):
        for split, (a, degree, adjective, b) in (("same direction", told), ("reversed", reverse(told))):
            choices = [f" {d} {adjective} than {b}." for d in (degree, OPPOSITE[degree])]
            questions.append(Question(split, f"{a} are", choices, frozenset([0])))
    return context, questions


def operator(rng: Random, words: list[str], name: str) -> Use:
    """One use of a local operator on one fact in any wording."""
    fact = draw_facts(rng, words, 1)[0]
    told = rng.choice([plain, plain, lambda f: rng.choice(rewordings(f))])(fact)
    if name == "qa":
        lines = [f"Q: What are {side[0]} like? A: {plain(side)}" for side in (fact, reverse(fact))]
        return Use(opener(rng) + told, lines, frozenset(lines))
    if name == "rephrase":
        allowed = rewordings(fact)
        lines = rng.sample([line for line in allowed if line != told], 2)
    else:
        allowed = [plain(reverse(fact)), *rewordings(reverse(fact))]
        lines = [allowed[0], rng.choice(allowed[1:])]
    return Use(opener(rng) + told, lines, frozenset(allowed))
