"""The semantic hierarchy: its data, its closure, what the corpus tells, and that it gives no answer away."""

import json
import re
from collections import Counter, defaultdict
from functools import cache
from random import Random

import pytest
from drawn import SEEDS, accuracy, worlds
from hypothesis import given
from hypothesis import strategies as st

from augment.text.sentences import split_sentences
from augment.text.words import normal
from engine.config import PICO
from eval.benchmarks.base import context
from eval.benchmarks.closure import derive
from eval.benchmarks.semantic import wordings
from eval.benchmarks.semantic import world as semantic
from eval.benchmarks.semantic.hierarchy import PROPERTIES, hierarchy, inherit, invert, said_of
from eval.benchmarks.semantic.reading import read
from eval.benchmarks.semantic.wordings import INVERSE, STYLES
from eval.benchmarks.semantic.world import SIZES, SPLITS

WORLDS = worlds(3)
DEDUCTIONS = ("syllogism", "longer", "holdout")
load = cache(semantic.load)
CLASSES = {"grud": "category", "abme": "category", "rony": "trait", "tov": "part", "zif": "ability"}
CLASSES |= {"sil": "verb", "molk": "thing"}


def sentences(world):
    return [s for text in world.documents["text"] for s in split_sentences(text) if not s.startswith("Q:")]


def test_the_hierarchy():
    data = hierarchy()
    assert len(data) == 110
    assert [c for c, entry in data.items() if "is" not in entry] == ["animal", "object"]
    own = [sum(len(entry.get(key, [])) for key in PROPERTIES) for entry in data.values()]
    assert (min(own), max(own)) == (1, 6)
    order = list(data)
    assert all(order.index(entry["is"]) < order.index(c) for c, entry in data.items() if "is" in entry)
    assert all(set(entry) <= {"is", "are", "have", "can", "do"} for entry in data.values())


def test_every_real_word_has_one_class():
    data = hierarchy().items()
    classes = [{w for _, e in data for w in e.get(key, [])} for key in PROPERTIES]
    classes += [{v for _, e in data for v in e.get("do", {})}, set(hierarchy())]
    nouns = {n for _, e in data for n in e.get("do", {}).values()}
    assert sum(map(len, classes)) == len(set().union(*classes))
    assert not nouns & set().union(*classes[:4])


def test_what_is_said_of_a_category_is_not_inherited_too():
    facts = [fact for c in hierarchy() for fact in said_of(c)]
    assert len(set(facts)) == len(facts)
    assert all(needs == (s,) for s, needs in derive(facts, (inherit, invert)).items() if s in set(facts))
    for category, above in ((c, c) for c in hierarchy()):
        own = {fact[1:] for fact in said_of(category)}
        while above := hierarchy()[above].get("is"):
            assert not own & {fact[1:] for fact in said_of(above)}


@pytest.mark.parametrize(("size", "wiki", "answers"), [("paper", 2200, 220), ("small", 240, 48)])
def test_sizes(size, wiki, answers):
    world = load(0, size)
    numbers = SIZES[size]
    styles = [json.loads(meta)["style"] for meta in world.documents["meta"]]
    assert (len(styles) - styles.count("questions"), styles.count("questions")) == (wiki, answers)
    assert set(styles) == {*STYLES, "questions"} if size == "paper" else len(set(styles)) >= 5
    assert world.documents["fact"].n_unique() == numbers.categories
    assert world.documents["doc_id"].n_unique() == world.documents.height
    counts = dict(world.questions["split"].value_counts().rows())
    holdout = counts.pop("holdout")
    assert counts == dict.fromkeys(SPLITS[:-1], numbers.questions)
    assert 40 <= holdout <= numbers.questions
    assert world.questions["question_id"].n_unique() == world.questions.height
    assert set(world.questions["choices"].list.len()) == {4}
    for split in SPLITS:
        assert set(world.questions.filter(split=split)["subtype"]) == {"type", "trait", "part", "ability", "action"}
    assert world.chance == dict.fromkeys(SPLITS, 0.25)


