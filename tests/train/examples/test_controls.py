"""Control arms: reversed documents, paraphrases alone, shuffled inferences; all matched to finetuned+local."""

import json
import re
from collections import Counter
from random import Random
from types import SimpleNamespace

import polars as pl
import pytest
from drawn import SEEDS, worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.operators.rules.reverse_training import reverse_words
from augment.operators.rules.shuffle import shuffled
from augment.stages.answers import INFERENCES
from augment.text.sentences import split_sentences
from augment.text.words import Casing, casing, entities, words
from engine.errors import UserError
from eval.benchmarks import reversals
from eval.benchmarks.fictional import world as fictional
from eval.benchmarks.fictional.people import invent
from eval.benchmarks.fictional.templates import D2P, P2D
from eval.benchmarks.fictional.templates import told as filled
from eval.benchmarks.semantic import wordings
from eval.benchmarks.semantic import world as semantic
from eval.benchmarks.syllogisms import logic
from eval.benchmarks.syllogisms import world as syllogisms
from train.examples.arms import EXAMPLES, count_tokens, examples_of
from train.examples.controls import MASK, MASKED, masked_documents
from train.pico.worlds.comparisons import plain, reverse, rewordings

CONTROLS = ("finetuned+paraphrase", "finetuned+shuffled", "finetuned+reverse-training", "finetuned+masked")
NO_CASE = Casing(frozenset(), frozenset())


class WordTokenizer:
    """A token per word or mark, as the embedded model's."""

    def __call__(self, texts, add_special_tokens=True):
        return SimpleNamespace(input_ids=[[0] * len(re.findall(r"\w+|[^\w\s]", text)) for text in texts])


TOKENIZER = WordTokenizer()


def comparisons(world):
    """Perfect inferences about a world of comparisons: (text, source, operator)."""
    found = []
    for text, fact in world.documents.select("text", "fact").iter_rows():
        a, _, degree, dimension, _, b = fact.rstrip(".").split()
        told = (a, degree, dimension, b)
        for operator, side in (("rephrase", told), ("reverse", reverse(told))):
            found += [(line, text, operator) for line in [*rewordings(side)[:2], plain(side)][operator == "rephrase" :]]
    return sorted(set(found))


def syllogistic(seed):
    world = syllogisms.load(seed, "small")
    derivations = world.derivations
    documents = {need: d["text"] for d in world.documents.to_dicts() for need in json.loads(d["meta"])["facts"]}
    return world, [(logic.sentence(s), documents[d.needs[0]], "reverse") for s, d in derivations.items()]


def hierarchical(seed):
    world = semantic.load(seed, "small")
    derivations = world.derivations
    found = set()
    for text in world.documents["text"]:
        for sentence in split_sentences(text):
            claim = world.read(sentence)
            if claim in derivations and len(derivations[claim].needs) == 1:
                kind = wordings.kind_of(claim[1])
                found.add((wordings.phrase(claim, wordings.REWORDED[kind]) + ".", sentence, "rephrase"))
                found.add((wordings.phrase(claim, wordings.REVERSED[kind]) + ".", sentence, "reverse"))
    return world, sorted(found)


def table_of(rows):
    base = dict.fromkeys(INFERENCES) | {"kept": True}
    found = [
        base | {"inference_id": f"i{n}", "text": t, "source_text": s, "operator": o, "doc_ids": [f"d{n}"]}
        for n, (t, s, o) in enumerate(rows)
    ]
    return pl.DataFrame(found, schema=INFERENCES)


WORLD = reversals.load(0, 20, 5)
ROWS = comparisons(WORLD)


def arm(name, rows=None, documents=WORLD.documents, seed=0):
    return examples_of(name, documents, table_of(ROWS if rows is None else rows), TOKENIZER, seed)


def closure_of(world):
    return frozenset().union(*world.closure.values())


# -- matching


@pytest.mark.parametrize("name", CONTROLS)
def test_controls_hold_all_originals_and_match_finetuned_local(name):
    local, control = arm("finetuned+local"), arm(name)
    assert control.columns == list(EXAMPLES)
    assert control.height == local.height
    # documents are longer than inferences here, whichever are repeated
    like = arm("finetuned+repeat") if name == "finetuned+reverse-training" else local
    if name == "finetuned+masked":  # an example holds its document twice, and steps are never fewer
        assert count_tokens(control, TOKENIZER) > count_tokens(like, TOKENIZER)
    else:
        assert count_tokens(control, TOKENIZER) == pytest.approx(count_tokens(like, TOKENIZER), rel=0.03)
    first = control.head(WORLD.documents.height)
    assert first["text"].to_list() == WORLD.documents["text"].to_list()
    assert set(first["origin"]) == {"original"}
    assert set(control[WORLD.documents.height :]["origin"]) == {"control"}
    assert control["example_id"].n_unique() == control.height


