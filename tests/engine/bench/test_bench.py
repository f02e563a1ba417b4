"""The benchmark command: its JSON, its mistakes, and the work that it makes up."""

import json
import random

import polars as pl
import pytest

from engine.bench import slow_store
from engine.bench.score import accuracy
from engine.bench.texts import prompts, questions
from engine.bench.throughput import bench
from engine.config import EngineConfig
from engine.errors import UserError
from engine.store.places import create, exists, join, names, read_bytes, remove, write_whole


@pytest.mark.engine
def test_plane_writes_the_agreed_json(tmp_path):
    result = bench("plane", "none", EngineConfig(), rows=300, repeats=2, out=tmp_path / "b" / "plane.json")
    assert json.loads((tmp_path / "b" / "plane.json").read_text()) == json.loads(json.dumps(result))
    assert set(result) == {"work", "ours", "peers", "ratio"}
    assert result["work"] == {"rows": 300, "words": 0, "engine": "fake", "replicas": 2, "store": None}
    assert result["ours"]["per_second"] == pytest.approx(300 / result["ours"]["seconds"])
    assert result["ours"]["resume_seconds"] < 20
    assert 0 < result["ours"]["files"] < 100
    assert result["ours"]["driver_us"] > 0


@pytest.mark.engine
def test_plane_can_lie_at_a_store_that_answers_late(tmp_path):
    result = bench("plane", "none", EngineConfig(), rows=300, repeats=1, store=f"slow://5{tmp_path}")
    assert result["work"]["store"] == f"slow://5{tmp_path}"
    assert 0 < result["ours"]["files"] < 100
    assert list(tmp_path.iterdir()) == []


def test_each_call_to_the_slow_store_is_late(tmp_path, monkeypatch):
    waited = list[float]()
    monkeypatch.setattr(slow_store.time, "sleep", waited.append)
    folder = f"slow://20{tmp_path}"
    assert create(join(folder, "a", "one"), b"1")
    assert not create(join(folder, "a", "one"), b"2")
    write_whole(join(folder, "a", "two"), b"2")
    assert (read_bytes(join(folder, "a", "one")), names(join(folder, "a"))) == (b"1", {"one", "two"})
    remove(join(folder, "a"))
    assert not exists(join(folder, "a", "one"))
    assert len(waited) >= 7
    assert set(waited) == {0.02}


def test_mistakes_name_the_choices(tmp_path):
    with pytest.raises(UserError, match="'frob'; choose from generate, score, plane"):
        bench("frob", "pico", EngineConfig())
    with pytest.raises(UserError, match="no peer 'fast'; choose from lm_eval, llm_generate"):
        bench("score", "pico", EngineConfig(), peers=("lm_eval", "fast"))
    with pytest.raises(UserError, match="is a folder; give a file"):
        bench("score", "pico", EngineConfig(), out=tmp_path)


def test_the_right_choice_goes_on_as_the_text_does():
    table = questions(random.Random(1), 20, 300)
    assert table["prefix"].n_unique() == 1
    for row in table.iter_rows(named=True):
        assert [len(c.split()) for c in row["choices"]] == [3, 5, 8, 12]
        assert row["stem"] + row["choices"][row["answer"]] in row["prefix"].replace("\n", " ")


def test_prompts_that_share_a_prefix_come_in_mixed_order():
    made, keys = prompts(random.Random(1), 40, 50, 5)
    assert len(set(keys)) == 4
    assert keys != sorted(keys)
    assert all(len(p.split()) == 55 for p in made)
    for key in set(keys):
        assert len({p.split()[0] for p, k in zip(made, keys, strict=True) if k == key}) == 1


def test_accuracy_goes_by_the_mean_of_the_tokens():
    table = pl.DataFrame({"answer": [0, 3]})
    # per token: -1, -2, -3, -4 and -4, -3, -2, -1
    assert accuracy([[-3.0, -10, -24, -48, -12, -15, -16, -12]], [table]) == 1.0
    assert accuracy([[-30.0, -10, -24, -48]], [table]) == 0.0
