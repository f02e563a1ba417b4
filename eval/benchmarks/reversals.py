"""Simple reversals (paper, section on data sets): 100 comparison facts, each in 10 articles of one preamble and one sentence.

Articles state "femp are more dangerous than glon"; no article states it from the side of glon. Questions are
forced choices: "glon are" + " less dangerous than femp." against " more dangerous than femp." (split `reversal`), and the
stated direction (split `rephrasing`), which shows whether the facts were learnt at all.
"""

import re
from random import Random
from typing import Any

import polars as pl

from engine.config import PICO
from engine.errors import UserError
from engine.store.ids import content_id
from eval.benchmarks.base import Benchmark, question_id, question_table
from eval.benchmarks.closure import Derivation, Statement

DIMENSIONS = """
    dangerous expensive popular beautiful common intelligent reliable delicate famous complex useful flexible
    ancient colorful friendly powerful fragrant valuable durable aggressive efficient elegant fertile generous
    harmful patient sensitive visible
""".split()
"""28 dimensions, all compared by "more" and "less"."""
OPPOSITE = {"more": "less", "less": "more"}
PREAMBLES = [
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
"""What an article may begin with."""
STATEMENT = re.compile(r"\b(more|less) (\w+)")


SIZES = {"paper": (100, 10), "small": (40, 5)}
"""Facts, and articles about each."""


def load(seed: int, facts: int | None = None, articles: int | None = None, size: str = "paper") -> Benchmark:
    """One world: `facts` facts about 2 x facts different nonsense words, `articles` articles each; by default as in SIZES.

    Raises UserError where the lexicon has too few words or there are more articles than preambles.
    """
    usual_facts, usual_articles = SIZES[size]
    facts = usual_facts if facts is None else facts
    articles = usual_articles if articles is None else articles
    words = (PICO / "lexicon.txt").read_text(encoding="utf-8").split()
    if not 1 <= facts <= len(words) // 2:
        raise UserError(f"benchmark.facts is {facts}; choose from 1 to {len(words) // 2} (two lexicon words each).")
    if not 1 <= articles <= len(PREAMBLES):
        raise UserError(f"benchmark.articles is {articles}; choose from 1 to {len(PREAMBLES)} (one preamble each).")
    rng = Random(f"reversals-{seed}")
    names = rng.sample(words, 2 * facts)
    documents, questions, stated = [], [], {}
    derivations: dict[Statement, Derivation] = {}
    for i, (degree, dimension) in enumerate(comparisons(rng, facts)):
        a, b = names[2 * i], names[2 * i + 1]
        fact = f"{a} are {degree} {dimension} than {b}."
        derivations[a, degree, dimension, b] = Derivation("rephrasing", (fact,))
        derivations[b, OPPOSITE[degree], dimension, a] = Derivation("reversal", (fact,))
        for preamble in rng.sample(PREAMBLES, articles):
            text = f"{preamble} {fact}"
            documents.append(
                {"doc_id": content_id("reversals", seed, text), "text": text, "source": "reversals", "meta": "{}"}
            )
            documents[-1]["fact"] = fact
        for split, stem, other, right in (("rephrasing", a, b, degree), ("reversal", b, a, OPPOSITE[degree])):
            choices = [f" {word} {dimension} than {other}." for word in rng.sample(["more", "less"], 2)]
            answer = next(n for n, choice in enumerate(choices) if choice.startswith(f" {right}"))
            row: dict[str, Any] = {"benchmark": "reversals", "split": split, "subtype": dimension, "needs": [fact]}
            row |= {"stem": f"{stem} are", "choices": choices, "answer": answer}
            stated[question_id(row)] = f"{stem} are{choices[answer]}"
            questions.append(row)
    vocabulary = frozenset(names)
    return Benchmark(
        "reversals",
        pl.DataFrame(documents),
        question_table(questions),
        {"rephrasing": 0.5, "reversal": 0.5},
        derivations,
        lambda text: read(text, vocabulary),
        stated,
        say=lambda claim: "{} are {} {} than {}.".format(*claim),
    )


def comparisons(rng: Random, facts: int) -> list[tuple[str, str]]:
    """(degree, dimension) of each fact: each dimension as often with more as with less, but for an odd fact.

    Else the degree that a dimension is stated with more often would be the wrong answer more often than not.
    """
    rounds = -(-facts // (2 * len(DIMENSIONS)))
    dimensions = [dimension for _ in range(rounds) for dimension in rng.sample(DIMENSIONS, len(DIMENSIONS))]
    drawn = [(degree, dimension) for dimension in dimensions[: facts // 2] for degree in OPPOSITE]
    drawn += [(rng.choice(list(OPPOSITE)), rng.choice(DIMENSIONS))] * (facts % 2)
    rng.shuffle(drawn)
    return drawn


def read(text: str, names: frozenset[str]) -> Statement | None:
    """A comparison in any wording as (subject, degree, dimension, other); None where it is none.

    The subject is the first name, except after "compared with", where the first name is what is compared against.
    """
    found = STATEMENT.search(text)
    named = list(dict.fromkeys(w for w in re.findall(r"\w+", text) if w in names))
    if len(named) != 2 or not found:
        return None
    first, second = named
    if re.search(rf"compared (with|to) {first}", text, re.IGNORECASE):
        first, second = second, first
    return first, found[1], found[2], second
