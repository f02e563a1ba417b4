"""The pool's data plane over real Ray actors with the fake engine: completeness, resume, dead actors."""

import errno
import os
import signal
import threading
import time
from pathlib import Path

import polars as pl
import pytest

from engine.cluster.start import gpus_per_engine, start_ray
from engine.config import EngineConfig
from engine.driver.failures import cause_of
from engine.errors import UserError
from engine.pool import EngineFailed, EnginePool
from engine.store import retries
from engine.store.parts import parts, read_parts
from engine.tasks.generate import GENERATIONS

pytestmark = pytest.mark.engine

FAKE = EngineConfig(kind="fake", replicas=2, cpus=0.5, shard_rows=50)


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch):
    monkeypatch.setattr("engine.driver.drive.REST_SECONDS", 0.05)


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
        assert pool.fleet.actors == []


def test_a_killed_engine_is_replaced_and_no_row_is_lost(tmp_path: Path):
    import ray

    with EnginePool("none", FAKE, quiet=True) as pool:
        pool.generate(requests(2), tmp_path / "warm")
        victim = ray.get(pool.fleet.actors[0].ready.remote())["pid"]
        killer = threading.Timer(0.2, os.kill, (victim, signal.SIGKILL))
        killer.start()
        done = pool.generate(requests(60_000), tmp_path / "g")
        killer.join()
        assert pool.fleet.restarts == 1
    assert done["request_id"].n_unique() == done.height == 60_000


def test_engines_that_keep_dying_end_the_job_with_the_cause(tmp_path: Path):
    import ray

    with EnginePool("none", FAKE.model_copy(update={"max_restarts": 0}), quiet=True) as pool:
        pool.generate(requests(2), tmp_path / "warm")
        for actor in pool.fleet.actors:
            os.kill(ray.get(actor.ready.remote())["pid"], signal.SIGKILL)
        time.sleep(1)
        with pytest.raises(EngineFailed, match="max_restarts"):
            pool.generate(requests(100), tmp_path / "g")


def test_rows_that_kill_their_engine_become_error_rows(tmp_path: Path):
    table = requests(300).with_columns(
        prompt=pl.when(pl.int_range(300).is_in([7, 180])).then(pl.lit("POISON")).otherwise("prompt"),
        n=pl.when(pl.int_range(300) == 7).then(2).otherwise(1),
    )
    with EnginePool("fake:die=POISON", FAKE, quiet=True) as pool:
        done = pool.generate(table, tmp_path / "g")
        # each is in a lease, in it again, then in a piece of it, then alone; both may go with the same engine
        assert 4 <= pool.fleet.restarts <= 8
    assert done.select("request_id", "sample").is_duplicated().sum() == 0
    assert (done.height, done["request_id"].n_unique()) == (301, 300)
    failed = done.filter(pl.col("error").is_not_null()).sort("request_id", "sample")
    assert failed.select("request_id", "sample").rows() == [("r180", 0), ("r7", 0), ("r7", 1)]
    assert failed["text"].null_count() == 3
    assert failed["error"].str.starts_with("the engine died on this row: its process ended").all()


def test_items_that_kill_their_engine_become_error_rows_per_choice(tmp_path: Path):
    stems = ["a stem"] * 9 + ["POISON"]
    items = pl.DataFrame({"item_id": list("abcdefghij"), "stem": stems, "choices": [["x", "é"]] * 10})
    with EnginePool("fake:raise=POISON", FAKE.model_copy(update={"replicas": 1}), quiet=True) as pool:
        scores = pool.score(items, tmp_path / "s").sort("item_id", "choice")
    assert scores["item_id"].to_list() == [c for c in "abcdefghij" for _ in range(2)]
    assert scores["error"].null_count() == 18
    last = scores.tail(2)
    assert last.select("item_id", "choice", "chars", "bytes").rows() == [("j", 0, 1, 1), ("j", 1, 1, 2)]
    assert last["error"].to_list()[0] == (
        "the engine died on this row: RuntimeError: the fake engine found 'POISON' in a prompt"
    )


