"""Splits that do not leak, shares of originals and of replayed text, all drawn from a seed."""

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from augment.results.shared_statements import shared_statements
from engine.errors import UserError
from train.examples.arms import EXAMPLES
from train.examples.mixture import components, mixed, replayed, split

IDS = st.sampled_from([f"d{i}" for i in range(30)])
DOC_IDS = st.lists(IDS, max_size=3)


def examples(*doc_ids, origin="operator", length=20):
    rows = [(f"e{i}", f"text {i} ".ljust(length, "x"), origin, list(ids)) for i, ids in enumerate(doc_ids)]
    return pl.DataFrame(rows, schema=EXAMPLES, orient="row")


def both(originals, inferences):
    made = [examples(*[["d"]] * originals, origin="original"), examples(*[["d"]] * inferences)]
    return pl.concat([table.with_columns(pl.col("example_id") + name) for table, name in zip(made, "oi", strict=True)])


def test_components_join_over_others():
    assert components([["b", "a"], ["b", "c"], ["x"], ["z", "y"]]) == {
        "a": "a",
        "b": "a",
        "c": "a",
        "x": "x",
        "y": "y",
        "z": "y",
    }


# documents that hang together are refused, and of small draws many do
@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(st.lists(DOC_IDS, max_size=40), st.lists(DOC_IDS, max_size=8), st.floats(0.01, 0.9), st.integers(0, 5))
def test_no_document_and_no_group_is_on_both_sides(doc_ids, groups, share, seed):
    table = examples(*doc_ids)
    try:
        training, validation = split(table, groups, share, seed)
    except UserError:
        assume(False)
    sides = [set(side["doc_ids"].explode().drop_nulls()) for side in (training, validation)]
    assert not sides[0] & sides[1]
    assert not [g for g in groups if set(g) & sides[0] and set(g) & sides[1]]
    assert validation.height
    assert training.height + validation.height == table.height
    assert set(training["example_id"]) | set(validation["example_id"]) == set(table["example_id"])
    again = split(table.sample(fraction=1, shuffle=True, seed=1), groups[::-1], share, seed)
    assert set(again[1]["example_id"]) == set(validation["example_id"])  # whatever the order of rows


@given(st.integers(2, 200), st.floats(0.02, 0.9), st.integers(0, 5))
def test_documents_that_share_nothing_are_split_to_within_one_row(count, share, seed):
    assume(0.5 < share * count < count - 0.5)
    table = examples(*([f"d{i}"] for i in range(count)))
    assert abs(split(table, [], share, seed)[1].height - share * count) <= 1


def test_another_seed_draws_another_validation_set():
    table = examples(*([f"d{i}"] for i in range(100)))
    drawn = {tuple(split(table, [], 0.1, seed)[1]["example_id"]) for seed in range(5)}
    assert len(drawn) == 5
    assert split(table, [], 0, 0)[1].is_empty()


def test_documents_that_hang_together_cannot_be_split():
    with pytest.raises(UserError, match=r"the documents form 1 groups .*largest with 2 of 2"):
        split(examples(["a"], ["b"]), [["a", "b"]], 0.5, 0)


def test_documents_are_joined_by_sentences_and_by_inferences():
    texts = {
        "a": "Femp are big. Ann is tall.",
        "b": "femp  are big!",
        "c": "Ben knows Ann well.",
        "d": "Ann is known by Ben.",
        "e": "Nothing in common here.",
    }
    documents = pl.DataFrame({"doc_id": list(texts), "text": list(texts.values())})
    inferences = pl.DataFrame(
        [
            ("Ann knows Ben too.", ["c"], True),
            ("ann knows Ben too", ["d"], False),
            ("rejected for itself", ["a", "c", "e"], False),
            ("", ["e"], False),
            ("Nothing in common here.", ["f"], False),
        ],
        schema=["text", "doc_ids", "kept"],
        orient="row",
    )
    assert sorted(shared_statements(documents, inferences)) == [["a", "b"], ["c", "d"], ["e", "f"]]


@given(
    st.integers(1, 60),
    st.integers(1, 60),
    st.floats(0.05, 0.95),
    st.sampled_from(["repeat", "sample"]),
    st.integers(0, 3),
)
def test_the_share_of_originals_is_met_to_within_one_row(originals, inferences, share, by, seed):
    table = both(originals, inferences)
    try:
        found = mixed(table, share, seed, by)
    except UserError:
        assume(False)
    count = found.filter(origin="original").height
    assert abs(count - share * found.height) <= 1
    assert found["example_id"].n_unique() == found.height
    assert found.equals(mixed(table, share, seed, by))
    copies = found.group_by("origin", "text").len().group_by("origin").agg(pl.col("len").max() - pl.col("len").min())
    assert copies["len"].max() <= 1
    if by == "repeat":
        assert set(found["text"]) == set(table["text"])
    else:
        assert set(found["example_id"]) <= set(table["example_id"])


def test_a_mix_by_hand():
    table = both(2, 6)
    assert mixed(table, 0.5, 0)["origin"].to_list() == ["original"] * 6 + ["operator"] * 6
    assert mixed(table, 0.5, 0, "sample")["origin"].to_list() == ["original"] * 2 + ["operator"] * 2
    assert mixed(table, 0.25, 0).equals(table)
    with pytest.raises(UserError, match="there are 2 and 0"):
        mixed(both(2, 0), 0.5, 0)
    with pytest.raises(UserError, match="nothing of one kind"):
        mixed(both(1, 9), 0.99, 0, "sample")


@given(
    st.lists(st.text("ab ", min_size=1, max_size=30), min_size=1, max_size=10),
    st.floats(0.01, 0.9),
    st.integers(0, 3),
)
def test_replayed_characters_are_a_share_to_within_one_word(texts, share, seed):
    assume(any(text.strip() for text in texts))
    table = examples(*[["d"]] * 5, length=100)
    general = pl.DataFrame({"doc_id": [f"g{i}" for i in range(len(texts))], "text": texts})
    found = replayed(table, general, share, seed)
    wanted = 500 * share / (1 - share)
    longest = max(len(word) for text in texts for word in text.split(" "))
    assert wanted - 31 * (longest < 31) - longest <= found["text"].str.len_chars().sum() <= wanted + 1
    assert found["example_id"].n_unique() == found.height
    assert set(found["origin"]) <= {"replay"}
    assert found.equals(replayed(table, general, share, seed))


def test_replay_takes_every_text_before_one_comes_again_and_cuts_the_last():
    general = pl.DataFrame({"doc_id": ["g1", "g2"], "text": ["one two", "three four"]})
    found = replayed(examples(["d"], length=24), general, 0.5, 0)
    assert sorted(found["text"].to_list()[:2]) == ["one two", "three four"]
    assert found["text"].to_list()[2] in ("one two", "three")
    assert found["doc_ids"].to_list()[2] != found["example_id"].to_list()[2:]
    with pytest.raises(UserError, match="has no text"):
        replayed(examples(["d"]), general.clear(), 0.5, 0)
