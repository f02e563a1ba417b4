"""Generation by the real engine: samples, seeds, stops, structure, chat templates and adapters in one table."""

import json

import polars as pl

LINES = {"json": {"type": "array", "items": {"type": "string"}}, "disable_any_whitespace": True}
MESSAGES = json.dumps([{"role": "user", "content": "zogo are more famous than truld."}])


def run(pool, folder, *rows):
    """Generations of requests given as dicts, by request id."""
    table = pl.DataFrame(
        [
            {"request_id": str(i), "sampling": "{}", "n": 1, "prompt": None, "messages": None, "adapter": None} | r
            for i, r in enumerate(rows)
        ],
        schema_overrides=dict.fromkeys(("prompt", "messages", "adapter"), pl.String),
    )
    done = pool.generate(table, folder)
    assert done["error"].null_count() == done.height, done["error"].to_list()
    return {key[0]: group.sort("sample").to_dicts() for key, group in done.group_by("request_id")}


def test_all_samples_are_kept(pool, tmp_path):
    sampling = json.dumps({"temperature": 1.5, "max_tokens": 12, "ignore_eos": True})
    found = run(pool, tmp_path, {"messages": MESSAGES, "sampling": sampling, "n": 5})["0"]
    assert [r["sample"] for r in found] == list(range(5))
    assert len({r["text"] for r in found}) == 5


def test_stop_strings_and_structure_hold(pool, tmp_path):
    greedy = {"temperature": 0.0, "max_tokens": 40}
    choice = {"structured_outputs": {"choice": ["more", "less"]}}
    done = run(
        pool,
        tmp_path,
        {"messages": MESSAGES, "sampling": json.dumps(greedy)},
        {"messages": MESSAGES, "sampling": json.dumps(greedy | {"stop": ["than"]})},
        {"prompt": "zogo are", "sampling": json.dumps(greedy | choice)},
        {"messages": MESSAGES, "sampling": json.dumps(greedy | {"structured_outputs": LINES})},
    )
    assert "than" in done["0"][0]["text"]
    stopped = done["1"][0]
    assert stopped["finish_reason"] == "stop"
    assert stopped["text"] == done["0"][0]["text"].split("than")[0]
    assert done["2"][0]["text"].strip() in ("more", "less")
    assert done["3"][0]["text"].startswith("[")


def test_sampling_that_vllm_does_not_know_is_an_error_row_and_the_others_go_on(pool, tmp_path):
    rows = [("known", {"max_tokens": 3}), ("unknown", {"colour": "red"}), ("wrong", {"temperature": -1})]
    table = pl.DataFrame({"request_id": [r[0] for r in rows], "prompt": ["zogo are"] * 3})
    done = pool.generate(table.with_columns(sampling=pl.Series([json.dumps(r[1]) for r in rows])), tmp_path)
    errors = dict(done.select("request_id", "error").rows())
    assert errors["known"] is None
    assert "colour" in errors["unknown"]
    assert "temperature" in errors["wrong"]
    assert "died" not in errors["wrong"]
