"""`forethought bench`: throughput, ours and the peers'."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from engine.bench.throughput import bench
from engine.config import EngineConfig, Settings
from eval.bench.arms import bench_arms
from eval.bench.train import bench_train
from train.config import TrainConfig


class Job(Settings):
    """Measure throughput on this machine."""

    what: Annotated[Literal["generate", "score", "train", "arms", "plane"], tyro.conf.Positional] = "score"
    """generate or score against the peers (extra `bench`); train against plain TRL; arms: trained and scored side by side
    against one after another; plane: rows through the pool with the fake engine."""
    json_file: Annotated[Path | None, tyro.conf.arg(name="json")] = None
    """Where to write the figures."""
    model: str = "pico"
    """The model."""
    rows: int | None = None
    """Prompts, questions, texts or (arms) facts; by default 1000, 100, 1000, 40 and, for plane, 20,000."""
    context: int | None = None
    """Words of a text that questions or prompts share; by default 4000 for score, none for generate."""
    peers: tuple[str, ...] | None = None
    """Peers to compare with, by default all: lm_eval and llm_generate for score; llm_generate, ray_data_llm and
    transformers for generate; trl for train; one_after_another for arms."""
    repeats: int = 3
    """Timings of each; the median counts."""
    engine: EngineConfig = EngineConfig()
    train: TrainConfig = TrainConfig()


def run(job: Job) -> None:
    """Measure, print and write the figures."""
    if job.what == "train":
        bench_train(job.model, job.train, job.repeats, job.rows, job.peers, job.json_file)
    elif job.what == "arms":
        bench_arms(job.model, job.engine, job.train, job.rows, job.peers, job.json_file)
    else:
        bench(job.what, job.model, job.engine, job.rows, job.context, job.repeats, job.peers, job.json_file)
