"""The actor as a plain class with the fake engine: leases in, parts out."""

import errno
import threading

import polars as pl
import pytest

from engine.config import EngineConfig
from engine.errors import UserError
from engine.store import places, retries
from engine.store.parts import parts, read_parts, write_entry
from engine.store.tables import write_table
from engine.tasks.generate import GENERATIONS
from engine.tasks.score import SCORES
from engine.worker import actor as actor_module
from engine.worker.actor import EngineActor
from engine.worker.fake_engine import FakeEngine


class PickyEngine(FakeEngine):
    """Refuses the second row, as vLLM refuses impossible sampling."""

    def add(self, call):
        if call.key.startswith("one/1/"):
            raise ValueError("this sampling\nis not possible")
        super().add(call)


def actor(capacity=None):
    made = EngineActor("fake", EngineConfig(kind="fake"))
    made.backend.capacity = capacity or made.backend.capacity
    return made


def give_requests(worker, folder, name, count, n=1, prompt="prompt of"):
    worker.give("generate", name, shard_of(folder, name, count, n, prompt), folder)


def shard_of(folder, name, count, n=1, prompt="prompt of"):
    ids = [f"{name}-{i}" for i in range(count)]
    table = pl.DataFrame({"request_id": ids, "prompt": [f"{prompt} {i}" for i in ids], "n": [n] * count})
    write_table(folder / "_shards" / f"{name}.parquet", table)
    return folder / "_shards" / f"{name}.parquet"


def work(worker, folder):
    """One call, and the entries that the driver writes after it."""
    status = worker.work(5)
    for name, rows in status.finished.items():
        write_entry(folder, name, rows)
    return status


def work_off(worker, folder):
    """Work until nothing is left; returns every Status that reported something."""
    found = []
    while worker.queue or worker.leases or worker.writing:
        found.append(work(worker, folder))
    return found


def test_a_lease_becomes_a_part(tmp_path):
    worker = actor()
    give_requests(worker, tmp_path, "one", 5, n=2)
    assert read_parts(tmp_path, GENERATIONS).is_empty()
    status = work(worker, tmp_path)
    table = read_parts(tmp_path, GENERATIONS)
    assert [p.name for p in parts(tmp_path)] == ["part-one.parquet"]
    assert table.height == 10
    assert table["error"].null_count() == 10
    assert (status.finished, status.rows, status.counted) == ({"one": 10}, 10, {"one": 10})
    assert status.prompt_tokens == table["prompt_tokens"].sum()
    assert status.output_tokens == table["output_tokens"].sum() > 0
    worker.close()


def test_a_part_counts_only_once_the_driver_says_so(tmp_path):
    # an engine that was given up for dead may still write; its rows are done elsewhere by then
    worker = actor()
    give_requests(worker, tmp_path, "one", 5)
    assert worker.work(5).finished == {"one": 5}
    assert (tmp_path / "part-one.parquet").exists()
    assert parts(tmp_path) == []


def test_an_engine_with_room_for_a_lease_reports_at_once(tmp_path):
    worker = actor(capacity=1)
    give_requests(worker, tmp_path, "one", 1)
    give_requests(worker, tmp_path, "two", 3)
    give_requests(worker, tmp_path, "three", 3)
    found = list[str]()
    while "two" not in found:
        found += worker.work(60).finished
    found += [name for status in work_off(worker, tmp_path) for name in status.finished]
    assert sorted(found) == ["one", "three", "two"]


def test_the_engine_works_while_files_are_read_and_written(tmp_path, monkeypatch):
    # two files must be read, and two be written, at the same time, or a barrier breaks
    for name in ("read_table", "write_part"):
        both, act = threading.Barrier(2), getattr(actor_module, name)
        monkeypatch.setattr(actor_module, name, lambda *args, both=both, act=act: both.wait(30) >= 0 and act(*args))
    worker = actor(capacity=6)
    give_requests(worker, tmp_path, "one", 3)
    give_requests(worker, tmp_path, "two", 3)
    work_off(worker, tmp_path)
    assert len(parts(tmp_path)) == 2


def test_two_leases_are_worked_on_at_once(tmp_path):
    worker = actor(capacity=6)
    give_requests(worker, tmp_path, "one", 4)
    give_requests(worker, tmp_path, "two", 4)
    worker._fill()
    assert sorted(worker.in_flight.values()) == ["one"] * 4 + ["two"] * 2
    statuses = work_off(worker, tmp_path)
    assert sorted(name for s in statuses for name in s.finished) == ["one", "two"]
    assert sum(s.rows for s in statuses) == 8
    assert read_parts(tmp_path, GENERATIONS)["request_id"].n_unique() == 8


