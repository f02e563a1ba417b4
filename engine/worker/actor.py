"""The actor around one engine: a plain class, made remote by the pool, testable without Ray."""

import gc
import logging
import os
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl

from engine.config import EngineConfig
from engine.store.parts import write_part
from engine.store.places import Place, told
from engine.store.retries import patiently
from engine.store.tables import read_table
from engine.tasks.base import Answer, Call, Lease
from engine.tasks.registry import TASKS
from engine.worker.address_engine import AddressEngine
from engine.worker.backend import Backend
from engine.worker.fake_engine import FakeEngine
from engine.worker.logs import explained
from engine.worker.self_check import self_check
from engine.worker.vllm_engine import VllmEngine

THREADS = 4
"""Shards and parts that are read and written at a time, while the engine works on others."""


@dataclass
class Status:
    """What an actor did since it was last asked; counts are sums, tokens are the engine's own."""

    finished: dict[str, int] = field(default_factory=dict)
    """Leases whose part is written, with the rows in it."""
    counted: dict[str, int] = field(default_factory=dict)
    """The counted rows, by lease."""
    seconds: float = 0.0
    """Time at work."""
    rows: int = 0
    errors: int = 0
    """Rows of finished leases that hold an error."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0

    def add(self, other: "Status") -> None:
        """Add another's counts."""
        self.rows += other.rows
        self.errors += other.errors
        self.prompt_tokens += other.prompt_tokens
        self.cached_tokens += other.cached_tokens
        self.output_tokens += other.output_tokens

    def count(self, lease: str, rows: int) -> None:
        """Count rows of a lease that have their result."""
        self.rows += rows
        self.counted[lease] = self.counted.get(lease, 0) + rows


def make_backend(model: str, config: EngineConfig) -> Backend:
    """The engine that the config asks for."""
    if config.kind == "fake":
        return FakeEngine(model, config)
    if config.kind == "openai":
        return AddressEngine(model, config)
    return VllmEngine(model, config)


class EngineActor:
    """Holds an engine and works on leases; the next lease is given before the current one drains."""

    def __init__(self, model: str, config: EngineConfig):
        logging.getLogger("vllm").setLevel(os.environ.get("FORETHOUGHT_ENGINE_LOG", "WARNING"))
        try:
            self.backend = make_backend(model, config)
            if self.backend.tokenizer is not None:
                self_check(self.backend)
        except RuntimeError as error:
            raise explained(error) from error
        gc.collect()
        gc.freeze()  # what has been loaded stays: the collector need not walk through it again and again
        self.files = ThreadPoolExecutor(THREADS, "files")
        self.queue: deque[tuple[str, str, Future[pl.DataFrame], Place]] = deque()
        self.leases: dict[str, tuple[Lease, Place]] = {}
        self.writing: dict[str, tuple[Future[None], pl.DataFrame]] = {}
        """Parts of leases that are done, until `work` has reported them."""
        self.in_flight: dict[str, str] = {}
        self.status = Status()

    def ready(self) -> dict[str, Any]:
        """Facts about the engine, once it has started."""
        backend = self.backend
        return {
            "max_model_len": backend.max_model_len,
            "longest": backend.longest,
            "capacity": backend.capacity,
            "pid": os.getpid(),
        }

    def give(self, task: str, name: str, shard: Place, out: Place) -> None:
        """Queue the shard file `shard` as a lease, and begin to read it; results become part `name` of the folder `out`."""
        self.queue.append((task, name, self.files.submit(_read, shard), out))

    def work(self, seconds: float) -> Status:
        """Run the engine for about that long, or until there is room for a lease; returns what happened."""
        started = time.monotonic()
        while time.monotonic() < started + seconds:
            self._fill()
            self._write()
            if self.status.finished and not self.queue:
                break
            if self.in_flight:
                for answer in self._step():
                    name = self.in_flight.pop(answer.key)
                    self._take(name, answer)
                    self.status.prompt_tokens += answer.prompt_tokens
                    self.status.cached_tokens += answer.cached_tokens
                    self.status.output_tokens += answer.output_tokens
            elif left := [future for future, _ in self.writing.values() if not future.done()]:
                wait(left, max(0.0, started + seconds - time.monotonic()), FIRST_COMPLETED)
            else:
                break
        self._write()
        status, self.status = self.status, Status()
        for name in status.finished:
            del self.writing[name]
        status.seconds = time.monotonic() - started
        return status

    def _step(self) -> list[Answer]:
        try:
            return self.backend.step()
        except Exception as error:
            raise explained(error) from error

    def _take(self, name: str, answer: Answer) -> None:
        lease, _ = self.leases[name]
        before = lease.rows_done
        lease.take(answer)
        self.status.count(name, lease.rows_done - before)

    def _fill(self) -> None:
        """Keep the engine full, opening the next lease when the open ones have nothing to send."""
        while len(self.in_flight) < self.backend.capacity:
            call = self._next_call()
            if call is not None:
                self._send(*call)
            elif self.queue:
                task, name, rows, out = self.queue.popleft()
                lease = TASKS[task].lease(rows.result(), self.backend.tokenizer, self.backend.max_model_len, name)
                self.leases[name] = (lease, out)
                self.status.count(name, lease.rows_done)
            else:
                return

    def _next_call(self) -> tuple[str, Call] | None:
        for name, (lease, _) in self.leases.items():
            call = lease.next_call()
            if call is not None:
                return name, call
        return None

    def _send(self, name: str, call: Call) -> None:
        self.in_flight[call.key] = name
        try:
            self.backend.add(call)
        except ValueError as error:  # the engine refuses this one; the others go on
            del self.in_flight[call.key]
            self._take(name, Answer(call.key, prompt_tokens=len(call.ids), error=" ".join(str(error).split())))

    def _write(self) -> None:
        """Begin to write the parts of leases that are done, and report those that are written; the driver then makes them visible."""
        for name in [n for n, (lease, _) in self.leases.items() if lease.done]:
            lease, out = self.leases.pop(name)
            table = lease.table()
            self.writing[name] = self.files.submit(write_part, out, name, table), table
        for name, (future, table) in self.writing.items():
            if future.done() and name not in self.status.finished:
                future.result()
                self.status.finished[name] = table.height
                self.status.errors += table.height - table["error"].null_count()

    def salvage(self) -> dict[str, pl.DataFrame]:
        """What leases have results for that nobody was told of, by name, where the work ends before they are done."""
        found = {name: lease.table() for name, (lease, _) in self.leases.items()}
        found |= {name: table for name, (_, table) in self.writing.items()}
        return {name: table for name, table in found.items() if table.height}

    def load(self, model: str) -> None:
        """Swap the engine's weights."""
        self.backend.load(model)

    def close(self) -> None:
        """Stop the engine."""
        self.files.shutdown(cancel_futures=True)
        self.backend.close()


def _read(shard: Place) -> pl.DataFrame:
    with told("read", shard, "see to its storage, then run again: what is finished is kept"):
        return patiently(partial(read_table, shard))