def test_a_job_of_rows_that_all_kill_ends_with_the_cause_and_keeps_what_is_finished(tmp_path: Path):
    with EnginePool("fake:die=POISON", FAKE.model_copy(update={"max_restarts": 1}), quiet=True) as pool:
        good = pool.generate(requests(40), tmp_path / "g")
        bad = pl.DataFrame({"request_id": [f"x{i}" for i in range(100)], "prompt": ["POISON"] * 100})
        with pytest.raises(EngineFailed, match=r"2 of them with no row finished.*run again to go on.*process ended"):
            pool.generate(bad, tmp_path / "g")
    assert read_parts(tmp_path / "g", GENERATIONS).sort("request_id").equals(good.sort("request_id"))


def test_rows_with_errors_are_done_again_when_asked(tmp_path: Path):
    table = requests(120).with_columns(
        prompt=pl.when(pl.int_range(120) == 7).then(pl.lit("x" * 10**6)).otherwise("prompt")
    )
    with EnginePool("none", FAKE.model_copy(update={"replicas": 1}), quiet=True) as pool:
        first = pool.generate(table, tmp_path / "g")
        assert first.filter(pl.col("error").is_not_null())["request_id"].to_list() == ["r7"]
        assert pool.generate(table, tmp_path / "g").sort("request_id").equals(first.sort("request_id"))
        assert pool.last.rows == 0
        pool.config = FAKE.model_copy(update={"retry_errors": True})
        again = pool.generate(table, tmp_path / "g")
        assert pool.last.rows == again["error"].is_not_null().sum() == 1
        mended = table.with_columns(prompt=pl.col("prompt").str.head(10))
        second = pool.generate(mended, tmp_path / "g")
        assert pool.last.rows == 1
    assert second["error"].null_count() == second["request_id"].n_unique() == second.height == 120


@pytest.mark.parametrize("option", ["--retry-errors", "--engine.retry-errors"])
def test_retrying_errors_is_an_option_but_no_other_setting_of_the_run(tmp_path: Path, monkeypatch, option):
    from eval.runs.folder import open_run
    from forethought.cli import run, understood

    seen = []
    monkeypatch.setattr("forethought.verbs.run.run_job", seen.append)
    assert run(["run", "--out", str(tmp_path)]) == run(["run", "--out", str(tmp_path), option]) == 0
    assert [config.engine.retry_errors for config in seen] == [False, True]
    assert open_run(seen[0]) == open_run(seen[1]) == tmp_path / "run"
    assert understood("score", ["items.parquet", option])[1].engine.retry_errors


def test_storage_that_stumbles_under_the_driver_costs_no_row_and_no_engine(tmp_path: Path, monkeypatch):
    tried, sync, mine = list[int](), os.fsync, threading.local()

    def stumble(file: int) -> None:
        tried.append(file)
        mine.tries = getattr(mine, "tries", 0) + 1
        if mine.tries % 2:  # every other write of a thread
            raise OSError(errno.EIO, "Input/output error")
        sync(file)

    monkeypatch.setattr(retries, "DELAYS", (0.0, 0.0))
    monkeypatch.setattr("engine.store.places.os.fsync", stumble)
    with EnginePool("none", FAKE, quiet=True) as pool:
        done = pool.generate(requests(400), tmp_path / "g")
        assert pool.fleet.restarts == 0
    assert len(tried) > 10
    assert sorted(done["request_id"]) == sorted(f"r{i}" for i in range(400))


def test_a_full_disk_ends_the_job_at_once_with_the_path(tmp_path: Path):
    config = FAKE.model_copy(update={"shard_rows": 4000})
    with EnginePool("fake:full=10000", config, quiet=True) as pool:
        small = pool.generate(requests(300), tmp_path / "g")
        with pytest.raises(UserError, match=r"Cannot write .*/part-\w+\.parquet: File too large; make room"):
            pool.generate(requests(9000), tmp_path / "g")
        assert pool.fleet.restarts == 0
    assert small.height == read_parts(tmp_path / "g", GENERATIONS).height == 300
    assert not list((tmp_path / "g").glob(".*.tmp"))


