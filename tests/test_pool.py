"""The pool's data plane over real Ray actors with the fake engine: completeness, resume, dead actors."""

import os
import signal
import threading
import time
from pathlib import Path

import polars as pl
import pytest

from engine.config import EngineConfig
from engine.errors import UserError
from engine.pool import EngineFailed, EnginePool
from engine.store import parts

FAKE = EngineConfig(kind="fake", replicas=2, cpus=0.5, shard_rows=50)


def requests(count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"request_id": [f"r{i}" for i in range(count)], "prompt": [f"prompt {i}" for i in range(count)]}
    )


def test_every_row_once_and_finished_rows_are_not_done_again(tmp_path: Path):
    with EnginePool("none", FAKE, quiet=True) as pool:
        half = pool.generate(requests(230), tmp_path / "g")
        before = {p: p.stat().st_mtime_ns for p in parts(tmp_path / "g")}
        whole = pool.generate(requests(500), tmp_path / "g")
    assert sorted(half["request_id"]) == sorted(f"r{i}" for i in range(230))
    assert sorted(whole["request_id"]) == sorted(f"r{i}" for i in range(500))
    assert {p: p.stat().st_mtime_ns for p in parts(tmp_path / "g") if p in before} == before
    assert not (tmp_path / "g" / "_shards").exists()


def test_results_do_not_depend_on_the_number_of_engines(tmp_path: Path):
    tables = []
    for replicas in (1, 3):
        config = FAKE.model_copy(update={"replicas": replicas})
        with EnginePool("none", config, quiet=True) as pool:
            tables.append(pool.generate(requests(120), tmp_path / str(replicas)).sort("request_id"))
    assert tables[0].equals(tables[1])


def test_a_finished_job_starts_no_engine(tmp_path: Path):
    with EnginePool("none", FAKE, quiet=True) as pool:
        pool.generate(requests(10), tmp_path / "g")
    with EnginePool("none", FAKE, quiet=True) as pool:
        assert pool.generate(requests(10), tmp_path / "g").height == 10
        assert pool.actors == []


def test_a_killed_engine_is_replaced_and_no_row_is_lost(tmp_path: Path):
    import ray

    with EnginePool("none", FAKE, quiet=True) as pool:
        pool.generate(requests(2), tmp_path / "warm")
        victim = ray.get(pool.actors[0].ready.remote())["pid"]
        killer = threading.Timer(0.2, os.kill, (victim, signal.SIGKILL))
        killer.start()
        done = pool.generate(requests(60_000), tmp_path / "g")
        killer.join()
        assert pool.restarts == 1
    assert done["request_id"].n_unique() == done.height == 60_000


def test_engines_that_keep_dying_end_the_job_with_the_cause(tmp_path: Path):
    import ray

    with EnginePool("none", FAKE.model_copy(update={"max_restarts": 0}), quiet=True) as pool:
        pool.generate(requests(2), tmp_path / "warm")
        for actor in pool.actors:
            os.kill(ray.get(actor.ready.remote())["pid"], signal.SIGKILL)
        time.sleep(1)
        with pytest.raises(EngineFailed, match="max_restarts"):
            pool.generate(requests(100), tmp_path / "g")


def test_a_failed_write_fails_the_job(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with EnginePool("none", FAKE, quiet=True) as pool, pytest.raises((NotADirectoryError, FileExistsError)):
        pool.generate(requests(3), tmp_path / "file" / "out")


def test_tables_with_missing_columns_or_repeated_ids_are_user_errors(tmp_path: Path):
    with EnginePool("none", FAKE, quiet=True) as pool:
        with pytest.raises(UserError, match="request_id"):
            pool.generate(pl.DataFrame({"prompt": ["x"]}), tmp_path / "a")
        with pytest.raises(UserError, match="unique"):
            pool.generate(pl.concat([requests(3), requests(1)]), tmp_path / "b")
        with pytest.raises(UserError, match="choices"):
            pool.score(pl.DataFrame({"item_id": ["x"], "stem": ["y"]}), tmp_path / "c")


def test_scores_have_a_row_per_choice(tmp_path: Path):
    items = pl.DataFrame(
        {"item_id": [f"i{n}" for n in range(70)], "stem": ["a stem"] * 70, "choices": [["x", "yz"]] * 70}
    )
    with EnginePool("none", FAKE, quiet=True) as pool:
        scores = pool.score(items, tmp_path / "s")
    assert scores.height == 140
    assert scores.filter(choice=1)["tokens"].unique().to_list() == [2]


def test_more_engines_than_there_are_processors_is_an_error_and_no_hang(tmp_path: Path):
    with EnginePool("none", FAKE.model_copy(update={"replicas": 3, "cpus": 50}), quiet=True) as pool:
        with EnginePool("none", FAKE, quiet=True) as first:
            first.generate(requests(1), tmp_path / "first")
        with pytest.raises(UserError, match=r"engine\.replicas"):
            pool.generate(requests(100), tmp_path / "g")
