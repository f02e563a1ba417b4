"""Leases of items: what is sent, in which order, and what comes out."""

import math
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leases import LONG, TOKENIZER, BareTokenizer, fine, finish, generate, items, requests, score, sendable

from engine.tasks.base import Answer
from engine.tasks.score import NEXT_TOKENS, SCORE, SHARED_TOKENS


def test_nulls_in_items_are_error_rows_each_and_the_others_are_scored():
    rows = items(
        {"item_id": "choice", "stem": "Who?", "choices": [" Ann", None, " Ben"]},
        {"item_id": "empty", "stem": "Who?", "choices": []},
        {"item_id": "none", "stem": "Who?"},
        {"item_id": "stem", "prefix": "So: ", "choices": [" Ann", " Ben"]},
    )
    assert rows.select(SCORE.calls.sum()).item() == 7
    lease = score(rows)
    assert lease.rows_done == 5
    table, sent = finish(lease)
    assert len(sent) == 2
    assert table.select("item_id", "choice", "error").rows() == [
        ("choice", 0, None),
        ("choice", 1, "the choice is null"),
        ("choice", 2, None),
        ("empty", None, "the item has no choices"),
        ("none", None, "the item has no choices"),
        ("stem", 0, "the stem is null"),
        ("stem", 1, "the stem is null"),
    ]
    # what a dead engine leaves of them has the same rows
    assert SCORE.failed(rows, "died").select("item_id", "choice").rows() == table.select("item_id", "choice").rows()


def test_one_row_per_item_and_choice_with_its_sizes():
    table, sent = finish(score(items({"item_id": "q", "stem": "Who?", "choices": [" Ann", " 李"]})))
    assert table.select("item_id", "choice", "tokens", "chars", "bytes").rows() == [
        ("q", 0, 4, 4, 4),
        ("q", 1, 2, 2, 4),
    ]
    assert [len(v) for v in table["logprobs"]] == [4, 2]
    assert len(sent) == 2


def test_the_same_choice_is_computed_once_and_answered_for_all_who_ask():
    rows = [{"item_id": i, "stem": "Who?", "choices": [" Ann", " Ben", " Ann"]} for i in ("a", "b")]
    table, sent = finish(score(items(*rows)))
    assert len(sent) == 2
    assert table.select("item_id", "choice").rows() == [(i, n) for i in "ab" for n in range(3)]
    assert table["logprobs"][0].to_list() == table["logprobs"][2].to_list() == table["logprobs"][3].to_list()


def test_another_adapter_is_another_computation():
    rows = [{"item_id": a or "none", "stem": "Who?", "choices": [" Ann"], "adapter": a} for a in (None, "x", "y")]
    table, sent = finish(score(items(*rows)))
    assert {c.adapter for c in sent} == {None, "x", "y"}
    assert len({tuple(v) for v in table["logprobs"]}) == 3


def test_choices_that_cannot_be_scored_become_error_rows():
    lease = score(items({"item_id": "q", "stem": "Who?", "choices": ["", " Ann", "x" * 60]}), max_model_len=50)
    assert (lease.rows_done, lease.done) == (2, False)
    table, _ = finish(lease)
    assert table["error"][0] == "the choice is empty"
    assert table["error"][1] is None
    assert "65 tokens" in table["error"][2]
    assert table["logprobs"].null_count() == 2


def test_a_choice_needs_something_before_it():
    table, sent = finish(score(items({"item_id": "q", "stem": "", "choices": ["Ann"]}), tokenizer=BareTokenizer()))
    assert sent == []
    assert "give a stem" in table["error"][0]


def test_a_shared_context_is_computed_before_its_questions_are_sent():
    lease = score(items(*({"item_id": n, "prefix": LONG, "stem": n, "choices": [" yes", " no"]} for n in "ab")))
    prime = lease.next_call()
    assert prime.key.startswith("lease/prime/")
    assert (prime.score_from, prime.params["max_tokens"]) == (None, 1)
    assert prime.ids == TOKENIZER.encode(LONG)[: len(prime.ids)]
    assert len(prime.ids) >= SHARED_TOKENS
    assert lease.next_call() is None
    lease.take(Answer(prime.key))
    assert lease.rows_done == 0
    released = sendable(lease)
    assert len(released) == 4
    assert all(c.ids[: len(prime.ids)] == prime.ids and c.cached for c in released)


@pytest.mark.parametrize(("prefix", "choices"), [(LONG, [" yes"]), ("Short. ", [" yes", " no"])])
def test_a_context_that_is_short_or_not_shared_is_not_sent_ahead(prefix, choices):
    calls = sendable(score(items({"item_id": "a", "prefix": prefix, "stem": "So:", "choices": choices})))
    assert [c.score_from is not None for c in calls] == [True] * len(choices)


