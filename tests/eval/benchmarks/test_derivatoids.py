"""Derivatoids: rules against an interpreter that only reads the documents, held-out pairs, exact match, choices."""

import json
import re
from collections import Counter, defaultdict
from functools import cache
from itertools import permutations
from random import Random

import pytest
from drawn import SEEDS, accuracy, worlds
from hypothesis import given
from hypothesis import strategies as st

from augment.text.sentences import split_sentences
from augment.text.words import normal
from eval.benchmarks.base import context
from eval.benchmarks.derivatoids import world as derivatoids
from eval.benchmarks.derivatoids.calculus import RULES, SPELLING
from eval.benchmarks.derivatoids.world import SIZES, SPLITS, exact, read

WORLDS = worlds(3)
NAMES = frozenset({"glon", "femp", "zogo"})
load = cache(derivatoids.load)


def cut(text):
    """A function as its parts and what stands between them: "(a + b) o c" -> ["(a + b)", "o", "c"]."""
    parts, depth = [""], 0
    for mark in text:
        depth += (mark == "(") - (mark == ")")
        if mark == " " and not depth:
            parts.append("")
        else:
            parts[-1] += mark
    return parts


def bare(text):
    return text[1:-1] if text.startswith("(") else text


def wrapped(text):
    return f"({text})" if " " in text else text


def read_rules(world):
    """The rules as the documents state them: by plain function, and by the sign of the combination."""
    rules = {}
    for text in world.documents["text"]:
        for sentence in split_sentences(text):
            claim = world.read(sentence)
            if claim and (len(cut(claim[0])) == 1 or {"f", "g"} & set(claim[0].split())):
                parts = cut(claim[0])
                rules[{1: parts[0], 2: "multiple", 3: parts[1] if len(parts) > 2 else ""}[len(parts)]] = claim[1]
    return rules


def interpret(text, rules):
    """The derivatoid of a function by those rules, in texts alone."""
    parts = cut(text)
    if len(parts) == 1:
        return rules[parts[0]]
    f, g = (parts[1], parts[0]) if len(parts) == 2 else (parts[0], parts[2])
    rule = rules["multiple" if len(parts) == 2 else parts[1]]
    filled = {"f": f, "g": g, "k": g, "D(f)": wrapped(interpret(bare(f), rules))}
    if not g.isdigit():
        filled["D(g)"] = wrapped(interpret(bare(g), rules))
    else:
        filled["(k + 1)"] = str(int(g) + 1)
    return re.sub(r"D\(f\)|D\(g\)|\(k \+ 1\)|\b[fgk]\b", lambda m: filled[m.group()], rule)


def single(names):
    """Every function of one combination, by another way."""
    found = {f"{a} {sign} {b}" for a, b in permutations(names, 2) for sign in "+*/o"}
    return found | {text for a in names for k in "234" for text in (f"{k} {a}", f"{a} ^ {k}")}


def asked_about(row):
    return row["stem"].removeprefix("The derivatoid of ").removesuffix(" is")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_closure_is_what_the_stated_rules_give(size, seed):
    world = load(seed, size)
    rules = read_rules(world)
    assert len(rules) == SIZES[size].functions + len(RULES)
    for split in SPLITS:
        claims = sorted(world.closure[split])
        for x, y in Random(seed).sample(claims, min(400, len(claims))):
            assert interpret(x, rules) == y


@WORLDS
@given(SEEDS)
def test_the_closure_is_complete(seed):
    world = derivatoids.load(seed, "small")
    derivations = world.derivations
    names = [x for x, _ in world.closure["rephrasing"] if " " not in x]
    assert {x for x, _ in world.closure["single"]} == single(names)
    nested = set()
    for inner in single(names):
        rest = [n for n in names if n not in inner.split()]
        nested |= {f"({inner}) {sign} {n}" for n in rest for sign in "+*/o"}
        nested |= {f"{n} {sign} ({inner})" for n in rest for sign in "+*/o"}
        nested |= {text for k in "234" for text in (f"{k} ({inner})", f"({inner}) ^ {k}")}
    found = {x for split in ("seen", "holdout") for x, _ in world.closure[split]}
    assert found <= nested
    rules = read_rules(world)
    for x in nested - found:  # the rule of the outer combination drops the inner one's derivatoid
        parts = cut(x)
        place = "D(f)" if parts[0].startswith("(") else "D(g)"
        assert len(parts) == 3
        assert place not in rules[parts[1]]
    assert len({x for x, _ in derivations}) == len(derivations)  # one derivatoid each


@pytest.mark.parametrize(("size", "stated", "worked"), [("paper", 70, 480), ("small", 36, 120)])
def test_sizes(size, stated, worked):
    world = load(0, size)
    examples = [text for text in world.documents["text"] if text.startswith("Find ")]
    assert (world.documents.height - len(examples), len(examples)) == (stated, worked)
    assert world.documents["doc_id"].n_unique() == world.documents.height
    assert dict(world.questions["split"].value_counts().rows()) == dict.fromkeys(SPLITS, SIZES[size].questions)
    assert world.questions["question_id"].n_unique() == world.questions.height
    assert world.chance == dict.fromkeys(SPLITS, 0.25)
    assert len(re.findall(r"\w+|[^\w\s]", context(world.documents, 0, 1))) < 5000


