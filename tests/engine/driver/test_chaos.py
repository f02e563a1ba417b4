"""Engines, drivers and machines that are killed at random moments while work goes on: every id once, little done twice.

The real engine is killed in test_job.py.
"""

import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from drivers import end_tree, engines_of, start_driver

from engine.config import EngineConfig
from engine.driver.rows import GROWTH
from engine.store.parts import read_parts, stream_parts

pytestmark = pytest.mark.engine


def write_requests(folder: Path, count: int, **columns: object) -> list[str]:
    ids = [f"r{i:05}" for i in range(count)]
    table = pl.DataFrame({"request_id": ids, "prompt": [f"prompt {i}" for i in range(count)]})
    (folder / "requests").mkdir()
    table.with_columns(**columns).write_parquet(folder / "requests" / "requests.parquet")
    return ids


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_twenty_kills_lose_nothing_and_repeat_only_what_was_in_flight(tmp_path: Path):
    rng, log = random.Random(7), tmp_path / "answered"
    config = EngineConfig(kind="fake", replicas=2, cpus=0.5, shard_rows=4, max_restarts=20)
    ids = write_requests(tmp_path, 1500)
    model = f"fake:slow=0.05,seats=4,log={log}"
    victims = ["engine"] * 17 + ["driver"] * 3
    rng.shuffle(victims)
    driver = start_driver(tmp_path, model, config)
    try:
        for victim in victims:
            # wait for work to go on, then for a random moment
            before, patience = lines(log), time.monotonic() + 120
            while lines(log) < before + 20:
                assert driver.poll() is None, (tmp_path / "driver.log").read_text()
                assert time.monotonic() < patience, "no progress"
                time.sleep(0.05)
            time.sleep(0.7 * rng.random())
            assert driver.poll() is None, "the work must outlast the kills"
            if victim == "engine":
                rng.choice(engines_of(driver)).send_signal(signal.SIGKILL)
            else:
                end_tree(driver)
                driver = start_driver(tmp_path, model, config)
        assert driver.wait(timeout=300) == 0, (tmp_path / "driver.log").read_text()
    finally:
        if driver.poll() is None:
            end_tree(driver)
    done = read_parts(tmp_path / "out", {})
    assert sorted(done["request_id"]) == ids
    # a death by chance is not taken for the row's fault: for that it must die again and again with the same row
    # an engine holds two leases at most; each kill of a driver takes both engines
    largest = max(part.height for part in stream_parts(tmp_path / "out"))
    redone = lines(log) - len(ids)
    assert 0 < redone <= (len(victims) + victims.count("driver")) * 2 * largest
    assert largest <= GROWTH * config.shard_rows


def test_a_machine_lost_amid_the_work_costs_no_row(tmp_path: Path, monkeypatch, own_ray):
    monkeypatch.setenv("RAY_worker_niceness", "0")
    import ray
    from ray._private import ray_constants
    from ray.cluster_utils import Cluster

    from engine.pool import EnginePool

    monkeypatch.setenv(ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR, "0")  # else Ray listens on the machine's own address
    monkeypatch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", False)
    address = {"node_ip_address": "127.0.0.1"}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1} | address)
    try:
        others = [cluster.add_node(num_cpus=1, **address) for _ in range(2)]
        config = EngineConfig(kind="fake", replicas=3, cpus=1, shard_rows=20, address=cluster.address)
        ids = write_requests(tmp_path, 3000)
        log = tmp_path / "answered"
        with EnginePool(f"fake:slow=0.05,seats=8,log={log}", config, quiet=True) as pool:
            removal = threading.Thread(target=lose, args=(cluster, others[0], log), daemon=True)
            removal.start()
            done = pool.generate(tmp_path / "requests", tmp_path / "out")
            removal.join()
            assert pool.fleet.restarts >= 1
        assert sorted(done["request_id"]) == ids
        assert done["error"].null_count() == done.height
    finally:
        ray.shutdown()
        cluster.shutdown()


def lose(cluster: Any, node: Any, log: Path) -> None:
    while lines(log) < 300:
        time.sleep(0.05)
    cluster.remove_node(node, allow_graceful=False)
