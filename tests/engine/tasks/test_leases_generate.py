"""Leases of requests: samples, seeds, prompts that cannot be served."""

import json

import polars as pl
import pytest
from leases import BareTokenizer, finish, generate, requests

from engine.tasks.generate import GENERATE


def test_every_sample_is_kept_with_a_seed_of_its_own():
    table, sent = finish(generate(requests({"request_id": "a", "prompt": "Say it", "n": 3, "sampling": '{"seed": 7}'})))
    assert [c.params["seed"] for c in sent] == [7, 8, 9]
    assert table["sample"].to_list() == [0, 1, 2]
    assert table["text"].n_unique() == 3
    assert table["error"].null_count() == 3


def test_without_a_seed_the_request_decides():
    first, second = ({"request_id": i, "prompt": "same", "n": 2} for i in "ab")
    _, both = finish(generate(requests(first, second)))
    _, one = finish(generate(requests(second)))
    seeds = [c.params["seed"] for c in both]
    assert len(set(seeds)) == 4
    assert seeds[2:] == [c.params["seed"] for c in one]


def test_sampling_and_adapter_reach_the_engine():
    sampling = json.dumps({"temperature": 0.3, "max_tokens": 5})
    _, sent = finish(generate(requests({"request_id": "a", "prompt": "x", "sampling": sampling, "adapter": "lora"})))
    assert sent[0].params.items() >= {"temperature": 0.3, "max_tokens": 5}.items()
    assert (sent[0].adapter, sent[0].score_from) == ("lora", None)


def test_empty_and_over_long_prompts_become_error_rows_and_the_others_go_on():
    rows = [{"request_id": "none", "prompt": ""}, {"request_id": "long", "prompt": "x" * 50, "n": 2}]
    lease = generate(requests(*rows, {"request_id": "good", "prompt": "fine"}), BareTokenizer(), 50)
    assert lease.rows_done == 3
    table, sent = finish(lease)
    assert len(sent) == 1
    errors = dict(table.group_by("request_id").agg(pl.col("error").first()).rows())
    assert errors["none"] == "the prompt is empty"
    assert "50 tokens" in errors["long"]
    assert errors["good"] is None
    assert table.filter(pl.col("error").is_not_null())["text"].to_list() == [None] * 3
    assert table.filter(request_id="long")["sample"].to_list() == [0, 1]


@pytest.mark.parametrize(
    "bad", [{"messages": "{no json"}, {"messages": "[1]"}, {"sampling": "[1, 2]"}, {"sampling": "x"}]
)
def test_a_request_that_cannot_be_read_is_an_error_row_and_the_others_go_on(bad):
    table, sent = finish(
        generate(requests({"request_id": "bad", "prompt": "x"} | bad, {"request_id": "b", "prompt": "y"}))
    )
    assert len(sent) == 1
    errors = dict(table.select("request_id", "error").rows())
    assert "cannot be read" in errors["bad"]
    assert errors["b"] is None


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"prompt": None}, "neither prompt nor messages"),
        ({"n": 0}, "n is 0; ask for one sample at least"),
        ({"n": -2}, "n is -2"),
        ({"prompt": None, "messages": '[{"role": "user", "content": null}]'}, "no content"),
    ],
)
def test_a_request_without_a_prompt_or_a_number_of_samples_is_one_error_row(bad, told):
    rows = requests({"request_id": "bad", "prompt": "x"} | bad, {"request_id": "b", "prompt": "y"})
    assert rows.select(GENERATE.calls.sum()).item() == 2
    table, sent = finish(generate(rows))
    assert (table.height, len(sent)) == (2, 1)
    assert told in table.filter(request_id="bad")["error"].item()
