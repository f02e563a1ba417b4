"""An engine pool without Ray: one actor in one process of its own, for a machine to which Ray was not carried.

The actor is the plain class that Ray would hold; `OnePool` has as much of `EnginePool` as `engine.bench` uses.
"""

import contextlib
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl

from engine.config import EngineConfig
from engine.models import check_model
from engine.store.parts import read_parts, write_entry
from engine.store.tables import write_table
from engine.tasks.registry import TASKS
from engine.worker.actor import EngineActor, Status

ACTOR: EngineActor | None = None
"""In the actor's process."""


def start(model: str, config: EngineConfig) -> None:
    """Make the actor of this process."""
    global ACTOR
    ACTOR = EngineActor(model, config)


def call(method: str, *arguments: Any) -> Any:
    """Call a method of the actor of this process."""
    return getattr(ACTOR, method)(*arguments)


def facts() -> dict[str, Any]:
    """How the actor's engine computes: what a report should name."""
    engine = getattr(ACTOR, "backend", None)
    config = getattr(getattr(engine, "engine", None), "vllm_config", None)
    return {
        "dtype": str(getattr(getattr(config, "model_config", None), "dtype", None)),
        "fixed_rows": getattr(engine, "fixed_rows", None),
        "v2_runner": bool(getattr(config, "use_v2_model_runner", False)),
        "attention": str(getattr(getattr(config, "attention_config", None), "backend", None)),
        "max_num_seqs": getattr(getattr(config, "scheduler_config", None), "max_num_seqs", None),
    }


class OnePool:
    """One actor. It is started by `ready` or by the first work, and its process ends with the `with` block."""

    def __init__(self, model: str, config: EngineConfig | None = None, quiet: bool = False):
        self.model, self.config = model, config or EngineConfig()
        if self.config.kind == "vllm":
            self.model = check_model(model)
        self.process: ProcessPoolExecutor | None = None
        self.last = Status()
        self.seconds: dict[str, float] = {"start": 0.0, "generate": 0.0, "score": 0.0}

    def __enter__(self) -> "OnePool":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            with contextlib.suppress(RuntimeError):  # a process that was killed, or an engine that is gone
                self.process.submit(call, "close").result()
            self.process.shutdown()
            self.process = None

    def ready(self) -> dict[str, Any]:
        """Start the actor where it has not been; its facts."""
        if self.process is None:
            began = time.monotonic()
            self.process = ProcessPoolExecutor(1, get_context("spawn"))
            self.process.submit(start, self.model, self.config).result()
            self.seconds["start"] += time.monotonic() - began
        return self.process.submit(call, "ready").result() | self.process.submit(facts).result()

    def generate(self, requests: pl.DataFrame, out: Path) -> pl.DataFrame:
        """As `EnginePool.generate`."""
        return self._run("generate", requests, out)

    def score(self, items: pl.DataFrame, out: Path) -> pl.DataFrame:
        """As `EnginePool.score`."""
        return self._run("score", items, out)

    def _run(self, kind: str, table: pl.DataFrame, out: Path) -> pl.DataFrame:
        """Give the actor all rows, in the order that shares context, and wait."""
        work, self.last = TASKS[kind], Status()
        self.ready()
        assert self.process
        began, rows = time.monotonic(), work.fill(table).sort(work.order)
        for number, begin in enumerate(range(0, rows.height, self.config.shard_rows)):
            shard = out / "_shards" / f"{number}.parquet"
            write_table(shard, rows[begin : begin + self.config.shard_rows])
            self.process.submit(call, "give", kind, str(number), shard, out).result()
        left = {str(number) for number in range(-(-rows.height // self.config.shard_rows))}
        while left:
            status: Status = self.process.submit(call, "work", 0.5).result()
            self.last.add(status)
            for name, count in status.finished.items():
                write_entry(out, name, count)
                left.remove(name)
        self.seconds[kind] += time.monotonic() - began
        return read_parts(out, work.schema)
