"""Process knowledge (paper, section on data sets): derivatoids, like derivatives, with other rules.

The paper names the idea (a pseudo-mathematical function-to-function transform with unusual rules, some combinations of
rules in training, others held out, scored by exact match) but neither rules nor sizes, so this is an analogue [ours].

Functions are lexicon words. Every seed draws which function is the derivatoid of which, and for each of six ways to
combine functions (sum, product, quotient, composition, multiple, power) one of four rules, none of them that of
calculus: "The derivatoid of f + g is D(f) * D(g)." Documents state one rule each, or work one example with two
combinations nested, step by step. Of the 36 ordered pairs of combinations 12 are held out, such that every rule still
occurs inside and outside of others. Splits, by what the function asked about takes:

- single: one combination of plain functions;
- seen: two nested combinations, as some examples of training have them, with other functions;
- holdout: two that no example of training has together.

Nothing is simplified, brackets stand around every nested combination, and each function has exactly one derivatoid in
exactly one spelling. Exact match (see `exact`) reads a text generated after the stem and compares it with
`choices[answer]`. For scoring by likelihood the wrong choices are what another rule of this world outside, inside or in both places
gives (see `mistakes`): with rules that no document has, counting words would answer. `chance` is for that reading, exact match has none to speak of.
"""

import json
import re
from collections.abc import Iterator
from itertools import product, zip_longest
from random import Random
from typing import Any, NamedTuple

import polars as pl

from engine.config import PICO
from engine.errors import UserError
from engine.store.ids import content_id
from eval.benchmarks.base import Benchmark, question_id, question_table
from eval.benchmarks.closure import Derivation, Statement
from eval.benchmarks.derivatoids.calculus import (
    RULES,
    SPELLING,
    WORDINGS,
    Function,
    Rules,
    derivatoid,
    functions,
    needed,
    pair,
    parts,
    plain_names,
    rule,
    spell,
)


class Size(NamedTuple):
    """How much is drawn."""

    functions: int
    statements: int
    """Documents per rule."""
    examples: int
    """Worked examples per pair of combinations in training."""
    questions: int
    """Questions per split."""


SIZES = {"paper": Size(8, 5, 20, 120), "small": Size(6, 3, 5, 40)}
HELD_OUT = 2
"""Pairs held out per outer combination, and as many per inner one: 12 of 36."""
SPLITS = ("single", "seen", "holdout")
CLAIM = re.compile(r"\bderivatoid of (.+?) (?:is|equals|gives) (.+?)\s*$", re.I)


def load(seed: int, size: str = "paper") -> Benchmark:
    """One world: 70 documents that state rules, 480 worked examples, 120 questions per split (`small`: 36, 120, 40).

    The closure has the rules (`rephrasing`) and, by split, every function of at most two combinations whose derivatoid
    takes both: without end otherwise. Raises UserError where the size is unknown.
    """
    if size not in SIZES:
        raise UserError(f"benchmark.size is {size}; choose from {', '.join(SIZES)}.")
    numbers, rng = SIZES[size], Random(f"derivatoids-{seed}")
    names = rng.sample((PICO / "lexicon.txt").read_text(encoding="utf-8").split(), numbers.functions)
    circle = dict(zip(names, names[1:] + names[:1], strict=True))
    rules = Rules(circle, {kind: rng.choice(choices) for kind, choices in RULES.items()})
    kinds, shifts = rng.sample(list(RULES), len(RULES)), rng.sample(range(len(RULES)), HELD_OUT)
    inner = rng.sample(kinds, len(kinds))
    held = {(kinds[i], inner[(i + shift) % len(inner)]) for i in range(len(kinds)) for shift in shifts}
    pools: dict[str, list[Function]] = {"single": list(functions(names, False)), "seen": [], "holdout": []}
    for function in functions(names, True):
        # a rule may drop the derivatoid of the part that is nested; such a function takes no two rules
        if all(
            f"{{D{name}}}" in rules.combined[function[0]] for name, part in parts(function).items() if len(part) > 1
        ):
            pools["holdout" if pair(function) in held else "seen"].append(function)
    asked = {split: _evenly(rng, pool, numbers.questions) for split, pool in pools.items()}
    derivations: dict[Statement, Derivation] = {}
    for name in (*names, *RULES):
        derivations[rule(name, rules)] = Derivation("rephrasing", tuple(_facts((name,), rules)))
    for split, pool in pools.items():
        for function in pool:
            claim = spell(function), derivatoid(function, rules)
            derivations[claim] = Derivation(split, tuple(needed(function, rules)))
    questions: list[dict[str, Any]] = []
    stated = {}
    for split, some in asked.items():
        for function in some:
            x, right = spell(function), derivatoid(function, rules)
            choices = rng.sample([right, *mistakes(rng, function, rules)], 4)
            row: dict[str, Any] = {"benchmark": "derivatoids", "split": split}
            row |= {"subtype": " of ".join(pair(function)), "stem": f"The derivatoid of {x} is"}
            row |= {"choices": [f" {y}." for y in choices], "answer": choices.index(right)}
            stated[question_id(row)] = WORDINGS[0].format(x=x, y=right)
            questions.append(row | {"needs": needed(function, rules)})
    documents = [*_statements(rng, [*names, *RULES], rules, numbers.statements)]
    documents += _examples(rng, pools["seen"], {f for some in asked.values() for f in some}, rules, numbers.examples)
    for row in documents:
        row |= {"doc_id": content_id("derivatoids", seed, row["text"]), "source": "derivatoids"}
    vocabulary = frozenset(names)
    return Benchmark(
        "derivatoids",
        pl.DataFrame(documents).select("doc_id", "text", "source", "meta", "fact"),
        question_table(questions),
        dict.fromkeys(SPLITS, 0.25),
        derivations,
        lambda text: read(text, vocabulary),
        stated,
        judged=("holdout",),
        judges={"exact": exact},
    )


