"""An engine in the driver's own process, for what needs no machine: a model at an address. Without Ray."""

from collections.abc import Iterable

from engine.config import EngineConfig
from engine.driver.books import Books
from engine.driver.failures import EngineFailed
from engine.driver.progress import Progress
from engine.driver.schedule import Schedule, Shard
from engine.errors import UserError
from engine.store.owner import Owner
from engine.store.parts import commit_part
from engine.store.places import Place
from engine.worker.actor import EngineActor
from engine.worker.address_engine import AddressGone

WORK_SECONDS = 0.5
"""The engine reports at least that often."""


class Here:
    """Stands in the place of a `Fleet`: one engine, which does not die before its process does."""

    def __init__(self, model: str, config: EngineConfig):
        self.model = self.built = model
        self.config = config
        self.actors: list[EngineActor] = []
        self.restarts = 0

    def serve(self, adapters: Iterable[str]) -> None:
        """Raise UserError where rows name adapters."""
        if named := next(iter(adapters), None):
            raise UserError(
                f"{self.config.base_url} cannot serve the adapter {named}: make the server offer it under its own name."
            )

    def start(self) -> None:
        """Make the engine; raises UserError where the address does not serve the model or take the key."""
        self.actors = [EngineActor(self.model, self.config)]

    def load(self, model: str) -> None:
        """An address keeps its weights; raises UserError."""
        raise UserError(f"{self.config.base_url} serves {self.model} and cannot be given the weights of {model}.")

    def kill(self) -> None:
        """Give up what is in flight."""
        for actor in self.actors:
            actor.close()
        self.actors = []

    close = kill


class DriveHere:
    """One call of `generate` on such an engine: runs until every row that was left is committed."""

    def __init__(self, fleet: Here, task: str, schedule: Schedule, out: Place, progress: Progress, owner: Owner):
        self.actor, self.task, self.schedule, self.out = fleet.actors[0], task, schedule, out
        self.books = Books(schedule, out, progress, owner)
        self.held = dict[str, Shard]()

    def run(self) -> None:
        """Work until nothing is left; raises EngineFailed or UserError. Answers that are there then are kept."""
        capacity = self.actor.backend.capacity
        try:
            while not self.schedule.empty or self.held:
                given = list[Shard]()
                while shard := self.schedule.next(self.held.values(), capacity):
                    self.held[shard.name] = shard
                    given.append(shard)
                self.schedule.write()
                for shard in given:
                    self.actor.give(self.task, shard.name, shard.path, self.out)
                self.books.enter([(self.held, self.actor.work(WORK_SECONDS))])
        except AddressGone as error:
            self._keep()
            raise EngineFailed(f"{error}; what is finished is kept: run again to go on.") from None
        except (UserError, KeyboardInterrupt):
            self._keep()
            raise

    def _keep(self) -> None:
        """Commit what leases in progress have results for: answers of an address may have been paid for."""
        for name, table in self.actor.salvage().items():
            self.books.owner.check()
            commit_part(self.out, name, table, **self.held[name].origin)
