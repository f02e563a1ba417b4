"""The loop that hands shards to engines, commits what they finish and outlives those that die."""

import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from engine.driver.books import Books
from engine.driver.failures import EngineFailed, NodeLost, cause_of
from engine.driver.fleet import LOAD_SECONDS, Fleet
from engine.driver.metrics import count, make_metrics, show
from engine.driver.progress import Progress
from engine.driver.schedule import Schedule, Shard
from engine.errors import UserError
from engine.store.owner import Owner
from engine.store.parts import commit_part
from engine.store.places import Place
from engine.store.retries import patiently
from engine.store.tables import read_table
from engine.worker.actor import Status

WORK_SECONDS = 0.5
"""An engine reports at least that often, or after the step that takes it over that."""
START_SECONDS = 10.0
"""How long an engine that runs may take to say what it can; the others begin without it then."""
HUNG_SECONDS = 900.0
"""An engine that reports nothing for so long hangs (a lost GPU, a stuck collective call): it is ended and its work done anew."""
REST_SECONDS = 2.0
"""How long after a second death without progress the next engine starts; after each further one, twice as long."""
TOTAL_RESTARTS = 10
"""Deaths in all that a job survives, in multiples of `max_restarts`."""


@dataclass(slots=True)
class Engine:
    """An actor, the shards that it holds and the call that it works on."""

    actor: Any
    pending: Any
    capacity: int = 0
    held: dict[str, Shard] = field(default_factory=dict)
    asked: float = field(default_factory=time.monotonic)
    """When the call was made."""


class Drive:
    """One call of `generate` or `score` on a fleet: runs until every row that was left is committed."""

    def __init__(self, fleet: Fleet, task: str, schedule: Schedule, out: Place, progress: Progress, owner: Owner):
        self.fleet, self.task, self.schedule, self.out, self.progress = fleet, task, schedule, out, progress
        self.owner = owner
        self.engines = [self._engine(actor) for actor in fleet.actors]
        missing = fleet.config.replicas - len(self.engines)
        self.due = [time.monotonic()] * missing
        """When engines are to be started in place of dead ones."""
        self.deaths = self.unproductive = 0
        self.books = Books(schedule, out, progress, owner)
        self.metrics = make_metrics()

    def run(self) -> None:
        """Work until nothing is left; raises EngineFailed or UserError."""
        try:
            self._work()
        finally:
            show(self.metrics, self.task, leases=0, engines=0)

    def _work(self) -> None:
        import ray

        # all together, or the first to answer would take what all could share
        ray.wait([e.pending for e in self.engines], num_returns=len(self.engines), timeout=START_SECONDS)
        while not self.schedule.empty or any(engine.held for engine in self.engines):
            self._start_due()
            self._hand_out()
            waiting = {engine.pending: engine for engine in self.engines if engine.pending is not None}
            pause = max(0.0, min([5.0, *(at - time.monotonic() for at in self.due)]))
            if not waiting:
                time.sleep(pause)
                continue
            ray.wait(list(waiting), timeout=pause)
            done, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=0)
            reports, dead = list[tuple[dict[str, Shard], Status]](), list[tuple[Engine, Exception]]()
            for reference in done:
                engine = waiting[reference]
                engine.pending = None
                try:
                    result = ray.get(reference)
                except ray.exceptions.RayError as error:
                    dead.append((engine, cause_of(error)))
                    continue
                if isinstance(result, Status):
                    reports.append((engine.held, result))
                else:  # the facts that a started engine gives
                    engine.capacity = result["capacity"]
            self._enter(reports)
            for engine, cause in dead:
                self._died(engine, cause)
            self._end_hung()
            self._show()
        for engine in list(self.engines):
            if not engine.capacity:  # it never started, for instance for want of a machine
                self._remove(engine)

    def _engine(self, actor: Any) -> Engine:
        return Engine(actor, actor.ready.remote())

    def _start_due(self) -> None:
        now = time.monotonic()
        for at in [at for at in self.due if at <= now]:
            self.due.remove(at)
            self.engines.append(self._engine(self.fleet.launch()))

    def _end_hung(self) -> None:
        """Give up engines that do not answer; one that only waits to start, where others work, may wait on."""
        works = any(engine.capacity for engine in self.engines)
        for engine in list(self.engines):
            most = HUNG_SECONDS if engine.capacity else LOAD_SECONDS
            if engine.pending is not None and (engine.capacity or not works) and time.monotonic() - engine.asked > most:
                self._died(engine, EngineFailed(f"it hung: no answer for {most:g} seconds"))

    def _hand_out(self) -> None:
        """Shards in turn, so that the last ones spread over all engines."""
        open_engines, given = [engine for engine in self.engines if engine.capacity], list[tuple[Engine, Shard]]()
        while open_engines:
            for engine in list(open_engines):
                shard = self.schedule.next(engine.held.values(), engine.capacity)
                if shard is None:
                    open_engines.remove(engine)
                    continue
                engine.held[shard.name] = shard
                given.append((engine, shard))
        self.schedule.write()
        for engine, shard in given:
            engine.actor.give.remote(self.task, shard.name, shard.path, self.out)
        for engine in self.engines:
            if engine.held and engine.pending is None:
                engine.pending, engine.asked = engine.actor.work.remote(WORK_SECONDS), time.monotonic()

    def _enter(self, reports: list[tuple[dict[str, Shard], Status]]) -> None:
        self.books.enter(reports)
        for _, status in reports:
            if status.rows:
                self.unproductive = 0
            tokens = {name: getattr(status, name) for name in ("prompt_tokens", "cached_tokens", "output_tokens")}
            count(self.metrics, self.task, rows=sum(status.finished.values()), errors=status.errors, **tokens)

    def _show(self) -> None:
        leases, ready = sum(len(e.held) for e in self.engines), sum(bool(e.capacity) for e in self.engines)
        left = self.progress.total - self.progress.done
        show(self.metrics, self.task, rows_left=left, leases=leases, engines=ready)

    def _died(self, engine: Engine, cause: Exception) -> None:
        """Find the row that kills, count the death and plan a new engine; raises where it is one too many."""
        self._remove(engine)
        if isinstance(cause, UserError):
            raise cause
        held = list(engine.held.values())
        self.progress.lost(sum(shard.counted for shard in held))
        if isinstance(cause, NodeLost):
            self.schedule.lost(held)
            held = []
        for shard in self.schedule.died(held):
            rows = patiently(partial(read_table, shard.path))
            table = self.schedule.rows.task.failed(rows, f"the engine died on this row: {cause}")
            self.owner.check()
            commit_part(self.out, shard.name, table, **shard.origin)
            self.progress.add(Status(rows=table.height))
            count(self.metrics, self.task, rows=table.height, errors=table.height)
        self.fleet.restarts += 1
        count(self.metrics, self.task, restarts=1)
        self.deaths += 1
        self.unproductive += 1
        most = self.fleet.config.max_restarts
        if self.unproductive > most or self.deaths > TOTAL_RESTARTS * most:
            raise EngineFailed(
                f"engines died {self.deaths} times, {self.unproductive} of them with no row finished in between "
                f"(engine.max_restarts is {most}, and {TOTAL_RESTARTS * most} in all); finished rows are kept, run again "
                f"to go on. Last cause: {cause}"
            )
        # at once after a death amid progress, later and later after others
        delay = 0.0 if self.unproductive == 1 else REST_SECONDS * min(16, 2 ** (self.unproductive - 2))
        self.due.append(time.monotonic() + delay)

    def _remove(self, engine: Engine) -> None:
        self.engines.remove(engine)
        self.fleet.remove(engine.actor)
