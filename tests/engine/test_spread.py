"""Functions of tables, side by side: order, what they share, what they raise."""

import os
import runpy
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import polars as pl
import psutil
import pytest

from engine.cluster.start import start_ray
from engine.config import EngineConfig
from engine.errors import UserError
from engine.spread import FEW, cores, spread

EXAMPLE = runpy.run_path(str(Path(__file__).resolve().parents[2] / "examples/cluster/lost_node.py"))


def times(table: pl.DataFrame, factor: int) -> pl.DataFrame:
    if factor < 0:
        raise UserError("factors are positive.")
    return table.with_columns(x=pl.col("x") * factor, process=pl.lit(os.getpid()))


def runs(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def tables(count: int):
    return [pl.DataFrame({"x": [n, n + 1]}) for n in range(count)]


def test_few_tables_are_done_here_and_nothing_is_started():
    found = list(spread(times, iter(tables(FEW)), 3))
    assert [table["x"].to_list() for table in found] == [[3 * n, 3 * n + 3] for n in range(FEW)]
    assert {process for table in found for process in table["process"]} == {os.getpid()}
    assert list(spread(times, [], 3)) == []


def test_many_tables_come_back_in_order_from_other_processes():
    found = list(spread(times, iter(tables(40)), 3))
    assert [table["x"][0] for table in found] == [3 * n for n in range(40)]
    processes = {process for table in found for process in table["process"]}
    assert (os.getpid() in processes) == (cores() < 2)


@pytest.mark.slow
def test_many_tables_are_done_on_all_machines_of_a_cluster(own_ray, tmp_path):
    def doubled(x: int, machines: Path) -> int:
        import ray

        if x < 0:
            raise UserError("numbers are positive.")
        (machines / ray.get_runtime_context().get_node_id()).touch()
        until = time.monotonic() + 60
        while (
            len(list(machines.iterdir())) < 3 and time.monotonic() < until
        ):  # the first machine would be done with all
            time.sleep(0.1)
        return 2 * x

    with EXAMPLE["three_nodes"](head_cpus=1) as cluster:
        start_ray(EngineConfig(address=cluster.address))
        assert list(spread(doubled, iter(range(60)), tmp_path)) == [2 * x for x in range(60)]
        assert len(list(tmp_path.iterdir())) == 3
        with pytest.raises(UserError, match=r"^numbers are positive\.$"):
            list(spread(doubled, [*range(9), -1], tmp_path))


def test_a_mistake_in_a_process_is_the_same_mistake_here():
    with pytest.raises(UserError, match=r"factors are positive\."):
        list(spread(times, tables(40), -1))


def test_a_script_without_a_main_guard_runs_once(tmp_path):
    (tmp_path / "script.py").write_text(
        textwrap.dedent(
            """
            import operator
            from engine.spread import spread
            print("begun")
            print(sum(spread(operator.add, range(100), 1)))
            """
        )
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["begun", str(sum(range(100)) + 100)]


@pytest.mark.slow
def test_processes_end_with_a_driver_that_is_killed(tmp_path):
    script = """
        import os, time
        from engine.spread import spread
        def slow(number, _):
            time.sleep(0.1)
            return os.getpid()
        for process in spread(slow, range(1000), None):
            print(process, flush=True)
        """
    (tmp_path / "script.py").write_text(textwrap.dedent(script))
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as driver:
        assert driver.stdout
        others = {int(driver.stdout.readline()) for _ in range(20)} - {driver.pid}
        driver.kill()
    until = time.monotonic() + 30
    while (left := [process for process in others if runs(process)]) and time.monotonic() < until:
        time.sleep(0.2)
    assert not left
