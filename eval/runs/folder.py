"""A run's folder: the settings that it was opened with, seconds per stage, tables of all seeds."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.places import write_whole
from eval.benchmarks.base import Benchmark
from eval.config import RunConfig

SPEED = {"replicas", "cpus", "gpus", "address", "kv_cache_gib", "shard_rows", "max_restarts"}


def open_run(config: RunConfig) -> Path:
    """The run's folder with its config.json; raises UserError where it holds a run with other settings."""
    run = (config.out / config.name).absolute()
    text = config.model_dump_json(indent=2)
    path = run / "config.json"
    if path.exists():
        if _results_of(json.loads(path.read_text(encoding="utf-8"))) != _results_of(json.loads(text)):
            raise UserError(
                f"{config.out / config.name} holds a run with other settings: choose another --name or delete it."
            )
    elif run.exists() and any(run.iterdir()):
        raise UserError(f"{config.out / config.name} exists and is no run: choose another --name.")
    write_whole(path, text.encode())
    return run


def _results_of(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings without those that only say where and how fast the same work is done."""
    engine = {k: v for k, v in settings.get("engine", {}).items() if k not in SPEED}
    return settings | {"engine": engine}


class Clock:
    """Seconds per stage, kept in the run's folder so that an interrupted run adds up."""

    def __init__(self, run: Path):
        self.path = run / "seconds.json"
        self.seconds: dict[str, float] = json.loads(self.path.read_text()) if self.path.exists() else {}

    def add(self, stage: str, seconds: float) -> None:
        """Add to a stage."""
        self.seconds[stage] = round(self.seconds.get(stage, 0.0) + seconds, 2)
        write_whole(self.path, json.dumps(self.seconds).encode())

    def engine(
        self, pool: EnginePool, before: dict[str, float], stages: Mapping[str, str] | None = None
    ) -> dict[str, float]:
        """Add what a pool has spent since it had spent `before`, under other names if given; returns what it has now."""
        for stage, seconds in pool.seconds.items():
            self.add((stages or {}).get(stage, stage), seconds - before[stage])
        return dict(pool.seconds)


def stacked(tables: list[pl.DataFrame], worlds: dict[int, Benchmark]) -> pl.DataFrame:
    """One table of all seeds, with a column seed."""
    return pl.concat(
        t.with_columns(pl.lit(s, dtype=pl.Int64).alias("seed")) for s, t in zip(worlds, tables, strict=True)
    )
