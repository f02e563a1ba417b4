"""Shards: their sizes, who gets which, and how the row that kills an engine is found. Without Ray."""

import polars as pl
import pytest

from engine.driver.resume import Origin
from engine.driver.rows import GROWTH, LEASE_SECONDS, Rows, shard_size
from engine.driver.schedule import Schedule
from engine.store.tables import read_table
from engine.tasks.registry import TASKS


def schedule(folder, count, shard_rows=256, engines=1):
    table = pl.DataFrame({"request_id": [f"r{i:06}" for i in range(count)], "prompt": ["x"] * count})
    rows = Rows(table, TASKS["generate"], pl.LazyFrame(schema={"request_id": pl.String}))
    return Schedule(rows, folder, shard_rows, engines, Origin("mark", {}))


def ids(plan, shard):
    plan.write()
    return read_table(shard.path)["request_id"].to_list()


def cut(count, engines, shard_rows=256):
    sizes = []
    while left := count - sum(sizes):
        sizes.append(shard_size(left, engines, shard_rows))
    return sizes


def test_one_engine_gets_whole_shards():
    assert cut(600, 1) == [256, 256, 88]


@pytest.mark.parametrize(("count", "engines"), [(10_000, 2), (10_000, 7), (100, 2), (3, 2), (1, 5)])
def test_the_last_shards_of_several_engines_shrink(count, engines):
    sizes = cut(count, engines)
    assert sum(sizes) == count
    assert sizes == sorted(sizes, reverse=True)
    assert max(sizes) <= 256
    assert sizes[-1] <= 16
    if count == 10_000:
        assert sizes[0] == 256
        # simulated with equal engines: nobody waits longer than a small shard takes
        ends = [0] * engines
        for size in sizes:
            ends[ends.index(min(ends))] += size
        assert max(ends) - min(ends) <= 16


def test_quick_rows_come_in_larger_shards_up_to_a_bound():
    assert shard_size(10**6, 4, 256, rate=1.0) == 256
    assert shard_size(10**6, 4, 256, rate=1000.0) == 1000 * LEASE_SECONDS
    assert shard_size(10**6, 4, 256, rate=10.0**6) == GROWTH * 256
    assert shard_size(1000, 4, 256, rate=10.0**6) == 125


def test_an_engine_holds_two_shards_or_as_many_calls_as_keep_it_full(tmp_path):
    plan = schedule(tmp_path, 100, shard_rows=10)
    held = []
    while shard := plan.next(held, capacity=35):
        held.append(shard)
    assert [shard.rows for shard in held] == [10] * 4
    held[0].counted = 9  # nearly done: the engine gets room
    assert plan.next(held, capacity=35) is not None
    assert [ids(plan, s)[0] for s in held] == ["r000000", "r000010", "r000020", "r000030"]


def test_the_shards_of_two_dead_engines_come_last_in_pieces_and_alone(tmp_path):
    plan = schedule(tmp_path, 512)
    first, second = plan.next([], 1), plan.next([], 1)
    plan.write()
    first.counted = 100
    assert plan.died([first]) == []
    again = plan.next([second], 1000)  # a first death may have any reason
    assert (again, again.counted, again.suspect) == (first, 0, False)
    assert plan.died([first]) == []
    assert plan.next([second], 1000) is None  # suspects only to an engine that holds nothing
    pieces = []
    while piece := plan.next([], 1000):
        plan.write()
        assert plan.next([piece], 1000) is None
        pieces.append(piece)
    assert [p.rows for p in pieces] == [16] * 16
    assert [i for p in pieces for i in ids(plan, p)] == ids(plan, first)
    assert plan.died([pieces[3]]) == []
    singles = [plan.next([], 1) for _ in range(16)]
    assert [ids(plan, s) for s in singles] == [[i] for i in ids(plan, pieces[3])]
    assert plan.empty
    assert plan.died([singles[5]]) == [singles[5]]
    assert plan.empty


def test_a_single_row_is_not_blamed_before_it_ran_alone(tmp_path):
    plan = schedule(tmp_path, 2, shard_rows=1)
    held = [plan.next([], 10), plan.next([], 10)]
    plan.write()
    assert plan.died(held) == []
    assert [plan.next([], 10), plan.next([], 10)] == held
    assert plan.died(held) == []
    alone = plan.next([], 10)
    assert plan.next([alone], 10) is None
    assert plan.died([alone]) == [alone]


def test_rows_of_a_lost_machine_come_back_first_and_whole(tmp_path):
    plan = schedule(tmp_path, 512)
    shard = plan.next([], 1)
    shard.counted = 100
    plan.lost([shard])
    again = plan.next([], 1)
    assert (again, again.suspect, again.counted) == (shard, False, 0)
