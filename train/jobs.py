"""Independent finetuning jobs side by side: as Ray tasks, as many at a time as there are cores or GPUs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from engine.errors import UserError
from train.config import TrainConfig
from train.sft import has_gpu, train


@dataclass(frozen=True)
class TrainJob:
    """One arm and seed."""

    name: str
    model: str
    examples: pl.DataFrame
    seed: int
    out: Path


def train_many(jobs: list[TrainJob], config: TrainConfig) -> Iterator[tuple[TrainJob, dict[str, Any]]]:
    """Run the jobs and yield each with its result when it is done; a job whose process dies is restarted from its checkpoint.

    With `config.workers` each job spreads over workers of its own, so jobs run one after another. Ray must be running.
    """
    if config.workers:
        for job in jobs:
            yield job, train(job.model, job.examples, config, job.seed, job.out)
        return
    import ray

    gpu = config.gpu if config.gpu is not None else has_gpu()
    plain: Any = train
    remote = ray.remote(plain).options(num_cpus=config.cpus, num_gpus=1 if gpu else 0, max_retries=config.max_failures)
    running = {remote.remote(job.model, job.examples, config, job.seed, job.out): job for job in jobs}
    while running:
        done, _ = ray.wait(list(running))
        job = running.pop(done[0])
        try:
            result = ray.get(done[0])
        except ray.exceptions.RayTaskError as error:
            for reference in running:
                ray.cancel(reference, force=True)
            if isinstance(error.cause, UserError):
                raise UserError(str(error.cause)) from None
            raise
        yield job, result
