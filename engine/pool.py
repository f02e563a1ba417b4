"""`EnginePool`: engines in Ray actors, fed with leases of sorted rows, resumed by id."""

import contextlib
import time

import polars as pl

from engine.cluster.shared import check_shared
from engine.cluster.start import on_gpu, start_ray
from engine.config import EngineConfig
from engine.driver.drive import Drive
from engine.driver.failures import EngineFailed
from engine.driver.fleet import Fleet
from engine.driver.progress import Progress
from engine.driver.rows import Rows
from engine.driver.schedule import Schedule
from engine.store.parts import drop_errors, finished, read_parts
from engine.store.places import Place, join, place, remove
from engine.tasks.registry import TASKS
from engine.worker.actor import Status

__all__ = ["EngineFailed", "EnginePool"]


class EnginePool:
    """Engines for one model, started when first needed and kept warm until the `with` block ends.

    `generate` and `score` read a table (or a Parquet file or folder) and write a folder of parts, local or at an
    fsspec URL; calling them again does only what is missing. `run` does the same without loading anything: for tables
    larger than memory. `last` counts what the engines did for the latest call; `seconds` adds up over all.
    """

    def __init__(self, model: str, config: EngineConfig | None = None, quiet: bool = False):
        self.config, self.quiet = config or EngineConfig(), quiet
        self.fleet = Fleet(model, self.config)
        self.last = Status()
        self.seconds: dict[str, float] = {"start": 0.0, "generate": 0.0, "score": 0.0}

    def __enter__(self) -> "EnginePool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def generate(self, requests: pl.DataFrame | Place, out: Place, label: str = "generate") -> pl.DataFrame:
        """Run the `requests` table; returns the `generations` table, one row per request and sample.

        A row needs request_id and either messages (JSON) or prompt; prefix_key, sampling (JSON), n, adapter are optional.
        """
        self.run("generate", requests, out, label)
        return read_parts(out, TASKS["generate"].schema)

    def score(self, items: pl.DataFrame | Place, out: Place, label: str = "score") -> pl.DataFrame:
        """Log-likelihoods of choices: rows of item_id, prefix (text that several share), stem, choices, adapter.

        Returns the `scores` table, one row per item and choice with its per-token values (natural logarithm).
        """
        self.run("score", items, out, label)
        return read_parts(out, TASKS["score"].schema)

    def run(self, task: str, rows: pl.DataFrame | Place, out: Place, label: str = "") -> None:
        """Do what is missing of the work (`generate` or `score`); read the results with `store.stream_parts(out)`.

        Of rows given as a path or URL, the driver holds only ids and sort keys.
        """
        out, work = place(out), TASKS[task]
        self.last = Status()
        if self.config.retry_errors:
            drop_errors(out, work.key)
        left = Rows(rows if isinstance(rows, pl.DataFrame) else place(rows), work, finished(out, work.key))
        with contextlib.closing(left):
            if not left.left:
                return
            self.fleet.serve(left.adapters())
            remove(join(out, "_shards"))
            if not self.fleet.actors:
                self._start(out)
            started = time.monotonic()
            schedule = Schedule(left, out, self.config.shard_rows, self.config.replicas)
            with Progress(label or task, left.total, left.total - left.calls, quiet=self.quiet) as progress:
                drive = Drive(self.fleet, task, schedule, out, progress)
                self.last = drive.counts
                try:
                    drive.run()
                except BaseException:
                    self.fleet.kill()  # what they hold belongs to this call
                    raise
            remove(join(out, "_shards"))
            self.seconds[task] += time.monotonic() - started

    def load(self, model: str) -> None:
        """Go on with the full weights of another model of the same architecture, in the engines that are warm.

        Raises UserError where the two are not built alike. Results are told apart by their ids and folders alone, so
        score each model's items into its own.
        """
        self.fleet.load(model)

    def on_gpu(self) -> bool:
        """Whether engines run on GPUs; of a cluster that is asked, of this machine only where Ray runs already."""
        return on_gpu(self.config)

    def close(self) -> None:
        """Stop the engines."""
        self.fleet.close()

    def _start(self, out: Place) -> None:
        started = time.monotonic()
        start_ray(self.config)
        check_shared(out)
        self.fleet.start()
        self.seconds["start"] += time.monotonic() - started
