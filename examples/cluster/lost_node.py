"""The demo on three Ray nodes of this machine, undisturbed and with a node that is lost in the middle; are results the same?

    .venv/bin/python examples/cluster/lost_node.py [OUT]

Takes about twice as long as two demos: two engines share the cores of one. The nodes listen on localhost only. Both runs
stay in OUT (by default runs/lost-node) as `calm` and `rough`; the exit status is 0 where their results.json have the same rows.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from engine.cluster import only_localhost
from engine.pool import EnginePool
from engine.store import parts
from eval.cli import DEMO, read_yaml
from eval.config import RunConfig
from eval.run import run_job

PARTS = 2
"""The node goes when so many parts of the generations are written."""


def job(cluster: Any, out: Path, name: str, victim: Any = None) -> list[dict[str, Any]]:
    """The rows of results of a run, in the middle of whose generation `victim` is removed from the cluster."""
    config = RunConfig.model_validate(read_yaml(DEMO))
    # short leases, so that there is a middle
    engine = config.engine.model_copy(update={"address": cluster.address, "replicas": 2, "shard_rows": 64})
    config = config.model_copy(update={"name": name, "out": out, "engine": engine})

    def lose() -> None:
        while len(parts((out / name / "generations").absolute())) < PARTS:
            time.sleep(0.2)
        cluster.remove_node(victim, allow_graceful=False)
        print("a node is gone", file=sys.stderr)

    if victim:
        threading.Thread(target=lose, daemon=True).start()
    with EnginePool(config.model, engine) as pool:
        run = run_job(config, pool)
        print(f"{name}: {pool.restarts} engines died", file=sys.stderr)
    return json.loads((run / "results.json").read_text(encoding="utf-8"))["rows"]


def main() -> int:
    """Both runs; 0 where their results are the same."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/lost-node").absolute()
    os.environ.setdefault("RAY_worker_niceness", "0")
    import ray
    from ray.cluster_utils import Cluster

    with only_localhost():
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "node_ip_address": "127.0.0.1"})
        try:
            others = [cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1") for _ in range(2)]
            calm = job(cluster, out, "calm")
            rough = job(cluster, out, "rough", others[0])
        finally:
            ray.shutdown()
            cluster.shutdown()
    differing = [(a, b) for a, b in zip(calm, rough, strict=True) if a != b]
    for one, other in differing:
        print(f"calm {one}\nrough {other}")
    print(f"{len(calm)} rows of results, {len(differing)} of them differ")
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