def test_counts_start_again_after_each_report(tmp_path):
    worker = actor()
    give_requests(worker, tmp_path, "one", 3)
    assert work(worker, tmp_path).rows == 3
    empty = worker.work(5)
    assert (empty.rows, empty.finished, empty.counted, empty.prompt_tokens) == (0, {}, {}, 0)
    give_requests(worker, tmp_path, "two", 2)
    assert (work(worker, tmp_path).rows, len(parts(tmp_path))) == (2, 2)


def test_rows_that_are_wrong_from_the_start_count_and_finish_the_lease(tmp_path):
    worker = actor()
    worker.backend.max_model_len = 10
    give_requests(worker, tmp_path, "long", 3, prompt="a prompt of more than ten tokens")
    status = work(worker, tmp_path)
    assert (status.rows, status.finished) == (3, {"long": 3})
    assert read_parts(tmp_path, GENERATIONS)["error"].null_count() == 0


def test_a_call_that_the_engine_refuses_becomes_an_error_row(tmp_path):
    worker = actor()
    worker.backend = PickyEngine("fake", EngineConfig(kind="fake"))
    give_requests(worker, tmp_path, "one", 3)
    assert work(worker, tmp_path).rows == 3
    table = read_parts(tmp_path, GENERATIONS).sort("request_id")
    assert table["error"].to_list() == [None, "this sampling is not possible", None]


def test_scoring_with_a_shared_context_and_small_capacity(tmp_path):
    worker = actor(capacity=2)
    rows = {"item_id": [f"q{n}" for n in range(6)], "stem": [f"Question {n}:" for n in range(6)]}
    table = pl.DataFrame(rows | {"choices": [[" yes", " no"]] * 6, "prefix": ["Context. " * 20] * 6})
    table = table.with_columns(adapter=pl.lit(None, dtype=pl.String))
    write_table(tmp_path / "shard.parquet", table)
    worker.give("score", "s", tmp_path / "shard.parquet", tmp_path / "out")
    assert sum(s.rows for s in work_off(worker, tmp_path / "out")) == 12
    scores = read_parts(tmp_path / "out", SCORES)
    assert scores.height == 12
    assert scores["error"].null_count() == 12
    assert scores.select("item_id", "choice").is_duplicated().sum() == 0


def test_nothing_is_written_before_every_row_has_its_result(tmp_path):
    worker = actor(capacity=1)
    give_requests(worker, tmp_path, "one", 3)
    worker._fill()
    for answer in worker.backend.step():
        worker.leases[worker.in_flight.pop(answer.key)][0].take(answer)
    worker._write()
    assert list(tmp_path.glob("part-*")) == []
    work_off(worker, tmp_path)
    assert read_parts(tmp_path, GENERATIONS).height == 3


def test_the_actor_says_what_its_engine_takes():
    facts = actor().ready()
    assert facts["capacity"] == 256
    assert facts["max_model_len"] > 0


def stumbling(monkeypatch, error, times):
    """The storage fails the first times that a shard is read and a part is written."""
    left = {"read": times, "write": times}
    for name, module, called, real in (
        ("read", actor_module, "read_table", actor_module.read_table),
        ("write", places, "_write", places._write),
    ):

        def act(*args, name=name, real=real):
            left[name] -= 1
            if left[name] >= 0:
                raise OSError(error, "the storage stumbles")
            return real(*args)

        monkeypatch.setattr(module, called, act)
    monkeypatch.setattr(retries, "DELAYS", (0.0,) * 3)


def test_storage_that_stumbles_costs_neither_engine_nor_rows(tmp_path, monkeypatch):
    worker, shard = actor(), shard_of(tmp_path, "one", 5)
    stumbling(monkeypatch, errno.EIO, 3)
    worker.give("generate", "one", shard, tmp_path)
    assert work(worker, tmp_path).finished == {"one": 5}


@pytest.mark.parametrize(("error", "times"), [(errno.EIO, 9), (errno.EACCES, 1)])
def test_storage_that_fails_for_good_is_a_sentence_and_no_death(tmp_path, monkeypatch, error, times):
    worker, shard = actor(), shard_of(tmp_path, "one", 5)
    stumbling(monkeypatch, error, times)
    worker.give("generate", "one", shard, tmp_path)
    with pytest.raises(UserError, match=r"Cannot read .*one\.parquet: the storage stumbles; see to its storage"):
        worker.work(5)


def test_what_was_written_before_the_end_and_not_reported_is_salvaged(tmp_path):
    class Ending(FakeEngine):
        def step(self):
            if not any(call.key.startswith("one/") for call in self.calls):
                raise UserError("the account is empty")
            return super().step()

    worker = actor(capacity=3)
    worker.backend = Ending("fake", EngineConfig(kind="fake"))
    worker.backend.capacity = 3
    give_requests(worker, tmp_path, "one", 3)
    give_requests(worker, tmp_path, "two", 3)
    with pytest.raises(UserError, match="account"):
        worker.work(5)
    assert worker.salvage()["one"].height == 3