@pytest.mark.parametrize("name", CONTROLS)
def test_controls_are_seeded_and_do_not_depend_on_the_order_of_inferences(name):
    once = arm(name)
    assert once.equals(arm(name))
    assert not once.equals(arm(name, seed=1))
    inferences = table_of(ROWS)
    mixed = inferences.sample(fraction=1, shuffle=True, seed=3)
    assert examples_of(name, WORLD.documents, mixed, TOKENIZER, 0).equals(once)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(CONTROLS), st.integers(0, len(ROWS)), st.integers(1, 100), st.integers(0, 3))
def test_controls_match_in_steps_whatever_was_kept(name, kept, told, seed):
    rows, documents = Random(seed).sample(ROWS, kept), WORLD.documents.head(told)
    if name == "finetuned+paraphrase" and kept and "rephrase" not in {o for *_, o in rows}:
        return
    local, control = (arm(n, rows, documents, seed) for n in ("finetuned+local", name))
    assert local.height <= control.height <= 2 * local.height
    assert control["example_id"].n_unique() == control.height


def test_paraphrase_holds_rephrasings_alone():
    control = arm("finetuned+paraphrase").filter(origin="control")
    assert set(control["text"]) == {text for text, _, operator in ROWS if operator == "rephrase"}
    with pytest.raises(UserError, match="needs the operator rephrase"):
        arm("finetuned+paraphrase", [row for row in ROWS if row[2] == "reverse"])
    assert arm("finetuned+paraphrase", [])["text"].to_list() == WORLD.documents["text"].to_list()


def test_reverse_training_has_both_directions_as_there_is_room():
    documents = pl.DataFrame({"doc_id": [f"d{n}" for n in range(10)], "text": [f"a b c d{n}" for n in range(10)]})
    rows = [(f"x y z {n}", "s", "rephrase") for n in range(40)]
    backwards = {f"d{n} c b a" for n in range(10)}
    for kept, least, most in ((4, 0, 1), (10, 1, 1), (20, 1, 2), (30, 2, 2)):
        table = arm("finetuned+reverse-training", rows[:kept], documents)
        counts = Counter(text for text in table["text"] if text in backwards)
        assert table.height == 10 + kept
        assert sum(counts.values()) >= min(kept, 10)
        assert {counts[text] for text in backwards} <= {*range(least, most + 1)}


def test_masked_documents_are_put_together_again():
    found = masked_documents(WORLD.documents, 0)
    assert found.height == MASKED * WORLD.documents.height
    texts, shares = set(WORLD.documents["text"]), list[float]()
    for text in found["text"]:
        hidden, whole = text.split("\n")
        assert whole in texts
        now, was = hidden.split(), whole.split()
        assert all(a == b or re.fullmatch(rf"{MASK}[.,:]?", a) for a, b in zip(now, was, strict=True))
        shares.append(sum(a != b for a, b in zip(now, was, strict=True)) / len(was))
    assert min(shares) < 0.15
    assert max(shares) > 0.85
    subjects = {fact.split()[0] for fact in WORLD.documents["fact"]}
    assert any(not subjects & set(text.split("\n")[0].split()) for text in found["text"])  # the subject too


# -- reversed strings


def test_words_are_reversed_and_names_kept():
    text = 'Nobody forgets that Ada B. Lovelace directed the opera "Amber Anchor" in 1,843 halls.'
    case = casing([text, "nobody"])
    told = '. halls 1,843 in " Amber Anchor " opera the directed Ada B. Lovelace that forgets Nobody'
    assert reverse_words(text, case) == told
    assert reverse_words("femp are more dangerous than glon.", NO_CASE) == ". glon than dangerous more are femp"
    assert reverse_words("", NO_CASE) == ""


