"""Independent finetuning jobs side by side: as Ray tasks, as many at a time as there are cores or GPUs."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.live import Live

from engine.errors import UserError
from train.config import TrainConfig
from train.sft.device import trains_on_gpu
from train.sft.folder import facts_of, result_of
from train.sft.job import train
from train.sft.outputs import finished
from train.sft.watch import progress_of

PAUSE = 15.0
"""Seconds between lines where there is no terminal."""


@dataclass(frozen=True)
class TrainJob:
    """One arm and seed."""

    name: str
    model: str
    examples: pl.DataFrame
    seed: int
    out: Path
    validation: pl.DataFrame | None = None


def train_many(
    jobs: list[TrainJob], config: TrainConfig, console: Console | None = None
) -> Iterator[tuple[TrainJob, dict[str, Any]]]:
    """Run the jobs and yield each with its result when it is done; a job whose process dies is restarted from its checkpoint.

    With `config.workers` each job spreads over workers of its own, so jobs run one after another. Ray must be running.
    What the jobs report goes to `console`.
    """
    with watched({job.name: job.out for job in jobs}, console):
        if config.workers:
            for job in jobs:
                yield job, train(job.model, job.examples, config, job.seed, job.out, job.validation)
            return
        yield from _side_by_side(jobs, config)


def done_already(job: TrainJob, config: TrainConfig) -> bool:
    """Whether a job's folder holds what it would leave."""
    return result_of(job.out, facts_of(job.model, job.examples, config, job.seed, job.validation)) is not None


def has_room(config: TrainConfig) -> bool:
    """Whether a training finds room in the running Ray beside the engines that hold a part of it."""
    import ray

    gpu = trains_on_gpu(config, cluster=True)
    free, workers = ray.available_resources(), max(1, config.workers)
    return free.get("CPU", 0) >= workers * config.cpus and (not gpu or free.get("GPU", 0) >= workers)


def _side_by_side(jobs: list[TrainJob], config: TrainConfig) -> Iterator[tuple[TrainJob, dict[str, Any]]]:
    import ray

    gpu = trains_on_gpu(config, cluster=True)
    config = config.model_copy(update={"gpu": gpu})  # Ray hides no cards from a task that asks for none
    plain: Any = train
    remote = ray.remote(plain).options(num_cpus=config.cpus, num_gpus=1 if gpu else 0, max_retries=config.max_failures)
    running = {
        remote.remote(job.model, job.examples, config, job.seed, job.out.absolute(), job.validation): job
        for job in jobs
    }
    while running:
        done, _ = ray.wait(list(running))
        job = running.pop(done[0])
        try:
            result = ray.get(done[0])
        except ray.exceptions.RayError as error:
            for reference in running:
                ray.cancel(reference, force=True)
            if isinstance(error, ray.exceptions.RayTaskError):
                if isinstance(error.cause, UserError):
                    raise UserError(f"{job.name}: {error.cause}") from None
                raise
            raise UserError(
                f"{job.name}: the training process was lost ({str(error).splitlines()[0]}), {config.max_failures + 1} times: "
                "check its memory, or raise train.max_failures; repeat the command to resume from the last checkpoint."
            ) from error
        yield job, result


@contextlib.contextmanager
def watched(jobs: dict[str, Path], console: Console | None) -> Iterator[None]:
    """Show what the jobs in these folders report, each on a line: live on a terminal, elsewhere every PAUSE seconds."""
    if console is None:
        yield
        return
    live = (
        Live(console=console, transient=True, auto_refresh=False, redirect_stderr=False)
        if console.is_terminal
        else None
    )
    stop = threading.Event()

    def show() -> None:
        due = time.monotonic() + PAUSE
        while not stop.wait(1.0):
            lines = report(jobs)
            if live:
                live.update("\n".join(lines), refresh=True)
            elif lines and time.monotonic() > due:
                due = time.monotonic() + PAUSE
                console.print("\n".join(lines), soft_wrap=True)

    thread = threading.Thread(target=show, daemon=True)
    with live or contextlib.nullcontext():
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def report(jobs: dict[str, Path]) -> list[str]:
    """A line for each job that has begun and is not finished."""
    found = {name: progress_of(out) for name, out in jobs.items() if not finished(out)}
    return [f"  {name}: {line}" for name, line in found.items() if line]
