"""What engines report, entered where it counts: the manifest, the schedule, the sums, the progress."""

from engine.driver.progress import Progress
from engine.driver.schedule import Schedule, Shard
from engine.store.owner import Owner
from engine.store.parts import write_entry
from engine.store.places import Place
from engine.worker.actor import Status


class Books:
    """Those of one call of `generate` or `score`."""

    def __init__(self, schedule: Schedule, out: Place, progress: Progress, owner: Owner):
        self.schedule, self.out, self.progress, self.owner = schedule, out, progress, owner
        self.counts = Status()
        """What the engines did in all."""

    def enter(self, held: dict[str, Shard], status: Status) -> None:
        """Enter what an engine did with the shards that it holds; those that are finished are taken out of `held`."""
        for name, rows in status.counted.items():
            held[name].counted += rows
        for name, rows in status.finished.items():
            self.owner.check()
            write_entry(self.out, name, rows, **held[name].origin)
            self.schedule.finished(held.pop(name))
        self.schedule.seconds += status.seconds
        self.counts.add(status)
        self.progress.add(status)
