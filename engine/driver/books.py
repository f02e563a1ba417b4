"""What engines report, entered where it counts: the manifest, the schedule, the sums, the progress."""

from collections.abc import Sequence

from engine.driver.progress import Progress
from engine.driver.schedule import Schedule, Shard
from engine.store.owner import Owner
from engine.store.parts import in_threads, write_entry
from engine.store.places import Place
from engine.worker.actor import Status


class Books:
    """Those of one call of `generate` or `score`."""

    def __init__(self, schedule: Schedule, out: Place, progress: Progress, owner: Owner):
        self.schedule, self.out, self.progress, self.owner = schedule, out, progress, owner
        self.counts = Status()
        """What the engines did in all."""

    def enter(self, reports: Sequence[tuple[dict[str, Shard], Status]]) -> None:
        """Enter what engines did with the shards that each holds; those that are finished are taken out of what it holds."""
        finished = [(held[name], rows) for held, status in reports for name, rows in status.finished.items()]
        if finished:
            self.owner.check()
            in_threads(self._entry, finished)
        for held, status in reports:
            for name, rows in status.counted.items():
                held[name].counted += rows
            for name in status.finished:
                self.schedule.finished(held.pop(name))
            self.schedule.seconds += status.seconds
            self.counts.add(status)
            self.progress.add(status)

    def _entry(self, finished: tuple[Shard, int]) -> None:
        shard, rows = finished
        write_entry(self.out, shard.name, rows, **shard.origin)
