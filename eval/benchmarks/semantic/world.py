"""Semantic structure (paper, section on data sets): 110 categories of animals and objects in nonsense words.

The hierarchy is `hierarchy.yaml`: parents, 1 to 6 own properties each (traits, parts, abilities) and actions that relate
categories to each other. Every noun, adjective and verb is replaced by a word of the lexicon, drawn anew by every seed.
Documents are wiki-like texts of 4 to 20 sentences about one category, and lists of questions with answers. Splits:

- rephrasing: a stated fact in a wording that no document uses;
- reversal: a stated fact from its other end ("grud are a type of abme" -> "The abme include grud");
- syllogism: two facts, the second about the parent ("grud are a type of abme" + "abme are rony" -> "grud are rony");
- longer: three or more facts, the same way (word counts fall 4 to 6 points below chance: what is inherited from far above is said of few things);
- holdout: all that follows for categories of which training says only the parent.

Each question has four choices. Wrong ones fill the same relation for another entity and are false in the closure.
Choices of this project, where the paper is silent [ours]: all numbers in `SIZES`; words are not inflected; no document
states a fact from its other end, or anything inherited; every document states all own facts of its topic, so one
document per topic (`fact`) holds the whole corpus's facts; what else it says is drawn from its own facts and those of
all categories alike, so that words that stand together give no answer away; questions are spread evenly over the kinds
of relation (`subtype`); held-out categories are leaves that no action names, and their own properties stay untold.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from itertools import zip_longest
from random import Random
from typing import Any, NamedTuple

import polars as pl

from engine.config import PICO
from engine.errors import UserError
from engine.store.ids import content_id
from eval.benchmarks.base import Benchmark, question_id, question_table
from eval.benchmarks.closure import Derivation, Statement, derive
from eval.benchmarks.semantic.hierarchy import choose, hierarchy, inherit, invert, said_of
from eval.benchmarks.semantic.reading import classes_of, read
from eval.benchmarks.semantic.wordings import INVERSE, STYLES, WORDINGS, answers, cut, kind_of, plain, wiki


class Size(NamedTuple):
    """How much is drawn."""

    categories: int
    documents: int
    """Wiki-like documents per category."""
    answers: int
    """Documents of questions with answers per category."""
    longest: int
    """Sentences of the longest document; more only where a category has more facts."""
    held_out: int
    questions: int
    """Questions per split, at most."""


SIZES = {"paper": Size(110, 20, 2, 20, 11, 200), "small": Size(48, 5, 1, 6, 5, 40)}
FEWEST = 20
"""Categories below which too few questions are left."""
SPLITS = ("rephrasing", "reversal", "syllogism", "longer", "holdout")


def load(seed: int, size: str = "paper", categories: int | None = None) -> Benchmark:
    """One world: 2,200 wiki-like documents and 220 of questions with answers about 110 categories (`small`: 240 and 48
    about 48 of them), and up to 200 (40) questions per split. With other `categories` as many of them are held out in proportion.

    Raises UserError where the size is unknown, or there are too few or too many categories.
    """
    if size not in SIZES:
        raise UserError(f"benchmark.size is {size}; choose from {', '.join(SIZES)}.")
    numbers, rng = SIZES[size], Random(f"semantic-{seed}")
    if categories is not None:
        if not FEWEST <= categories <= len(hierarchy()):
            raise UserError(f"benchmark.facts is {categories}; choose from {FEWEST} to {len(hierarchy())} categories.")
        held_out = round(numbers.held_out * categories / numbers.categories)
        numbers = numbers._replace(categories=categories, held_out=held_out)
    chosen = choose(rng, numbers.categories)
    real = {c: [f for f in said_of(c) if f[2] in chosen or f[2] not in hierarchy()] for c in chosen}
    words = sorted({w for facts in real.values() for f in facts for w in f if w not in WORDINGS})
    lexicon = (PICO / "lexicon.txt").read_text(encoding="utf-8").split()
    name = dict(zip(words, rng.sample(lexicon, len(words)), strict=True)) | {r: r for r in WORDINGS}
    parents = {f[2] for facts in real.values() for f in facts}
    held = set(rng.sample([c for c in chosen if c not in parents], numbers.held_out))
    told = {
        name[c]: [tuple(map(name.__getitem__, f)) for f in facts if c not in held or f[1] == "type"]
        for c, facts in real.items()
    }
    held_words = {name[c] for c in held}
    facts = [fact for own in told.values() for fact in own]
    derivations = {
        s: Derivation(_split(s, needs, held_words), tuple(map(plain, needs)))
        for s, needs in derive(facts, (inherit, invert)).items()
    }
    questions, stated = _questions(seed, rng, derivations, held_words, numbers.questions)
    classes = classes_of(real, name)
    return Benchmark(
        "semantic",
        pl.DataFrame([row for topic in told for row in _documents(seed, rng, topic, told, facts, numbers)]),
        question_table(questions),
        dict.fromkeys(SPLITS, 0.25),
        derivations,
        lambda text: read(text, classes),
        stated,
        judged=SPLITS[1:],
        cluster="subtype",
        say=plain,
    )


def _split(statement: Statement, needs: tuple[Statement, ...], held: set[str]) -> str:
    """The split that asks for such a statement; of those from the other end only `reversal` asks."""
    if len(needs) == 1:
        return "rephrasing" if needs[0] == statement else "reversal"
    subject = statement[2] if statement[1].startswith(INVERSE) else statement[0]
    return "holdout" if subject in held else "syllogism" if len(needs) == 2 else "longer"


def _documents(
    seed: int, rng: Random, topic: str, told: dict[str, list[Statement]], facts: list[Statement], numbers: Size
) -> Iterator[dict[str, str]]:
    """Rows of documents about one category; each states all that is told of it."""
    own, styles = told[topic], list(STYLES)
    for n in range(numbers.documents + numbers.answers):
        if n < numbers.documents:
            style = styles[n % len(styles)]
            text, shown = wiki(rng, style, own, facts, numbers.longest)
        else:
            style = "questions"
            text, shown = answers(rng, own)
        meta = {"style": style, "facts": list(dict.fromkeys(map(plain, shown)))}
        identity = content_id("semantic", seed, n, text)
        yield {"doc_id": identity, "text": text, "source": "semantic", "meta": json.dumps(meta), "fact": topic}


def _questions(
    seed: int, rng: Random, derivations: dict[Statement, Derivation], held: set[str], most: int
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Rows of QUESTIONS, and the sentence of each right answer."""
    pools: dict[str, dict[str, list[Statement]]] = {split: defaultdict(list) for split in SPLITS}
    for statement, (split, _) in derivations.items():
        asked_from_the_object = statement[1].startswith(INVERSE)
        # what training says of a held-out category is its parent; it is asked about in `holdout` alone
        if asked_from_the_object == (split == "reversal") and (split == "holdout" or not held & set(statement)):
            pools[split][kind_of(statement[1])].append(statement)
    questions: list[dict[str, Any]] = []
    stated = {}
    everywhere = defaultdict(list)
    for statement in derivations:
        everywhere[statement[1].startswith(INVERSE), kind_of(statement[1])].append(statement)
    for split, by_subtype in pools.items():
        drawn = [rng.sample(pool, len(pool)) for _, pool in sorted(by_subtype.items())]
        in_turn = [s for row in zip_longest(*drawn) for s in row if s is not None]
        for statement in in_turn[:most]:
            subtype = kind_of(statement[1])
            more = everywhere[split == "reversal", subtype]
            wrong = _wrong(rng, statement, (by_subtype[subtype], more), derivations)
            choices = rng.sample([statement, *wrong], 4)
            worded = [cut(split, choice) for choice in choices]
            stem = worded[0][0]
            row: dict[str, Any] = {"benchmark": "semantic", "split": split, "subtype": subtype, "stem": stem}
            row |= {"choices": [end for _, end in worded], "answer": choices.index(statement)}
            stated[question_id(row)] = plain(statement) if split != "rephrasing" else stem + cut(split, statement)[1]
            questions.append(row | {"needs": derivations[statement].needs})
    return questions, stated


def _wrong(
    rng: Random, statement: Statement, pools: tuple[list[Statement], ...], derivations: dict[Statement, Derivation]
) -> list[Statement]:
    """Three false statements whose end is true of another entity.

    They are drawn from the first pool, the right answers of the same split and subtype, so that being right elsewhere
    is as common among wrong answers; the second serves where too few of those are false.
    """
    found: dict[str, Statement] = {}
    for other in (s for pool in pools for s in rng.sample(pool, len(pool))):
        claim = (statement[0], statement[1] if statement[1].startswith(INVERSE) else other[1], other[2])
        if claim not in derivations and claim[0] != claim[2]:
            found.setdefault(claim[2], claim)
        if len(found) == 3:
            break
    return list(found.values())
