"""What Prometheus reads of a job on the node's own metrics page."""

import importlib.util
import re
import time
import urllib.request
from pathlib import Path

import polars as pl

from engine.config import EngineConfig
from engine.driver.metrics import exported
from engine.pool import EnginePool


def page() -> dict[str, float]:
    """Our values on the page of this node, by name, for the stage generate."""
    import ray

    (node,) = ray.nodes()
    url = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    found = re.findall(r'^(ray_forethought_\w+)\{.*stage="generate".*\} (\S+)$', text, re.MULTILINE)
    return {name: float(value) for name, value in found}


def exports() -> bool:
    """Whether Ray has what it needs to show metrics: its extra `default`, which the extra `cluster` brings."""
    return importlib.util.find_spec("opencensus") is not None


def test_the_page_has_the_counts_of_the_job(tmp_path: Path, monkeypatch, own_ray):
    monkeypatch.setenv("RAY_metrics_report_interval_ms", "500")
    prompts = [f"prompt {i}" for i in range(300)]
    prompts[7] = "POISON"
    table = pl.DataFrame({"request_id": [f"r{i}" for i in range(300)], "prompt": prompts})
    config = EngineConfig(kind="fake", replicas=2, cpus=0.5, shard_rows=50)
    with EnginePool("fake:die=POISON", config, quiet=True) as pool:
        done = pool.generate(table, tmp_path / "out")
        wanted = {
            "rows_total": done.height,
            "errors_total": 1,
            "restarts_total": pool.fleet.restarts,
            "prompt_tokens_total": pool.last.prompt_tokens,
            "output_tokens_total": pool.last.output_tokens,
            "rows_left": 0,
            "leases": 0,
            "engines": 0,
        }
        if not exports():  # then counting goes nowhere, and the job is as it would be
            assert done["error"].null_count() == 299
            return
        seen, patience = page(), time.monotonic() + 60
        while seen != {f"ray_forethought_{name}": float(value) for name, value in wanted.items()}:
            assert time.monotonic() < patience, seen
            time.sleep(0.5)
            seen = page()
        assert set(seen) < exported()  # the fake engine has no cache
        pool.generate(table, tmp_path / "out")  # nothing left: nothing counted
        time.sleep(1)
        assert page() == seen