def test_a_folder_that_cannot_be_made_ends_the_job_at_once(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with EnginePool("none", FAKE.model_copy(update={"replicas": 1}), quiet=True) as pool:
        with pytest.raises(UserError, match=r"Cannot write .*file/out/_owner"):
            pool.generate(requests(3), tmp_path / "file" / "out")
        assert pool.fleet.actors == []


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


def test_more_gpus_than_there_are_is_an_error_and_no_hang(tmp_path: Path):
    for gpus in (1.0, 4.0):
        with (
            EnginePool("none", FAKE.model_copy(update={"gpus": gpus}), quiet=True) as pool,
            pytest.raises(UserError, match=rf"asks for 1 CPUs and {2 * gpus:g} GPUs; Ray has .* and 0, room for 0"),
        ):
            pool.generate(requests(3), tmp_path / "g")


def test_an_attached_cluster_that_stays_too_small_is_an_error_after_a_while(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("engine.driver.fleet.attached", lambda: True)
    monkeypatch.setattr("engine.driver.fleet.ROOM_SECONDS", 2.0)
    with EnginePool("none", FAKE.model_copy(update={"gpus": 4.0}), quiet=True) as pool:
        with pytest.raises(UserError, match=r"8 GPUs; Ray has .* and 0"):
            pool.generate(requests(3), tmp_path / "g")
        assert pool.fleet.actors == []


def test_engines_that_find_no_room_in_a_cluster_are_all_given_up_at_the_end(own_ray, tmp_path: Path, monkeypatch):
    import ray

    start_ray(FAKE)
    monkeypatch.setattr("engine.driver.fleet.attached", lambda: True)
    monkeypatch.setattr("engine.driver.drive.START_SECONDS", 0.5)
    config = FAKE.model_copy(update={"replicas": 4, "cpus": ray.cluster_resources()["CPU"]})  # one fits
    with EnginePool("none", config, quiet=True) as pool:
        assert pool.generate(requests(300), tmp_path / "g").height == 300
        (actor,) = pool.fleet.actors
        assert ray.get(actor.ready.remote(), timeout=30)["capacity"] == 256


@pytest.mark.parametrize(
    ("gpus", "vllm", "found"),
    [(None, {}, 1.0), (None, {"tensor_parallel_size": 4}, 4.0), (0.5, {}, 0.5), (4, {"tensor_parallel_size": 4}, 4.0)],
)
def test_an_engine_asks_for_the_gpus_that_its_model_is_split_over(monkeypatch, gpus, vllm, found):
    monkeypatch.setattr("engine.cluster.start.on_gpu", lambda config: True)
    assert gpus_per_engine(EngineConfig(gpus=gpus, vllm=vllm)) == found


@pytest.mark.parametrize(
    ("gpus", "vllm"), [(1, {"tensor_parallel_size": 2}), (2, {}), (0.5, {"pipeline_parallel_size": 2})]
)
def test_gpus_that_differ_from_the_split_are_an_error(monkeypatch, gpus, vllm):
    monkeypatch.setattr("engine.cluster.start.on_gpu", lambda config: True)
    with pytest.raises(UserError, match=r"leave engine\.gpus unset and it will follow"):
        gpus_per_engine(EngineConfig(gpus=gpus, vllm=vllm))


def test_an_engine_that_hangs_is_ended_and_its_work_done_anew(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("engine.driver.drive.HUNG_SECONDS", 5.0)
    with EnginePool(f"fake:hang={tmp_path / 'hung'}", FAKE, quiet=True) as pool:
        done = pool.generate(requests(300), tmp_path / "g")
        assert pool.fleet.restarts == 1
    assert done["request_id"].n_unique() == done.height == 300
    assert done["error"].null_count() == 300


def test_the_cause_of_settings_that_vllm_refuses_is_what_it_says_of_them():
    text = """1 validation error for ModelConfig
  Value error, max_model_len (4096) is greater than what the model has. [type=value_error, input_value=ArgsKwargs(()), input_type=ArgsKwargs]
    For further information visit https://errors.pydantic.dev/2.14/v/value_error"""
    assert str(cause_of(RuntimeError(text))) == "max_model_len (4096) is greater than what the model has."
    assert str(cause_of(RuntimeError("first\nlast"))) == "last"
