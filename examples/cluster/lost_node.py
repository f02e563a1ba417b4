"""The demo on three Ray nodes of this machine, undisturbed and with a node that is lost in the middle; are results the same?

    .venv/bin/python examples/cluster/lost_node.py [OUT]

Takes about twice as long as two demos: two engines share the cores of one. The nodes listen on localhost only. Both runs
stay in OUT (by default runs/lost-node) as `calm` and `rough`; the exit status is 0 where an engine died and their results.json
have the same rows.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.cluster.start import only_localhost
from engine.pool import EnginePool
from engine.store.parts import parts
from eval.config import RunConfig
from eval.runs.run import run_job
from forethought.settings import read_yaml
from forethought.verbs.demo import PRESET

PARTS = 2
"""The node goes when so many parts of the generations are written."""


@contextmanager
def three_nodes(head_cpus: int = 0) -> Iterator[Any]:
    """A head and two more nodes with a processor each, as `ray.cluster_utils.Cluster`."""
    os.environ.setdefault("RAY_worker_niceness", "0")
    import ray
    from ray.cluster_utils import Cluster

    with only_localhost():
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": head_cpus, "node_ip_address": "127.0.0.1"})
        try:
            for _ in range(2):
                cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1")
            yield cluster
        finally:
            ray.shutdown()
            cluster.shutdown()


def job(
    config: RunConfig, cluster: Any, name: str, victim: Any = None, model: str = ""
) -> tuple[list[dict[str, Any]], int]:
    """The rows of results of a run, and how often an engine was replaced; `victim` is removed amid generation.

    `model` is what engines serve where that is not `config.model`: a fake one in tests.
    """
    config = config.model_copy(update={"name": name})
    made = (config.out / name / "generations").absolute()

    over = threading.Event()

    def lose() -> None:
        while len(parts(made)) < PARTS:
            if over.wait(0.02):
                return
        cluster.remove_node(victim, allow_graceful=False)
        print("a node is gone", file=sys.stderr)

    removal = threading.Thread(target=lose, daemon=True)
    with EnginePool(model or config.model, config.engine) as pool:
        if victim:
            removal.start()
        try:
            run = run_job(config, pool)
        finally:
            over.set()
        if victim:
            removal.join()
        return json.loads((run / "results.json").read_text(encoding="utf-8"))["rows"], pool.fleet.restarts


def main() -> int:
    """Both runs; 0 where their results are the same."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/lost-node").absolute()
    if (out / "calm").exists() or (out / "rough").exists():
        print(f"{out} has runs already, which would only be read: name another folder.", file=sys.stderr)
        return 2
    config = RunConfig.model_validate(read_yaml(PRESET))
    with three_nodes() as cluster:
        # short leases, so that there is a middle
        engine = config.engine.model_copy(update={"address": cluster.address, "replicas": 2, "shard_rows": 64})
        config = config.model_copy(update={"out": out, "engine": engine})
        calm, _ = job(config, cluster, "calm")
        rough, restarts = job(config, cluster, "rough", next(iter(cluster.worker_nodes)))
    differing = [(a, b) for a, b in zip(calm, rough, strict=True) if a != b]
    for one, other in differing:
        print(f"calm {one}\nrough {other}")
    print(f"{len(calm)} rows of results, {len(differing)} of them differ; engines replaced: {restarts}")
    return bool(differing) or not restarts


if __name__ == "__main__":
    sys.exit(main())