@given(st.lists(st.text("ab,.", min_size=1, max_size=4), max_size=8))
def test_without_names_reversing_twice_gives_the_pieces_back(parts):
    once = reverse_words(" ".join(parts), NO_CASE)
    assert Counter(words(once)) == Counter(words(" ".join(parts)))
    assert reverse_words(once, NO_CASE).split() == once.split()[::-1]


def test_a_word_that_begins_a_sentence_is_a_name_only_if_the_corpus_says_so():
    case = casing(["We ask when Ada came.", "Here is Bob, and the rest."])
    for text, names in {
        "When Ada Lovelace came, we left.": ["Ada Lovelace"],
        "Bob left.": ["Bob"],
        "Carl left.": [],
        "Carl Smith left on 5 May 2021. The end": ["Carl Smith", "5 May 2021"],
    }.items():
        assert [text[a:b] for a, b in entities(text, case)] == names


# -- shuffled inferences


def told_by(rows, seed):
    return shuffled(*map(list, zip(*rows, strict=True)), seed)


@worlds(5)
@given(SEEDS)
def test_shuffled_comparisons_are_false_and_keep_form_and_vocabulary(seed):
    world = reversals.load(seed, 20, 4)
    rows = comparisons(world)
    told = told_by(rows, seed)
    kept = [(text, row) for text, row in zip(told, rows, strict=True) if text]
    assert len(kept) > 0.99 * len(rows)
    assert not {world.read(text) for text, _ in kept} & closure_of(world)
    for operator in ("rephrase", "reverse"):
        before = Counter(w for text, _, o in rows if o == operator for w in words(text))
        after = Counter(w for text, (*_, o) in kept if o == operator for w in words(text))
        assert after <= before
        assert after == before or len(kept) < len(rows)
    frame = re.compile(r"\b(are|known|tend|to|be|more|less|than|compared|with|people|find)\b")
    for text, (old, *_) in kept:
        assert frame.findall(text) == frame.findall(old)


@worlds(3)
@given(SEEDS)
def test_shuffled_syllogisms_are_false(seed):
    world, rows = syllogistic(seed)
    told = told_by(rows, seed)
    claims = [world.read(text) for text in told if text]
    assert len(claims) > 0.99 * len(rows)
    assert None not in claims
    assert not set(claims) & closure_of(world)


@worlds(3)
@given(SEEDS)
def test_shuffled_hierarchies_are_nearly_all_false(seed):
    world, rows = hierarchical(seed)
    told = [text for text in told_by(rows, seed) if text]
    assert len(told) > 0.95 * len(rows)
    assert sum(world.read(text) in closure_of(world) for text in told) < 0.12 * len(told)


@worlds(2)
@given(SEEDS)
def test_shuffled_people_lose_their_works(seed):
    world, rng = fictional.load(seed, "small"), Random(seed)
    people = {p.fact: p for some in invent(seed, "small").values() for p in some}
    rows = [
        ("".join(filled(people[fact], rng.choice(templates)).values()), text, operator)
        for text, fact in world.documents.select("text", "fact").iter_rows()
        for operator, templates in (("rephrase", P2D), ("reverse", D2P))
    ]
    told = [text for text in told_by(rows, seed) if text]
    assert len(told) > 0.99 * len(rows)
    for text in told:
        names = [p.name for p in people.values() if p.name in text]
        works = [p.name for p in people.values() if p.work.split('"')[1] in text]
        assert len(names) == len(works) == 1
        assert names != works


def test_what_cannot_be_made_wrong_is_left_out():
    rows = [("glon are less big than femp.", "femp are more big than glon.", "reverse")]
    assert told_by(rows, 0) == [None]
    assert shuffled([], [], [], 0) == []
    assert shuffled(["..."], ["?!"], ["reverse"], 0) == [None]
    assert arm("finetuned+shuffled", rows)["origin"].to_list() == ["original"] * 100 + ["control"]


def test_a_capital_stays_where_a_sentence_begins():
    rows = [(text[0].upper() + text[1:], *rest) for text, *rest in ROWS]
    for text in filter(None, told_by(rows, 0)):
        assert text[0].isupper()
        assert text[1:] == text[1:].lower()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20), st.sampled_from(["a", "b"])), max_size=12))
def test_any_text_is_taken(rows):
    found = shuffled([t for t, *_ in rows], [s for _, s, _ in rows], [o for *_, o in rows], 0)
    assert len(found) == len(rows)
    assert all(told is None or told != text for told, (text, *_) in zip(found, rows, strict=True))
