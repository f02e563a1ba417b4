"""Engines and drivers that are killed at random moments while work goes on: every id once, little done twice.

The real engine is killed in test_job.py, a machine is lost in test_three_nodes.py; killing.py does it hundreds of times, by hand.
"""

import random
import signal
import time
from pathlib import Path

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


KILLS = 6
"""Of which two end the driver."""


def test_kills_at_any_moment_lose_nothing_and_repeat_only_what_was_in_flight(tmp_path: Path):
    """Every id once at the end, and no more answered twice than the leases that the dead engines held.

    The moments are spread over the 0.7 s after work went on: amid a lease, at a part's end, while another engine starts.
    """
    rng, log = random.Random(7), tmp_path / "answered"
    config = EngineConfig(kind="fake", replicas=2, cpus=0.5, shard_rows=4, max_restarts=20)
    ids = write_requests(tmp_path, 700)
    model = f"fake:slow=0.05,seats=4,log={log}"
    victims = ["engine"] * (KILLS - 2) + ["driver"] * 2
    moments = [0.7 * (place + rng.random()) / KILLS for place in range(KILLS)]
    rng.shuffle(victims)
    rng.shuffle(moments)
    driver = start_driver(tmp_path, model, config)
    try:
        for victim, moment in zip(victims, moments, strict=True):
            before, patience = lines(log), time.monotonic() + 120
            while lines(log) < before + 20:
                assert driver.poll() is None, (tmp_path / "driver.log").read_text()
                assert time.monotonic() < patience, "no progress"
                time.sleep(0.05)
            time.sleep(moment)
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
