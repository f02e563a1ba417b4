"""`EnginePool`: engines in Ray actors, fed with leases of sorted rows, resumed by id."""

import contextlib
import logging
import os
import shutil
import time
from collections import deque
from pathlib import Path
from typing import Any

import polars as pl

from engine.actor import EngineActor, Status
from engine.config import EngineConfig
from engine.errors import UserError
from engine.progress import Progress
from engine.store import GENERATIONS, SCORES, content_id, finished_ids, read_parts, write_table

FORWARDED = (
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "HF_TOKEN",
    "VLLM_CPU_KVCACHE_SPACE",
    "VLLM_CPU_OMP_THREADS_BIND",
    "CUDA_HOME",
)
"""The only environment variables that reach workers from the driver's environment."""
REQUEST_DEFAULTS: dict[str, pl.Expr] = {
    "prefix_key": pl.lit(""),
    "messages": pl.lit(None, dtype=pl.String),
    "prompt": pl.lit(None, dtype=pl.String),
    "sampling": pl.lit("{}"),
    "n": pl.lit(1),
    "adapter": pl.lit(None, dtype=pl.String),
}
ITEM_DEFAULTS: dict[str, pl.Expr] = {"prefix": pl.lit(""), "adapter": pl.lit(None, dtype=pl.String)}


class EngineFailed(RuntimeError):
    """Engines died more often than allowed; finished rows are kept and the message holds the last cause."""


