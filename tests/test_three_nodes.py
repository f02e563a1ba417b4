"""A whole job on three Ray nodes of this machine, undisturbed and with a node that is lost in the middle."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cluster import check_shared, only_localhost, start_ray
from engine.config import EngineConfig
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store import read_parts
from eval.config import BenchmarkConfig, RunConfig
from eval.run import run_job
from train.config import TrainConfig


@pytest.fixture
def cluster(monkeypatch, own_ray) -> Iterator[Any]:
    """A head and two more nodes with one processor each, which listen on localhost only."""
    monkeypatch.setenv("RAY_worker_niceness", "0")
    import ray
    from ray.cluster_utils import Cluster

    with only_localhost():
        nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "node_ip_address": "127.0.0.1"})
        try:
            for _ in range(2):
                nodes.add_node(num_cpus=1, node_ip_address="127.0.0.1")
            yield nodes
        finally:
            ray.shutdown()
            nodes.shutdown()


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def job(cluster: Any, folder: Path, name: str, victim: Any = None) -> tuple[list[dict[str, Any]], Any, int]:
    """Results, generations and replaced engines of a run; `victim` is removed when a quarter of the requests is answered."""
    log = folder / f"{name}.log"
    engine = EngineConfig(kind="fake", replicas=3, shard_rows=16, address=cluster.address)
    config = RunConfig(
        name=name,
        out=folder,
        arms=("pretrained", "icl", "finetuned+local"),
        seeds=(0,),
        benchmark=BenchmarkConfig(facts=20, articles=4),
        engine=engine,
        train=TrainConfig(steps=2, batch=2),
    )

    def lose() -> None:
        while lines(log) < 40:
            time.sleep(0.02)
        cluster.remove_node(victim, allow_graceful=False)

    removal = threading.Thread(target=lose, daemon=True)
    with EnginePool(config.model, engine, quiet=True) as pool:
        pool.model = f"fake:slow=0.05,seats=4,turn=1,log={log}"
        if victim:
            removal.start()
        run = run_job(config, pool)
        if victim:
            removal.join()
        restarts = pool.restarts
    results = json.loads((run / "results.json").read_text())["rows"]
    return results, read_parts(run / "generations", {}).sort("request_id", "sample"), restarts


@pytest.mark.timeout(900)
def test_a_job_that_loses_a_machine_ends_with_the_same_results(cluster, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start_ray(EngineConfig(address=cluster.address))
    # a path that each process sees otherwise stands for a folder that machines do not share
    with pytest.raises(
        UserError, match=r"127.0.0.1 of the cluster does not see /proc/self/cwd/own.*choose an --out on"
    ):
        check_shared(Path("/proc/self/cwd/own"))
    check_shared(tmp_path)
    calm, told, restarts = job(cluster, tmp_path, "calm")
    assert restarts == 0
    assert {row["arm"] for row in calm} == {"pretrained", "icl", "finetuned+local"}
    assert all(row["unscored"] == 0 for row in calm)
    victim = next(iter(cluster.worker_nodes))
    rough, told_again, restarts = job(cluster, tmp_path, "rough", victim)
    assert restarts >= 1
    assert len(cluster.worker_nodes) == 1
    assert rough == calm
    assert told_again.equals(told)
    assert not list(tmp_path.rglob(".seen-*")) + list(tmp_path.rglob(".merged-*"))