@pytest.mark.parametrize("size", SIZES)
def test_a_document_has_4_to_20_sentences_that_state_what_its_meta_says(size):
    world = load(0, size)
    derivations = world.derivations
    lengths = set()
    for text, meta, topic in world.documents.select("text", "meta", "fact").iter_rows():
        meta = json.loads(meta)
        said = [world.read(s) for s in split_sentences(text) if not s.startswith("Q:")]
        assert None not in said
        assert list(dict.fromkeys(map(wordings.plain, said))) == meta["facts"]
        assert {
            d.needs[0]
            for s, d in derivations.items()
            if s[0] == topic and len(d.needs) == 1 and not s[1].startswith(INVERSE)
        } <= set(meta["facts"])
        if meta["style"] != "questions":
            lengths.add(len(said))
    assert (min(lengths), max(lengths)) == (4, 20 if size == "paper" else max(lengths))
    assert max(lengths) <= 20


@pytest.mark.parametrize("size", SIZES)
def test_one_document_per_topic_holds_every_fact(size):
    world = load(1, size)
    text = context(world.documents, 1, 1)
    assert {world.read(s) for s in split_sentences(text) if not s.startswith("Q:")} == world.closure["rephrasing"]
    if size == "small":
        assert len(re.findall(r"\w+|[^\w\s]", text)) < 5000


def test_every_noun_adjective_and_verb_is_a_lexicon_word():
    lexicon = set((PICO / "lexicon.txt").read_text().split())
    for size in SIZES:
        world = load(0, size)
        frame = {w for text in world.documents["text"] for w in re.findall(r"\w+", text)} - lexicon
        assert not frame & (set(hierarchy()) | {"eat", "striped", "paw"})
        assert len(frame) < 120


@WORLDS
@given(SEEDS)
def test_right_answers_follow_from_their_needs_and_wrong_ones_are_false(seed):
    world = semantic.load(seed, "small")
    derivations = world.derivations
    every = frozenset().union(*world.closure.values())
    assert every == set(derivations)
    ends = {s[2] for s in every}
    for row in world.questions.iter_rows(named=True):
        claims = [world.read(row["stem"] + choice) for choice in row["choices"]]
        assert len(set(claims)) == 4
        assert [claim in every for claim in claims] == [i == row["answer"] for i in range(4)]
        assert {claim[2] for claim in claims} <= ends  # the end of something true
        assert {wordings.kind_of(claim[1]) for claim in claims} == {row["subtype"]}
        claim = claims[row["answer"]]
        assert derivations[claim] == (row["split"], tuple(row["needs"]))
        needs = [world.read(need) for need in row["needs"]]
        assert claim in derive(needs, (inherit, invert))
        assert all(claim not in derive(needs[:i] + needs[i + 1 :], (inherit, invert)) for i in range(len(needs)))
        assert world.read(world.stated[row["question_id"]]) == claim
        length = {"rephrasing": (1, 1), "reversal": (1, 1), "syllogism": (2, 2), "longer": (3, 9), "holdout": (2, 9)}
        assert length[row["split"]][0] <= len(needs) <= length[row["split"]][1]


@WORLDS
@given(SEEDS)
def test_needs_are_told_and_no_choice_is_stated_verbatim(seed):
    world = semantic.load(seed, "small")
    told = set(map(world.read, sentences(world)))
    assert told == world.closure["rephrasing"]
    corpus = " ".join(f"{normal(text)}." for text in world.documents["text"])
    for row in world.questions.iter_rows(named=True):
        assert set(map(world.read, row["needs"])) <= told
        stem = row["stem"].removeprefix("In every case, ")
        assert not any(f" {normal(stem + choice)}." in corpus for choice in row["choices"])
        if row["split"] != "rephrasing":
            assert f" {normal(world.stated[row['question_id']])}." not in corpus
            assert world.read(row["stem"] + row["choices"][row["answer"]]) not in told


@pytest.mark.parametrize("size", SIZES)
def test_of_held_out_categories_only_the_parent_is_told(size):
    world = load(0, size)
    held = {s[0] for s in world.closure["holdout"] if not s[1].startswith(INVERSE)}
    assert len(held) == SIZES[size].held_out
    told = [s for s in map(world.read, set(sentences(world))) if held & set(s)]
    assert Counter(s[0] for s in set(told)) == dict.fromkeys(held, 1)
    assert {s[1] for s in told} == {"type"}
    for row in world.questions.filter(world.questions["split"] != "holdout").iter_rows(named=True):
        assert not held & set(world.read(row["stem"] + row["choices"][row["answer"]]))