def start_ray(config: EngineConfig) -> None:
    """Attach to the cluster named by the config or RAY_ADDRESS, else start one that listens on localhost only."""
    import ray

    if ray.is_initialized():
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray starts workers at niceness 15: beside anything else that computes, an engine would take many times as long
    os.environ.setdefault("RAY_worker_niceness", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    environment = {name: os.environ[name] for name in FORWARDED if name in os.environ}
    environment |= {"TOKENIZERS_PARALLELISM": "true", "RAY_USAGE_STATS_ENABLED": "0", "VLLM_NO_USAGE_STATS": "1"}
    environment.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": True}
    address = config.address or os.environ.get("RAY_ADDRESS")
    try:
        if address:
            import augment
            import engine
            import eval as evaluation
            import train

            modules = [engine, augment, train, evaluation]
            ray.init(address=address, runtime_env={"env_vars": environment, "py_modules": modules}, **options)
            return
        # engines idle while arms train and the other way round, so a local Ray counts the cores for both
        cpus = (os.cpu_count() or 1) + int(config.replicas * config.cpus)
        ray.init(
            address="local",
            num_cpus=cpus,
            include_dashboard=False,
            _node_ip_address="127.0.0.1",
            runtime_env={"env_vars": environment},
            **options,
        )
    except ConnectionError as error:
        raise UserError(f"No Ray cluster answers at {address}: start one or leave engine.address out.") from error


class EnginePool:
    """Engines for one model, started when first needed and kept warm until the `with` block ends.

    `generate` and `score` read a table (or a Parquet file or folder) and write a folder of parts; calling them again
    does only what is missing. `last` counts what the engines did for the latest call; `seconds` adds up over all.
    """

    def __init__(self, model: str, config: EngineConfig | None = None, quiet: bool = False):
        self.model, self.config, self.quiet = model, config or EngineConfig(), quiet
        self.actors: list[Any] = []
        self.restarts = 0
        self.last = Status()
        self.seconds: dict[str, float] = {"start": 0.0, "generate": 0.0, "score": 0.0}
        if self.config.kind == "vllm":
            from engine.vllm_engine import resolve_model

            self.model = resolve_model(model)

    def __enter__(self) -> "EnginePool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def generate(self, requests: pl.DataFrame | Path, out: Path, label: str = "generate") -> pl.DataFrame:
        """Run the `requests` table; returns the `generations` table, one row per request and sample.

        A row needs request_id and either messages (JSON) or prompt; prefix_key, sampling (JSON), n, adapter are optional.
        """
        rows = self._fill(_table(requests), REQUEST_DEFAULTS, ("request_id",), "prompt or messages")
        self._run("generate", rows, "request_id", ["prefix_key", "request_id"], out, int(rows["n"].sum()), label)
        return read_parts(out, GENERATIONS)

    def score(self, items: pl.DataFrame | Path, out: Path, label: str = "score") -> pl.DataFrame:
        """Log-likelihoods of choices: rows of item_id, prefix (text that several share), stem, choices, adapter.

        Returns the `scores` table, one row per item and choice with its per-token values (natural logarithm).
        """
        rows = self._fill(_table(items), ITEM_DEFAULTS, ("item_id", "stem", "choices"), "stem and choices")
        total = int(rows["choices"].list.len().sum())
        self._run("score", rows, "item_id", ["adapter", "prefix", "item_id"], out, total, label)
        return read_parts(out, SCORES)

    def close(self) -> None:
        """Stop the engines, in order, so that nothing is printed."""
        if not self.actors:
            return
        import ray

        for actor in self.actors:
            with contextlib.suppress(ray.exceptions.RayError):
                ray.get(actor.close.remote(), timeout=20)
            ray.kill(actor)
        self.actors = []

    def _fill(
        self, rows: pl.DataFrame, defaults: dict[str, pl.Expr], needed: tuple[str, ...], what: str
    ) -> pl.DataFrame:
        missing = [c for c in needed if c not in rows.columns]
        if missing:
            raise UserError(f"The table lacks {', '.join(missing)}; it has {', '.join(rows.columns)} and needs {what}.")
        return rows.with_columns(expression.alias(n) for n, expression in defaults.items() if n not in rows.columns)

    def _start(self, count: int) -> None:
        import ray

        started = time.monotonic()
        start_ray(self.config)
        gpus = self.config.gpus
        if gpus is None:
            gpus = 1.0 if self.config.kind == "vllm" and ray.cluster_resources().get("GPU", 0) else 0.0
        have = ray.cluster_resources().get("CPU", 0)
        if len(self.actors) * self.config.cpus + count * self.config.cpus > have and not self.config.address:
            raise UserError(
                f"engine.replicas x engine.cpus asks for {self.config.replicas * self.config.cpus:g} CPUs and Ray has {have:g}: "
                "lower one of them."
            )
        # an engine on a CPU uses the cores that are there; Ray would otherwise pin it to one thread
        threads = max(1, len(os.sched_getaffinity(0)) // self.config.replicas)
        environment = {} if gpus else {"env_vars": {"OMP_NUM_THREADS": str(threads)}}
        plain: Any = EngineActor
        remote = ray.remote(plain).options(num_cpus=self.config.cpus, num_gpus=gpus, runtime_env=environment)
        new = [remote.remote(self.model, self.config) for _ in range(count)]
        self.actors += new
        try:
            ray.get([actor.ready.remote() for actor in new])
        except ray.exceptions.RayActorError as error:
            self.actors = []
            raise _cause(error) from None
        self.seconds["start"] += time.monotonic() - started

    def _run(
        self, kind: str, rows: pl.DataFrame, key: str, order: list[str], out: Path, total: int, label: str
    ) -> None:
        out = out.absolute()
        duplicated = rows.height - rows[key].n_unique()
        if duplicated:
            raise UserError(f"{duplicated} rows repeat a {key}; every {key} must be unique.")
        left = rows.join(finished_ids(out, key).to_frame(key), on=key, how="anti")
        if left.is_empty():
            return
        shards = self._shards(left.sort(order), key, out)
        if not self.actors:
            self._start(self.config.replicas)
        started = time.monotonic()
        counts = left["n"].sum() if kind == "generate" else left["choices"].list.len().sum()
        self.last = Status()
        with Progress(label, total, total - int(counts), quiet=self.quiet) as progress:
            self._drive(kind, shards, out, progress)
        shutil.rmtree(out / "_shards", ignore_errors=True)
        self.seconds[kind] += time.monotonic() - started

    def _shards(self, rows: pl.DataFrame, key: str, out: Path) -> deque[tuple[str, str]]:
        """Write the shard files; the first rows stay together because they share context."""
        shutil.rmtree(out / "_shards", ignore_errors=True)
        size = min(self.config.shard_rows, -(-rows.height // self.config.replicas))
        shards: deque[tuple[str, str]] = deque()
        for start in range(0, rows.height, size):
            shard = rows.slice(start, size)
            name = content_id(*shard[key])
            write_table(out / "_shards" / f"{name}.parquet", shard)
            shards.append((name, str(out / "_shards" / f"{name}.parquet")))
        return shards

    def _drive(self, kind: str, shards: deque[tuple[str, str]], out: Path, progress: Progress) -> None:
        """Hand out leases, two per actor, until all are committed; a dead actor's leases go back."""
        import ray

        held: dict[Any, dict[str, str]] = {actor: {} for actor in self.actors}
        pending: dict[Any, Any] = {}
        while shards or any(held.values()):
            for actor in list(held):
                while shards and len(held[actor]) < 2:
                    name, path = shards.popleft()
                    held[actor][name] = path
                    actor.give.remote(kind, name, path, str(out))
                if actor not in pending.values():
                    pending[actor.work.remote(0.5)] = actor
            done, _ = ray.wait(list(pending), timeout=5)
            for reference in done:
                actor = pending.pop(reference)
                try:
                    status = ray.get(reference)
                except ray.exceptions.RayError as error:
                    shards.extendleft(held.pop(actor).items())
                    pending = {r: a for r, a in pending.items() if a is not actor}
                    held[self._replace(actor, error)] = {}
                    continue
                for name in status.finished:
                    del held[actor][name]
                self.last.add(status)
                progress.add(status)

    def _replace(self, actor: Any, error: Exception) -> Any:
        """A new engine for a dead one, with back-off, or EngineFailed."""
        import ray

        self.actors.remove(actor)
        ray.kill(actor)
        if self.restarts >= self.config.max_restarts:
            raise EngineFailed(
                f"engines died {self.restarts + 1} times (engine.max_restarts is {self.config.max_restarts}); "
                f"finished rows are kept, run again to go on. Last cause: {_cause(error)}"
            )
        self.restarts += 1
        time.sleep(min(30, 2**self.restarts))
        self._start(1)
        return self.actors[-1]


def _table(rows: pl.DataFrame | Path) -> pl.DataFrame:
    return rows if isinstance(rows, pl.DataFrame) else pl.read_parquet(rows)


def _cause(error: BaseException) -> Exception:
    """The user's error inside Ray's, or a short EngineFailed."""
    text = str(error)
    inner = getattr(error, "cause", None)
    if isinstance(inner, UserError):
        return UserError(str(inner))
    if "UserError: " in text:
        return UserError(text.rsplit("UserError: ", 1)[1].strip())
    lines = [line for line in text.splitlines() if line.strip()]
    return EngineFailed(lines[-1].strip() if lines else type(error).__name__)