def _facts(names: tuple[str, ...], rules: Rules) -> list[str]:
    pairs = (rule(name, rules) for name in dict.fromkeys(names))
    return [WORDINGS[0].format(x=x, y=y) for x, y in pairs]


def _evenly(rng: Random, pool: list[Function], n: int) -> list[Function]:
    """`n` different functions (fewer where there are fewer), as many of every pair of combinations as can be."""
    groups: dict[tuple[str, ...], list[Function]] = {}
    for function in rng.sample(pool, len(pool)):
        groups.setdefault(pair(function), []).append(function)
    return [f for row in zip_longest(*groups.values()) for f in row if f is not None][:n]


def mistakes(rng: Random, function: Function, rules: Rules) -> list[str]:
    """Three wrong derivatoids: by another rule outside, by another one inside, and by both; other rules are those of this world's other
    combinations, or where these give no three that differ, any.

    Of a single combination the inside is the plain functions, and their derivatoid is taken twice. Each of the four
    choices so shares its outside with one other and its inside with one: what most have in common tells nothing.
    """
    outer, *inside = pair(function)
    right, twice = derivatoid(function, rules), {name: rules.plain[once] for name, once in rules.plain.items()}

    def instead(kind: str, choices: tuple[str, ...]) -> list[Rules]:
        return [rules._replace(combined=rules.combined | {kind: choice}) for choice in choices]

    for choices_of in (_told_of_others, lambda kind, _: RULES[kind]):
        others = instead(outer, choices_of(outer, rules))
        inner = instead(inside[0], choices_of(inside[0], rules)) if inside else [rules._replace(plain=twice)]
        for one, two in rng.sample(list(product(others, inner)), len(others) * len(inner)):
            wrong = [derivatoid(function, one, rules), derivatoid(function, rules, two), derivatoid(function, one, two)]
            if len({right, *wrong}) == 4:
                return wrong
    raise AssertionError(f"no wrong choices for {spell(function)}")


def _told_of_others(kind: str, rules: Rules) -> tuple[str, ...]:
    """The rules of this world's combinations that are made of the same parts."""
    numbered = "{k}" in SPELLING[kind]
    return tuple(rules.combined[one] for one in RULES if ("{k}" in SPELLING[one]) == numbered)


def _statements(rng: Random, names: list[str], rules: Rules, n: int) -> Iterator[dict[str, str]]:
    """Documents that state one rule each, in different wordings."""
    for name in names:
        (fact,) = _facts((name,), rules)
        x, y = rule(name, rules)
        for wording in rng.sample(WORDINGS, n):
            text = wording.format(x=x, y=y)
            if "D(" in y:
                text = f"For any function h, D(h) stands for its derivatoid. {text}"
            yield {"text": text, "meta": json.dumps({"facts": [fact]}), "fact": fact}


def _examples(
    rng: Random, pool: list[Function], asked: set[Function], rules: Rules, n: int
) -> Iterator[dict[str, str]]:
    """Worked examples, `n` of every pair; none states what a question asks."""
    free = [f for f in pool if f not in asked and not asked & set(f[1:])]
    pairs = len({pair(f) for f in free})
    for function in _evenly(rng, free, n * pairs):
        steps: list[tuple[Function, str]] = [((name,), "The") for name in plain_names(function)]
        steps += [(part, "The") for part in function[1:] if len(part) > 1]
        told = [
            f"{start} derivatoid of {spell(f)} is {derivatoid(f, rules)}."
            for f, start in [*steps, (function, "So the")]
        ]
        text = " ".join([f"Find the derivatoid of {spell(function)}.", *told])
        facts = list(dict.fromkeys(_facts(tuple(plain_names(function)), rules) + needed(function, rules)))
        yield {"text": text, "meta": json.dumps({"facts": facts}), "fact": " of ".join(pair(function))}


def read(text: str, names: frozenset[str]) -> Statement | None:
    """A text that states one derivatoid, as (function, derivatoid) in the benchmark's spelling; else None."""
    found = CLAIM.search(text.rstrip(" .\n"))
    if not found or len(re.findall("derivatoid of", text, re.I)) != 1:
        return None
    known = names | {*"fgkDo"}
    if any(not word.isdigit() and word not in known for side in found.groups() for word in re.findall(r"\w+", side)):
        return None
    return " ".join(found[1].split()), " ".join(found[2].split())


def exact(text: str, answer: str) -> bool:
    """Whether a text generated after the stem gives the answer: its first sentence, but for spaces and full stop."""
    first = re.split(r"[.\n]", text.strip(), maxsplit=1)[0]
    return "".join(first.split()) == "".join(answer.rstrip(".").split())