def test_known_answers():
    rng, scores = Random(0), defaultdict(list)
    for seed in range(6):
        world = load(seed, "small")
        every, told = frozenset().union(*world.closure.values()), world.closure["rephrasing"]
        frequency = Counter(w for text in world.documents["text"] for w in re.findall(r"\w+", text))
        near = defaultdict(Counter)
        for text in world.documents["text"]:
            words = set(re.findall(r"\w+", text))
            for word in words:
                near[word].update(words)

        def pick(row, good, read=world.read):
            found = [i for i, c in enumerate(row["choices"]) if read(row["stem"] + c) in good]
            return found[0] if found else rng.randrange(4)

        def end(choice):
            return choice.rstrip(".").split()[-1]

        for split in SPLITS:
            assert accuracy(world, split, lambda row, every=every: pick(row, every)) == 1
            scores[split, "stated"].append(accuracy(world, split, lambda row, told=told: pick(row, told)))
            scores[split, "random"].append(accuracy(world, split, lambda row: rng.randrange(4)))

            def most_frequent(row, frequency=frequency):
                return max(range(4), key=lambda i: (frequency[end(row["choices"][i])], rng.random()))

            def nearest(row, near=near):
                subject = row["needs"][0].split()[0]
                return max(range(4), key=lambda i: (near[subject][end(row["choices"][i])], rng.random()))

            scores[split, "frequent"].append(accuracy(world, split, most_frequent))
            if split in DEDUCTIONS:
                scores[split, "near"].append(accuracy(world, split, nearest))
    means = {key: sum(values) / len(values) for key, values in scores.items()}
    assert means.pop(("rephrasing", "stated")) == 1
    for (split, name), mean in means.items():
        assert mean < 0.34, (split, name)
        assert mean > 0.16 or name == "frequent", (split, name)


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("grud are a type of abme.", ("grud", "type", "abme")),
        ("Gruds are abmes.", ("grud", "type", "abme")),
        ("By definition, grud belong to the abme.", ("grud", "type", "abme")),
        ("abmes include gruds", ("abme", "~type", "grud")),
        ("A kind of abme is the grud.", ("abme", "~type", "grud")),
        ("Among the abme are grud.", ("abme", "~type", "grud")),
        ("grud are among the abme.", ("grud", "type", "abme")),
        ("grud versus abme", None),
        ("grud are known to be rony", ("grud", "trait", "rony")),
        ("Things that are rony include grud.", ("rony", "~trait", "grud")),
        ("Tov are part of grud.", ("tov", "~part", "grud")),
        ("grud are able to zif", ("grud", "ability", "zif")),
        ("grud sil molk.", ("grud", "sil", "molk")),
        ("grud sil abme.", ("grud", "sil", "abme")),
        ("molk are sil by grud.", ("molk", "~sil", "grud")),
        ("abme are what grud sil.", ("abme", "~sil", "grud")),
        ("Among the things that sil molk are grud.", ("molk", "~sil", "grud")),
        ("molk sil grud", None),
        ("grud are not rony.", None),
        ("grud never sil molk.", None),
        ("grud have tov and are rony.", None),
        ("rony tov", None),
        ("rony", None),
        ("", None),
    ],
)
def test_reading(text, statement):
    assert read(text, CLASSES) == statement


@given(st.text() | st.lists(st.sampled_from([*CLASSES, "are", "by", "include", "of"])).map(" ".join))
def test_any_text_can_be_read(text):
    found = read(text, CLASSES)
    assert found is None or (len(found) == 3 and {found[0], found[2]} <= set(CLASSES))


def test_every_wording_is_understood():
    statements = [("grud", "type", "abme"), ("grud", "trait", "rony"), ("grud", "part", "tov")]
    statements += [("grud", "ability", "zif"), ("grud", "sil", "molk"), ("grud", "sil", "abme")]
    for statement in statements:
        kind = wordings.kind_of(statement[1])
        turned = (statement[2], INVERSE + statement[1], statement[0])
        for wording in (*wordings.WORDINGS[kind], wordings.REWORDED[kind]):
            assert read(wordings.phrase(statement, wording), CLASSES) == statement
        assert read(wordings.phrase(turned, wordings.REVERSED[kind]), CLASSES) == turned