@WORLDS
@given(SEEDS)
def test_held_out_pairs_never_occur_and_their_rules_do(seed):
    world = derivatoids.load(seed, "small")
    trained = {fact for fact in world.documents["fact"] if " of " in fact and not fact.startswith("The ")}
    seen, held = (set(world.questions.filter(split=s)["subtype"]) for s in ("seen", "holdout"))
    assert (len(trained), len(held)) == (24, 12)
    assert seen == trained
    assert not held & trained
    assert held | trained == {f"{a} of {b}" for a in RULES for b in RULES}
    for place in (0, 1):
        assert (
            {pair.split(" of ")[place] for pair in held}
            == {pair.split(" of ")[place] for pair in trained}
            == set(RULES)
        )


@WORLDS
@given(SEEDS)
def test_one_choice_is_right_its_rules_are_stated_and_it_is_not(seed):
    world = derivatoids.load(seed, "small")
    derivations = world.derivations
    every = frozenset().union(*world.closure.values())
    told = {world.read(s) for text in world.documents["text"] for s in split_sentences(text)} - {None}
    assert told <= every
    assert {claim for claim in told if claim in world.closure["rephrasing"]} == world.closure["rephrasing"]
    assert not told & world.closure["holdout"]
    facts = {fact for meta in world.documents["meta"] for fact in json.loads(meta)["facts"]}
    corpus = " ".join(f"{normal(text)}." for text in world.documents["text"])
    for row in world.questions.iter_rows(named=True):
        claims = [world.read(row["stem"] + choice) for choice in row["choices"]]
        assert len(set(claims)) == 4
        assert [c in every for c in claims] == [i == row["answer"] for i in range(4)]
        claim = claims[row["answer"]]
        assert derivations[claim] == (row["split"], tuple(row["needs"]))
        assert claim not in told
        assert set(row["needs"]) <= facts
        assert {world.read(need) for need in row["needs"]} <= told
        assert f" {normal(world.stated[row['question_id']])}." not in corpus
        assert world.read(world.stated[row["question_id"]]) == claim


def test_known_answers():
    rng, scores = Random(0), defaultdict(list)
    for seed in range(10):
        world = load(seed, "small")
        every, rules = frozenset().union(*world.closure.values()), read_rules(world)
        told = {world.read(s) for text in world.documents["text"] for s in split_sentences(text)} - {None}

        def pick(row, good, read=world.read):
            found = [i for i, c in enumerate(row["choices"]) if read(row["stem"] + c) in good]
            return found[0] if found else rng.randrange(4)

        for split in SPLITS:
            assert accuracy(world, split, lambda row, every=every: pick(row, every)) == 1
            scores[split, "stated"].append(accuracy(world, split, lambda row, told=told: pick(row, told)))
            scores[split, "random"].append(accuracy(world, split, lambda row: rng.randrange(4)))
            for row in world.questions.filter(split=split).iter_rows(named=True):
                text = f" {interpret(asked_about(row), rules)}. And so on."
                assert [exact(text, choice) for choice in row["choices"]] == [i == row["answer"] for i in range(4)]
            for name, measure in LOOKS.items():
                scores[split, name].append(accuracy(world, split, lambda row, measure=measure: look(row, measure)))
    assert all(abs(sum(values) / len(values) - 0.25) < 0.1 for values in scores.values())


def shared(one, other):
    """How many words and signs two texts share."""
    return (Counter(re.findall(r"\w+|\S", one)) & Counter(re.findall(r"\w+|\S", other))).total()


LOOKS = {
    "short": lambda choice, row: -len(choice),
    "like the others": lambda choice, row: (
        sum(shared(choice, other) / len(other) for other in row["choices"]) / len(choice)
    ),
    "like the stem": lambda choice, row: shared(choice, row["stem"]),
    "unlike the stem": lambda choice, row: -shared(choice, row["stem"]),
}


def look(row, measure):
    """The choice that looks right."""
    return max(range(4), key=lambda i: measure(row["choices"][i], row))


def test_no_rule_is_that_of_calculus():
    for kind, rules in RULES.items():
        assert len(set(rules)) == 4
        assert all("D" in rule for rule in rules)
        names = set(re.findall(r"{(.)}", SPELLING[kind]))
        assert all(set(re.findall(r"{D?(\w)}", rule)) <= names for rule in rules)
    assert "{Df} + {Dg}" not in RULES["sum"]
    assert "{k} {Df}" not in RULES["multiple"]


@pytest.mark.parametrize(
    ("text", "answer", "same"),
    [
        (" glon * femp.", " glon * femp.", True),
        ("glon*femp\nThe next", " glon * femp.", True),
        (" glon * femp", " glon * femp.", True),
        (" (glon * femp).", " glon * femp.", False),
        (" femp * glon.", " glon * femp.", False),
        (" glon * femp + zogo.", " glon * femp.", False),
        ("", " glon.", False),
    ],
)
def test_exact_match(text, answer, same):
    assert exact(text, answer) is same


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("The derivatoid of glon is femp.", ("glon", "femp")),
        ("So the derivatoid of (glon * femp) + zogo is 3 glon.", ("(glon * femp) + zogo", "3 glon")),
        ("Taking the derivatoid of f ^ k gives D(f) ^ (k + 1).", ("f ^ k", "D(f) ^ (k + 1)")),
        ("The derivatoid of glon is unknown.", None),
        ("D(h) stands for the derivatoid of h.", None),
        ("The derivatoid of glon is the derivatoid of femp.", None),
        ("glon is femp", None),
        ("", None),
    ],
)
def test_reading(text, claim):
    assert read(text, NAMES) == claim


@given(st.text() | st.lists(st.sampled_from(["derivatoid of", "is", "glon", "+", "(", "2"])).map(" ".join))
def test_any_text_can_be_read(text):
    assert read(text, NAMES) is None or "derivatoid of" in text
