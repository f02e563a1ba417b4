"""`EnginePool`: engines in Ray actors, fed with leases of sorted rows, resumed by id."""

import contextlib
import os
import time
from typing import Any

import polars as pl

from engine.cluster.start import FORWARDED, attached, check_shared, start_ray
from engine.config import EngineConfig
from engine.driver.drive import Drive, EngineFailed, cause_of
from engine.driver.progress import Progress
from engine.driver.rows import KINDS, Rows
from engine.driver.schedule import Schedule
from engine.errors import UserError
from engine.store.parts import drop_errors, finished, read_parts
from engine.store.places import Place, join, place, remove
from engine.worker.actor import EngineActor, Status

__all__ = ["FORWARDED", "EngineFailed", "EnginePool", "start_ray"]


class EnginePool:
    """Engines for one model, started when first needed and kept warm until the `with` block ends.

    `generate` and `score` read a table (or a Parquet file or folder) and write a folder of parts, local or at an
    fsspec URL; calling them again does only what is missing. `run` does the same without loading anything: for tables
    larger than memory. `last` counts what the engines did for the latest call; `seconds` adds up over all.
    """

    def __init__(self, model: str, config: EngineConfig | None = None, quiet: bool = False):
        self.model, self.config, self.quiet = model, config or EngineConfig(), quiet
        self.actors: list[Any] = []
        self.restarts = 0
        self.last = Status()
        self.seconds: dict[str, float] = {"start": 0.0, "generate": 0.0, "score": 0.0}
        if self.config.kind == "vllm":
            from engine.models import check_model

            self.model = check_model(model)
        self.built = self.model  # what `load` swaps in is built like it, and may be gone by the next swap

    def __enter__(self) -> "EnginePool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def generate(self, requests: pl.DataFrame | Place, out: Place, label: str = "generate") -> pl.DataFrame:
        """Run the `requests` table; returns the `generations` table, one row per request and sample.

        A row needs request_id and either messages (JSON) or prompt; prefix_key, sampling (JSON), n, adapter are optional.
        """
        self.run("generate", requests, out, label)
        return read_parts(out, KINDS["generate"].schema)

    def score(self, items: pl.DataFrame | Place, out: Place, label: str = "score") -> pl.DataFrame:
        """Log-likelihoods of choices: rows of item_id, prefix (text that several share), stem, choices, adapter.

        Returns the `scores` table, one row per item and choice with its per-token values (natural logarithm).
        """
        self.run("score", items, out, label)
        return read_parts(out, KINDS["score"].schema)

    def run(self, kind: str, rows: pl.DataFrame | Place, out: Place, label: str = "") -> None:
        """Do what is missing of the work (`generate` or `score`); read the results with `store.stream_parts(out)`.

        Of rows given as a path or URL, the driver holds only ids and sort keys.
        """
        out, work = place(out), KINDS[kind]
        self.last = Status()
        if self.config.retry_errors:
            drop_errors(out, work.key)
        left = Rows(rows if isinstance(rows, pl.DataFrame) else place(rows), work, finished(out, work.key))
        with contextlib.closing(left):
            if not left.left:
                return
            remove(join(out, "_shards"))
            if not self.actors:
                self._start(out)
            started = time.monotonic()
            schedule = Schedule(left, out, self.config.shard_rows, self.config.replicas)
            with Progress(label or kind, left.total, left.total - left.calls, quiet=self.quiet) as progress:
                try:
                    Drive(self, kind, schedule, out, progress).run()
                except BaseException:
                    self._kill()  # what they hold belongs to this call
                    raise
            remove(join(out, "_shards"))
            self.seconds[kind] += time.monotonic() - started

    def load(self, model: str) -> None:
        """Go on with the full weights of another model of the same architecture, in the engines that are warm.

        Raises UserError where the two are not built alike. Results are told apart by their ids and folders alone, so
        score each model's items into its own.
        """
        if self.config.kind == "vllm":
            from engine.models import check_alike, check_model

            model = check_model(model)
            check_alike(self.built, model)
        self.model = model
        if not self.actors:
            return
        import ray

        try:
            ray.get([actor.load.remote(model) for actor in self.actors])
        except ray.exceptions.RayError as error:
            self._kill()
            raise cause_of(error) from None

    def on_gpu(self) -> bool:
        """Whether engines run on GPUs; of a cluster that is asked, of this machine only where Ray runs already."""
        if self.config.gpus is not None or self.config.kind != "vllm":
            return bool(self.config.gpus)
        import ray

        from engine.models import has_gpu

        if not ray.is_initialized() and not self.config.address and "RAY_ADDRESS" not in os.environ:
            return has_gpu()
        start_ray(self.config)
        return bool(ray.cluster_resources().get("GPU", 0))

    def launch(self) -> Any:
        """One more actor, which starts its engine in the background."""
        import ray

        gpus = self.config.gpus if self.config.gpus is not None else float(self.on_gpu())
        # an engine on a CPU uses the cores that are there; Ray would otherwise pin it to one thread
        threads = max(1, len(os.sched_getaffinity(0)) // self.config.replicas)
        environment = {} if gpus else {"env_vars": {"OMP_NUM_THREADS": str(threads)}}
        plain: Any = EngineActor
        remote = ray.remote(plain).options(num_cpus=self.config.cpus, num_gpus=gpus, runtime_env=environment)
        self.actors.append(remote.remote(self.model, self.config))
        return self.actors[-1]

    def close(self) -> None:
        """Stop the engines, in order, so that nothing is printed."""
        if not self.actors:
            return
        import ray

        for actor in self.actors:
            with contextlib.suppress(ray.exceptions.RayError):
                ray.get(actor.close.remote(), timeout=20)
        self._kill()

    def _kill(self) -> None:
        import ray

        for actor in self.actors:
            ray.kill(actor)
        self.actors = []

    def _start(self, out: Place) -> None:
        """Start all engines and wait for them; one that cannot start ends the job with its reason.

        A cluster may have lost a machine, or may grow: there one engine is enough to begin with.
        """
        import ray

        started = time.monotonic()
        start_ray(self.config)
        check_shared(out)
        asked, have = self.config.replicas * self.config.cpus, ray.cluster_resources().get("CPU", 0)
        if asked > have and not attached():
            raise UserError(
                f"engine.replicas x engine.cpus asks for {asked:g} CPUs and Ray has {have:g}: lower one of them."
            )
        for _ in range(self.config.replicas):
            self.launch()
        try:
            starting = [actor.ready.remote() for actor in self.actors]
            ready, _ = ray.wait(starting, num_returns=1 if attached() else len(starting))
            ray.get(ready)
        except ray.exceptions.RayError as error:
            self._kill()
            raise cause_of(error) from None
        self.seconds["start"] += time.monotonic() - started
