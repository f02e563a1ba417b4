"""examples/cluster/lost_node.py in small: a job on three Ray nodes, undisturbed and with a node lost in the middle."""

import runpy
from pathlib import Path

import polars as pl
import pytest

from engine.cluster.shared import check_shared
from engine.cluster.start import start_ray
from engine.config import EngineConfig
from engine.errors import UserError
from engine.store.parts import read_parts
from eval.config import BenchmarkConfig, RunConfig
from train.config import TrainConfig

EXAMPLE = runpy.run_path(str(Path(__file__).resolve().parents[3] / "examples/cluster/lost_node.py"))


@pytest.mark.timeout(900)
def test_a_job_that_loses_a_machine_ends_with_the_same_results(own_ray, tmp_path: Path, monkeypatch):
    """The same rows of results and the same generations, each request once and without error, though an engine died."""
    monkeypatch.setenv("RAY_worker_niceness", "0")
    with EXAMPLE["three_nodes"](head_cpus=1) as cluster:
        monkeypatch.chdir(tmp_path)  # the nodes stay where they began
        start_ray(EngineConfig(address=cluster.address))
        # a path that each process sees otherwise stands for a folder that machines do not share
        with pytest.raises(
            UserError, match=r"127.0.0.1 of the cluster cannot see /proc/self/cwd/own.*choose an --out on"
        ):
            check_shared(Path("/proc/self/cwd/own"))
        check_shared(tmp_path)
        config = RunConfig(
            out=tmp_path,
            arms=("pretrained", "icl", "finetuned+local"),
            seeds=(0,),
            benchmark=BenchmarkConfig(facts=20, articles=4),
            engine=EngineConfig(kind="fake", replicas=3, shard_rows=16, address=cluster.address),
            train=TrainConfig(steps=2, batch=2),
        )
        slow = "fake:slow=0.05,seats=4,turn=1"
        # what an engine on one machine answers three answer too; one that finds no machine is not waited for long
        monkeypatch.setattr("engine.driver.drive.START_SECONDS", 2.0)
        alone = config.model_copy(update={"engine": config.engine.model_copy(update={"replicas": 1})})
        calm, restarts = EXAMPLE["job"](alone, cluster, "calm", model=slow)
        assert restarts == 0
        assert {row["arm"] for row in calm} == {"ngrams", "pretrained", "icl", "finetuned+local"}
        assert all(row["unscored"] == 0 for row in calm)
        victim = next(iter(cluster.worker_nodes))
        rough, restarts = EXAMPLE["job"](config, cluster, "rough", victim, slow)
        assert restarts >= 1
        assert len(cluster.worker_nodes) == 1
    assert rough == calm
    told, again = (
        read_parts(tmp_path / name / "generations", {}).sort("request_id", "sample") for name in ("calm", "rough")
    )
    assert again.equals(told)
    assert told["error"].null_count() == told.height
    assert sorted(told["request_id"].unique()) == sorted(
        pl.read_parquet(tmp_path / "calm/requests.parquet")["request_id"]
    )
    assert not list(tmp_path.rglob(".seen-*")) + list(tmp_path.rglob(".merged-*"))
