"""A run's folder: the settings that it was opened with, seconds per stage, tables of all seeds."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.owner import OWNED
from engine.store.parts import finished_rows
from engine.store.places import check_writable, write_whole
from eval.benchmarks.base import Benchmark
from eval.config import RunConfig

SPEED = {"replicas", "cpus", "gpus", "address", "kv_cache_gib", "shard_rows", "max_restarts"}
"""Settings of engines that only say where and how fast the same work is done."""
PRICES = {f"augment.prices.{name}" for name in ("prompt", "cached", "output")}
FREE = {"name", "out", "augment.decisions", *(f"engine.{name}" for name in SPEED), *PRICES}
"""Settings that may be others when a run goes on: its folder may have been moved, prices may have changed, and people may have decided
about inferences, after which arms with other examples are trained anew."""
GROWING = ("arms", "seeds")
"""Settings that may be given more."""


def open_run(config: RunConfig) -> Path:
    """The run's folder with its config.json; raises UserError as `check_run` does."""
    run = check_run(config)
    write_whole(run / "config.json", config.model_dump_json(indent=2).encode())
    return run


def check_run(config: RunConfig) -> Path:
    """The run's folder, in which nothing is written; raises UserError where it holds a run with other settings.

    A run may be moved, get more arms and seeds, and be opened by a version with more settings, which then had their defaults.
    """
    shown = config.out / config.name
    run, path = shown.absolute(), shown.absolute() / "config.json"
    if path.exists():
        if changed := changes(_read(path), config):
            more = f", and {len(changed) - 3} more" if len(changed) > 3 else ""
            raise UserError(
                f"{shown} holds a run with other settings: choose another --name or delete it ({'; '.join(changed[:3])}{more})."
            )
    elif run.exists() and (not run.is_dir() or any(inside.name != OWNED for inside in run.iterdir())):
        raise UserError(f"{shown} exists but is not a run: choose another --name.")
    check_writable(run)
    return run


def there(run: Path) -> str:
    """What a run's folder holds already, as a phrase."""
    folders = {found.parent for depth in ("*", "*/*") for found in run.glob(f"{depth}/_manifest")}
    told = [f"{finished_rows(folder):,} rows of {folder.relative_to(run)}" for folder in sorted(folders)]
    trained = len(list(run.glob("adapters/*/*/train.json")))
    told += [f"{trained} finished trainings"] if trained else []
    return ", ".join(told) or "nothing"


def changes(old: dict[str, Any], config: RunConfig) -> list[str]:
    """What differs between a run's settings and new ones so that its results could not be these, a phrase each."""
    default, new = (one.model_dump(mode="json") for one in (type(config)(), config))
    was, now = _flat(default) | _flat(old), _flat(new)
    told = []
    for name in dict.fromkeys((*now, *was)):
        before, after = was.get(name), now.get(name)
        grown = name in GROWING and isinstance(before, list) and set(before) <= set(after or ())
        grown |= name == "adapter" and before is None  # it brings an arm
        if before != after and name not in FREE and not grown:
            told.append(f"{name} was {_told(before)} and is {_told(after)}")
    return told


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings under dotted names."""
    found = dict[str, Any]()
    for name, value in settings.items():
        found |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return found


def _told(value: Any) -> str:
    return "none" if value is None else " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _read(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is not valid JSON ({error}): delete it or choose another --name.") from error
    if not isinstance(settings, dict):
        raise UserError(f"{path} holds no settings: delete it or choose another --name.")
    return settings


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
