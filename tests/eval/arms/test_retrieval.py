"""Retrieved contexts, the oracle's, and their recall."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("bm25s")

from augment.text.words import terms
from engine.errors import UserError
from eval.arms.retrieval import contexts, facts_of, oracle, recall, search
from eval.benchmarks import reversals
from eval.benchmarks.base import QUESTIONS
from eval.benchmarks.semantic import world as semantic
from eval.benchmarks.syllogisms import world as syllogisms

WORLD = reversals.load(0, 12, 5)


def documents(*texts):
    rows = [{"doc_id": f"d{n}", "text": text, "meta": "{}", "fact": f"f{n}"} for n, text in enumerate(texts)]
    return pl.DataFrame(rows)


def question(stem, needs=()):
    row = dict.fromkeys(QUESTIONS) | {"question_id": stem, "stem": stem, "needs": list(needs), "split": "s"}
    return pl.DataFrame([row], schema=QUESTIONS)


def test_the_most_relevant_document_is_found_first_and_stands_last():
    table = documents("The cat sleeps.", "A dog and the cat.", "Fish swim.", "The cat and the dog sleep: cat and dog.")
    asked = question("The cat and the dog")
    found = search(table, asked, 3)
    assert found["doc_ids"].to_list() == [["d3", "d1", "d0"]]
    (prefix,) = contexts(table, found)["prefix"]
    assert prefix.splitlines()[-1] == table["text"][3]
    assert prefix.endswith("\n")
    assert prefix.count("\n") == 3


def test_only_documents_that_share_a_word_are_found_and_each_text_once():
    table = documents("The cat sleeps.", "The cat sleeps.", "Fish swim.")
    assert len(search(table, question("Where is the cat?"), 5)["doc_ids"][0]) == 1
    assert contexts(table, search(table, question("Xyz?!"), 5))["prefix"].to_list() == [""]
    assert search(documents("...", "?"), question("cat"), 2)["doc_ids"].to_list() == [[]]
    assert search(table, question("…"), 2)["doc_ids"].to_list() == [[]]


def test_choices_play_no_part():
    changed = WORLD.questions.with_columns(choices=pl.lit(["a", "b"], dtype=pl.List(pl.String)), answer=0)
    assert search(WORLD.documents, changed, 4).equals(search(WORLD.documents, WORLD.questions, 4))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 8))
def test_order_of_the_documents_plays_no_part(seed, k):
    mixed = WORLD.documents.sample(fraction=1, shuffle=True, seed=seed)
    assert search(mixed, WORLD.questions, k).equals(search(WORLD.documents, WORLD.questions, k))
    assert oracle(mixed, WORLD.questions, seed).equals(oracle(WORLD.documents, WORLD.questions, seed))


def test_a_stem_with_the_name_finds_the_fact_of_a_comparison():
    found = search(WORLD.documents, WORLD.questions, 5)
    assert {row["recall"] for row in recall(WORLD.documents, WORLD.questions, found).to_dicts()} == {1.0}
    assert {len(docs) for docs in found["doc_ids"]} == {5}


@pytest.mark.parametrize("world", [WORLD, syllogisms.load(1, "small"), semantic.load(1, "small")], ids=lambda w: w.name)
def test_the_oracle_states_every_needed_fact_with_no_document_too_many(world):
    found = oracle(world.documents, world.questions, 0)
    assert (
        recall(world.documents, world.questions, found)["recall"].to_list()
        == [1.0] * world.questions["split"].n_unique()
    )
    stated = facts_of(world.documents)
    for needs, docs in zip(world.questions["needs"], found["doc_ids"].to_list(), strict=True):
        for left_out in docs:
            rest = set().union(*(stated[d] for d in docs if d != left_out))
            assert not set(needs) <= rest
    assert not found.equals(oracle(world.documents, world.questions, 1)) or world.name == "syllogisms"


def test_recall_counts_questions_with_all_their_facts():
    table = documents("a", "b", "c")
    asked = pl.concat([question("one", ["f0", "f1"]), question("two", ["f2"]), question("none")])
    found = pl.DataFrame({"question_id": ["one", "two", "none"], "doc_ids": [["d0"], ["d2", "d1"], ["d0"]]})
    assert recall(table, asked, found).rows() == [("s", 0.5, 2)]


def test_documents_without_facts_have_none():
    assert facts_of(pl.DataFrame({"doc_id": ["d"], "text": ["t"]})) == {"d": set()}
    both = pl.DataFrame({"doc_id": ["d"], "text": ["t"], "meta": ['{"facts": ["a", "b"]}'], "fact": ["topic"]})
    assert facts_of(both) == {"d": {"a", "b"}}
    assert oracle(documents("a"), question("q", ["unknown"]), 0)["doc_ids"].to_list() == [[]]


def test_terms_are_words_and_single_cjk_characters():
    assert terms("Femp-glon, 東京 Tower 12") == ["femp", "glon", "東", "京", "tower", "12"]


def test_at_least_one_document_is_asked_for():
    with pytest.raises(UserError, match="at least one document"):
        search(WORLD.documents, WORLD.questions, 0)