def test_choices_go_out_even_where_computing_their_context_failed():
    lease = score(items({"item_id": "a", "prefix": LONG, "stem": "So:", "choices": [" yes", " no"]}))
    lease.take(Answer(lease.next_call().key, error="refused"))
    assert len(sendable(lease)) == 2


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_the_cache_swallowed_is_computed_again_without_the_cache(bad):
    lease = score(items({"item_id": "a", "stem": "So:", "choices": [" yes"]}))
    call = lease.next_call()
    assert call.cached
    lease.take(fine(call, bad))
    again = lease.next_call()
    assert (again.key, again.ids, again.cached) == (call.key, call.ids, False)
    lease.take(fine(again))
    assert lease.done
    assert lease.table()["error"].to_list() == [None]


@pytest.mark.parametrize("values", [[math.nan] * 4, [-1.0] * 3, [], None])
def test_values_that_stay_missing_become_an_error_row(values):
    lease = score(items({"item_id": "a", "stem": "So:", "choices": [" yes"]}))
    for _ in range(2):
        lease.take(Answer(lease.next_call().key, logprobs=values))
    assert (lease.done, lease.next_call()) == (True, None)
    row = lease.table().row(0, named=True)
    assert "no finite log-likelihood" in row["error"]
    assert row["logprobs"] is None


def test_an_error_of_the_engine_is_not_tried_again():
    lease = score(items({"item_id": "a", "stem": "So:", "choices": [" yes"]}))
    lease.take(Answer(lease.next_call().key, error="too long"))
    assert lease.table()["error"].to_list() == ["too long"]


def test_all_choices_of_one_token_are_one_call():
    lease = score(items({"item_id": "a", "stem": "So:", "choices": ["A", "B", "C", "B"]}))
    calls = sendable(lease)
    assert [(c.ids, c.targets, c.score_from) for c in calls] == [(TOKENIZER.encode("So:"), [65, 66, 67], None)]
    lease.take(Answer(calls[0].key, logprobs=[-1.0, -2.0, -3.0], cached_tokens=2))
    table = lease.table()
    assert table["logprobs"].to_list() == [[-1.0], [-2.0], [-3.0], [-2.0]]
    assert table["cached_tokens"].to_list() == [2] * 4


def test_a_next_token_call_asks_for_no_more_than_vllm_allows():
    choices = [chr(1000 + i) for i in range(NEXT_TOKENS + 5)]
    table, sent = finish(score(items({"item_id": "a", "stem": "So:", "choices": choices})))
    assert sorted(len(c.targets) for c in sent) == [5, NEXT_TOKENS]
    assert table["error"].null_count() == len(choices)


def swallow(lease, rows):
    """Answer all suffix calls with the first values missing, as a cache hit leaves them."""
    for call in sendable(lease):
        values = [math.nan] * rows + [-1.0] * (len(call.ids) - call.score_from - rows)
        lease.take(Answer(call.key, logprobs=values, cached_tokens=call.score_from - 1 + rows))


def test_values_that_a_cache_hit_swallowed_are_asked_for_one_by_one_and_together():
    lease = score(items({"item_id": "a", "stem": "x" * 60, "choices": [" yes", " no", "maybe"]}))
    swallow(lease, 1)
    calls = sendable(lease)
    assert [(len(c.ids), c.targets) for c in calls] == [(61, [ord(" "), ord("m")])]
    lease.take(Answer(calls[0].key, logprobs=[-5.0, -6.0]))
    assert lease.table()["logprobs"].to_list() == [[-5.0, -1, -1, -1], [-5.0, -1, -1], [-6.0, -1, -1, -1, -1]]
    assert lease.done


def test_where_many_values_are_missing_the_pair_is_computed_again_without_the_cache():
    lease = score(items({"item_id": "a", "stem": "x" * 60, "choices": [" yes or no"]}))
    swallow(lease, 4)
    assert [(c.score_from, c.cached) for c in sendable(lease)] == [(61, False)]


def test_a_swallowed_value_that_fails_is_an_error_row_and_hurts_no_other():
    lease = score(items({"item_id": "a", "stem": "x" * 200, "choices": [" yes", "no"]}))
    lease.take(Answer(lease.next_call().key))
    swallow(lease, 2)
    for call in sendable(lease):
        shared = len(call.targets) == 2
        lease.take(Answer(call.key, logprobs=[-1.0] * len(call.targets), error=None if shared else "broken"))
    assert lease.done
    assert lease.table()["error"].to_list() == ["broken", "broken"]


@settings(max_examples=20)
@given(st.lists(st.integers(0, 11), max_size=4, unique=True))
def test_results_do_not_depend_on_how_rows_are_split_into_leases(cuts):
    stems = [f"question {n % 5}" for n in range(12)]
    asked = items(
        *(
            {"item_id": f"q{n:02}", "prefix": LONG * (n % 2), "stem": s, "choices": [" a", " b"]}
            for n, s in enumerate(stems)
        )
    )
    wanted = requests(*({"request_id": f"r{n:02}", "prompt": s, "n": 1 + n % 2} for n, s in enumerate(stems)))
    edges = [0, *sorted(cuts), 12]
    for make, table, order in ((score, asked, ["item_id", "choice"]), (generate, wanted, ["request_id", "sample"])):
        split = [finish(make(table[a:b]))[0] for a, b in pairwise(edges)]
        assert pl.concat(split).sort(order).equals(finish(make(table))[0].sort(order))
