"""The same work by our pool and by each peer, and the ratio of their rates."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from engine.bench.peers import PEERS
from engine.config import EngineConfig
from engine.pool import EnginePool
from engine.worker.actor import Status

SAMPLE_TOKENS = 120_000
"""A peer that computes every context again gets about this many tokens of work per repeat, and the JSON says so."""
PEER_SECONDS = 1200
"""After this long a peer is stopped."""


@dataclass
class Ours:
    """What the pool did: median seconds of a repeat, seconds of its start, the engines' counts and the results."""

    seconds: float
    start: float
    count: int
    status: Status
    tables: list[pl.DataFrame]

    def rate(self) -> dict[str, float]:
        """As in the JSON."""
        return {"seconds": self.seconds, "per_second": self.count / self.seconds, "start_seconds": self.start}


def run_ours(
    job: Callable[[EnginePool, Path, int], Any], model: str, config: EngineConfig, repeats: int, count: int
) -> Ours:
    """Time `job(pool, folder, number)` for each repeat, in one warm pool; each does `count` pieces of work."""
    seconds, status, tables = [], Status(), []
    with EnginePool(model, config, quiet=True) as pool, tempfile.TemporaryDirectory() as folder:
        warm = pl.DataFrame({"request_id": ["warm"], "prompt": ["zogo are more"], "sampling": ['{"max_tokens": 2}']})
        pool.generate(warm, Path(folder) / "warm")
        for number in range(repeats):
            started = time.monotonic()
            tables.append(job(pool, Path(folder) / str(number), number))
            seconds.append(time.monotonic() - started)
            status.add(pool.last)
        return Ours(statistics.median(seconds), pool.seconds["start"], count, status, tables)


def compare(
    what: str, plans: dict[str, Any], model: str, config: EngineConfig, work: Any, ours: Ours
) -> dict[str, Any]:
    """Run every peer on its plan, in a process of its own."""
    found: dict[str, Any] = {}
    for name, asked in plans.items():
        base = name if name in PEERS[what] else name.rsplit("_without", 1)[0]
        engine = {"max_lora_rank": 0, "kv_cache_gib": config.kv_cache_gib, "vllm": config.vllm}
        found[name] = _peer(what, base, asked | {"model": model, "engine": engine})
    ratio = {n: ours.rate()["per_second"] / p["per_second"] for n, p in found.items() if "per_second" in p}
    return {"work": work, "ours": ours.rate(), "peers": found, "ratio": ratio}


def _peer(what: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    sample = len((asked.get("prompts") or asked["pairs"])[0])
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "work.json", Path(folder) / "result.json"
        source.write_text(json.dumps(asked))
        command = [sys.executable, "-m", "engine.bench.peers", what, name, str(source), str(target)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PEER_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return {"error": f"not finished after {PEER_SECONDS} s", "sample": sample}
        if done.returncode or not target.exists():
            lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
            return {"error": f"exit status {done.returncode}: {lines[-1].strip()}", "sample": sample}
        result = json.loads(target.read_text())
    seconds = statistics.median(result["seconds"])
    rate = {"seconds": seconds, "per_second": sample / seconds, "start_seconds": result["start"], "sample": sample}
    return rate | ({"values": result["values"]} if what == "score" else {})
