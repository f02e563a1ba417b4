"""Which shard an engine gets next, and what becomes of the shards of an engine that died. Pure logic but for files."""

import math
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from engine.driver.resume import Origin
from engine.driver.rows import Rows, shard_size
from engine.store.ids import content_id
from engine.store.parts import in_threads
from engine.store.places import Place, join
from engine.store.retries import patiently
from engine.store.tables import read_table, write_table

SINGLY = 32
"""Suspect shards of up to this many rows are split into single rows."""


@dataclass(slots=True)
class Shard:
    """A file of rows: one lease. `died`: an engine died while it held these rows. `suspect`: a second one did."""

    name: str
    path: Place
    rows: int
    calls: int
    origin: dict[str, str] = field(default_factory=dict)
    """What the manifest will say of it besides."""
    suspect: bool = False
    counted: int = 0
    died: bool = False


class Schedule:
    """Shards to hand out: cut from the rows as they are asked for, then suspects, each alone on its engine."""

    def __init__(self, rows: Rows, out: Place, shard_rows: int, engines: int, origin: Origin):
        self.rows, self.folder, self.origin = rows, join(out, "_shards"), origin
        self.shard_rows, self.engines = shard_rows, engines
        self.returned: deque[Shard] = deque()
        self.suspects: deque[Shard] = deque()
        self.unwritten = list[tuple[Place, pl.DataFrame]]()
        self.done_rows, self.seconds = 0, 0.0

    @property
    def empty(self) -> bool:
        """Whether all has been handed out."""
        return not (self.rows.left or self.returned or self.suspects)

    def next(self, held: Collection[Shard], capacity: int) -> Shard | None:
        """What an engine that holds `held` gets now, after `write`: two shards at least and enough calls to keep it full."""
        open_calls = sum(shard.calls - shard.counted for shard in held)
        if any(shard.suspect for shard in held) or (len(held) >= 2 and open_calls >= capacity):
            return None
        if self.returned:
            return self.returned.popleft()
        if self.rows.left:
            rate = self.done_rows / self.seconds if self.seconds else 0.0
            return self._cut(self.rows.take(shard_size(self.rows.left, self.engines, self.shard_rows, rate)))
        # alone, so that there is no doubt about what killed the engine
        return self.suspects.popleft() if self.suspects and not held else None

    def finished(self, shard: Shard) -> None:
        """Learn from a finished shard how quick rows are."""
        self.done_rows += shard.rows

    def lost(self, held: Collection[Shard]) -> None:
        """Take shards back whole: their engine's node is gone, which says nothing about the rows."""
        for shard in held:
            shard.counted = 0
        self.returned.extend(held)

    def died(self, held: Collection[Shard]) -> list[Shard]:
        """Take back the shards of an engine that died; returns those that are proven to kill, of one row each.

        A first death says little of the rows, so they come back whole. After a second one they are split and run alone, to
        find the row that kills.
        """
        proven = []
        for shard in held:
            if not (shard.died or shard.suspect):
                shard.died, shard.counted = True, 0
                self.returned.append(shard)
                continue
            if shard.rows == 1 and shard.suspect:
                proven.append(shard)
                continue
            rows = patiently(partial(read_table, shard.path))
            size = 1 if shard.rows <= SINGLY else math.isqrt(shard.rows - 1) + 1
            for start in range(0, shard.rows, size):
                self.suspects.append(self._cut(rows[start : start + size], suspect=True))
        return proven

    def write(self) -> None:
        """Write the files of the shards that were cut; at the same time, as each may be a call to an object store."""
        if self.unwritten:
            in_threads(lambda one: write_table(*one), self.unwritten)
            self.unwritten = []

    def _cut(self, rows: pl.DataFrame, suspect: bool = False) -> Shard:
        task = self.rows.task
        origin = self.origin.entry(rows, task)
        # the name depends on all that the results do: a part that a dead driver's engine writes too late replaces no other
        name = content_id(*rows[task.key], origin)
        shard = Shard(
            name,
            join(self.folder, f"{name}.parquet"),
            rows.height,
            int(rows.select(task.calls.sum()).item()),
            origin,
            suspect,
        )
        self.unwritten.append((shard.path, rows))
        return shard
