"""`EnginePool`: engines in Ray actors, or a model at an address, fed with leases of sorted rows, resumed by id."""

import contextlib
import os
import time
from pathlib import Path
from typing import Any

import polars as pl

from engine.address import checked_address
from engine.cluster.shared import check_shared
from engine.cluster.start import on_gpu, start_ray
from engine.config import EngineConfig
from engine.driver.drive import Drive
from engine.driver.failures import EngineFailed
from engine.driver.fleet import Fleet
from engine.driver.here import DriveHere, Here
from engine.driver.progress import Progress
from engine.driver.resume import Origin, settle, stale
from engine.driver.rows import Rows
from engine.driver.schedule import Schedule
from engine.errors import UserError
from engine.fingerprint import fingerprint
from engine.store.owner import InUse, Owner, claim
from engine.store.parts import drop_errors, failed, finished, note, read_parts, sweep
from engine.store.places import Place, check_writable, place
from engine.tasks.registry import TASKS
from engine.worker.actor import Status

__all__ = ["EngineFailed", "EnginePool"]


class EnginePool:
    """Engines for one model, started when first needed and kept warm until the `with` block ends.

    `generate` and `score` read a table (or a Parquet file or folder) and write a folder of parts, local or at an
    fsspec URL; calling them again does only what is missing or was edited. `run` does the same without loading anything: for tables
    larger than memory. `last` counts what the engines did for the latest call; `seconds` adds up over all.
    """

    def __init__(self, model: str, config: EngineConfig | None = None, quiet: bool = False):
        self.config, self.quiet = config or EngineConfig(), quiet
        if self.config.kind == "openai":
            self.config = self.config.model_copy(update={"base_url": checked_address(self.config.base_url)})
        self.fleet: Fleet | Here = (Here if self.config.kind == "openai" else Fleet)(model, self.config)
        self.made: tuple[str, dict[str, Any]] | None = None
        self.last = Status()
        self.seconds: dict[str, float] = {"start": 0.0, "generate": 0.0, "score": 0.0}

    def __enter__(self) -> "EnginePool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def generate(self, requests: pl.DataFrame | Place, out: Place, label: str = "generate") -> pl.DataFrame:
        """Run the `requests` table; returns the `generations` table, one row per request and sample.

        A row needs request_id and either messages (JSON) or prompt; prefix_key, sampling and chat_template_kwargs (JSON), n, adapter are
        optional. Of `messages` what a model thinks before its answer is in `reasoning`, not in `text`.
        """
        self.run("generate", requests, out, label)
        return read_parts(out, TASKS["generate"].schema)

    def score(
        self, items: pl.DataFrame | Place, out: Place, label: str = "score", replace: bool = False
    ) -> pl.DataFrame:
        """Log-likelihoods of choices: rows of item_id, prefix (text that several share), stem, choices, adapter.

        Returns the `scores` table, one row per item and choice with its per-token values (natural logarithm).
        """
        self.run("score", items, out, label, replace)
        return read_parts(out, TASKS["score"].schema)

    def run(self, task: str, rows: pl.DataFrame | Place, out: Place, label: str = "", replace: bool = False) -> None:
        """Do what is missing of the work (`generate` or `score`); read the results with `store.stream_parts(out)`.

        Of rows given as a path or URL, the driver holds only ids and sort keys. Rows that were edited under their id are
        done again; what another model or other settings made is refused, or done again with `replace`. Raises UserError
        where another driver works in `out`.
        """
        out, rows = place(out), rows if isinstance(rows, pl.DataFrame) else place(rows)
        self.last = Status()
        fresh = isinstance(out, Path) and not out.exists()
        try:
            owner = claim(out)
        except InUse:
            raise
        except UserError:  # the folder cannot be written: that is enough where all is finished
            if self._left(task, rows, out, replace).left:
                raise
            return
        try:
            if self.config.retry_errors:
                drop_errors(out, TASKS[task].key)
            with contextlib.closing(self._left(task, rows, out, replace)) as left:
                if left.left:
                    sweep(out)
                    self._work(task, left, out, label, owner)
        finally:
            with contextlib.suppress(UserError):  # what is left over is no reason to fail: the next owner sweeps too
                owner.check()
                sweep(out)
                note(out)
            owner.release()
            if fresh and isinstance(out, Path):
                with contextlib.suppress(OSError):  # work that was refused leaves no empty folder behind
                    out.rmdir()

    def foresee(self, task: str, rows: pl.DataFrame | Place, out: Place, replace: bool = False) -> Rows:
        """The rows that `run` would do now, for whoever closes them; starts and changes nothing. Raises as `run` does."""
        self._check(task)
        out, rows = place(out), rows if isinstance(rows, pl.DataFrame) else place(rows)
        again = [stale(rows, TASKS[task], out, self._origin(), replace).ids]
        if self.config.retry_errors:
            again.append(failed(out, TASKS[task].key))
        have = finished(out, TASKS[task].key).filter(~pl.col(TASKS[task].key).is_in(pl.concat(again).implode()))
        left = Rows(rows, TASKS[task], have)
        if left.left:
            check_writable(out)
            self.fleet.serve(left.adapters())
        return left

    def load(self, model: str, known: str | None = None) -> None:
        """Go on with the full weights of another model of the same architecture, in the engines that are warm.

        Raises UserError where the two are not built alike. What a folder holds is told apart by the weights that are in
        place; `known` names weights that are made anew each time, as merged ones, and would not be equal to the last bit.
        """
        self.fleet.load(model)
        self.made = fingerprint(self.fleet.model, self.config, known)

    def connect(self) -> None:
        """Connect to the cluster that is named, if one is, so that what comes before the engines' work is done there too (`spread`).

        Where it does not answer nothing happens: perhaps no engine is needed, and else their start says so.
        """
        if isinstance(self.fleet, Fleet) and (self.config.address or "RAY_ADDRESS" in os.environ):
            with contextlib.suppress(UserError):
                start_ray(self.config)

    def mark(self) -> str:
        """16 hex digits for the model and the settings that results are computed from now."""
        return self._origin().mark

    def on_gpu(self) -> bool:
        """Whether engines run on GPUs; of a cluster that is asked, of this machine only where Ray runs already."""
        return on_gpu(self.config)

    def close(self) -> None:
        """Stop the engines."""
        self.fleet.close()

    def _origin(self) -> Origin:
        """What results are computed from now; files that change under engines that run do not change these."""
        if not self.made or not (self.fleet.actors or self.fleet.model != self.fleet.built):
            self.made = fingerprint(self.fleet.model, self.config)
        return Origin(*self.made)

    def _check(self, task: str) -> None:
        if task == "score" and self.config.kind == "openai":
            raise UserError(
                f"{self.config.base_url} gives no log-likelihoods of texts: score with your own model (--model), or turn off "
                "what asks for them (augment.verify.entailment false)."
            )

    def _left(self, task: str, rows: pl.DataFrame | Place, out: Place, replace: bool) -> Rows:
        """The rows that `out` does not have; edited ones are taken out of it."""
        self._check(task)
        settle(rows, TASKS[task], out, self._origin(), replace)
        return Rows(rows, TASKS[task], finished(out, TASKS[task].key))

    def _work(self, task: str, left: Rows, out: Place, label: str, owner: Owner) -> None:
        self.fleet.serve(left.adapters())
        if not self.fleet.actors:
            self._start(out)
        started, origin = time.monotonic(), self._origin()
        origin.record(out)
        schedule = Schedule(left, out, self.config.shard_rows, self.config.replicas, origin)
        with Progress(label or task, left.total, left.total - left.calls, quiet=self.quiet) as progress:
            drive: Drive | DriveHere
            if isinstance(self.fleet, Here):
                drive = DriveHere(self.fleet, task, schedule, out, progress, owner)
            else:
                drive = Drive(self.fleet, task, schedule, out, progress, owner)
            self.last = drive.books.counts
            try:
                drive.run()
            except BaseException:
                self.fleet.kill()  # what they hold belongs to this call
                raise
        self.seconds[task] += time.monotonic() - started

    def _start(self, out: Place) -> None:
        started = time.monotonic()
        if isinstance(self.fleet, Fleet):
            start_ray(self.config)
            check_shared(out)
        self.fleet.start()
        self.seconds["start"] += time.monotonic() - started
