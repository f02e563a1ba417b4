"""One finetuning as its driver sees it: what is there already, Ray Train with one worker or many, what came of it."""

import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from engine.cluster.shared import check_shared
from engine.cluster.start import attached, start_ray
from engine.config import EngineConfig
from engine.errors import UserError
from engine.models import resolve_model
from engine.store.tables import write_table
from train.config import TrainConfig
from train.sft.outputs import finished, merge, other_texts, trained_on
from train.sft.watch import FAILED
from train.sft.worker import train_worker


def train(
    model: str,
    examples: pl.DataFrame,
    config: TrainConfig,
    seed: int,
    out: Path,
    validation: pl.DataFrame | None = None,
) -> dict[str, Any]:
    """Finetune `model` on `examples` (text; prompt, with `loss` completion); a finished job is not repeated, an interrupted
    one goes on. With texts for `validation` it stops when the loss on them no longer falls, and the best weights stay.

    A job in the same folder that was trained on other texts is deleted. Raises UserError for settings that do not fit, a loss
    that diverges and too little memory. Returns the content of train.json.

    The loss counts on the whole text: reversal by training works only where a name is itself a target
    (2604.04943 in the project's reading list).
    """
    out = out.absolute()
    if other_texts(out, examples):
        shutil.rmtree(out)
    if (done := finished(out)) is not None:
        return done
    write_table(out / "examples.parquet", trained_on(examples))
    loop = {"model": model, "data": str(out / "examples.parquet"), "out": str(out), "seed": seed, "config": config}
    if validation is not None:
        write_table(out / "validation.parquet", validation.select("text"))
        loop["validation"] = str(out / "validation.parquet")
    (out / FAILED).unlink(missing_ok=True)
    if config.workers:
        check_workers(config, out)
    os.environ.setdefault("RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS", "0")
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    logging.getLogger("ray.train").setLevel(logging.WARNING)
    gpu = config.gpu if config.gpu is not None else has_gpu()
    count: Any = (config.least_workers, config.workers) if config.least_workers else config.workers
    TorchTrainer(
        train_worker,
        train_loop_config=loop,
        scaling_config=ScalingConfig(
            num_workers=count, use_gpu=gpu, resources_per_worker={"CPU": config.cpus, "GPU": int(gpu)}
        ),
        torch_config=TorchConfig(backend="nccl" if gpu else "gloo"),
        run_config=RunConfig(storage_path=str(out / "ray"), failure_config=FailureConfig(config.max_failures)),
    ).fit()
    if (out / FAILED).exists():
        raise UserError(json.loads((out / FAILED).read_text(encoding="utf-8"))["reason"])
    result = finished(out)
    if result is None:
        raise RuntimeError(f"training ended without a result in {out}")
    if config.merge and config.method == "lora":
        merge(resolve_model(model), out, out / "merged")
    return result


def check_workers(config: TrainConfig, out: Path) -> None:
    """Start Ray as engines do, or attach to the cluster of RAY_ADDRESS: Ray Train by itself would join any cluster that it
    finds on this machine. Raises UserError where a local Ray could never place the workers, or a machine does not see `out`.
    """
    import ray

    start_ray(EngineConfig())
    check_shared(out)
    asked, have = config.workers * config.cpus, ray.cluster_resources().get("CPU", 0)
    if asked > have and not attached():
        raise UserError(
            f"train.workers x train.cpus asks for {asked:g} CPUs and Ray has {have:g}: lower one of them, or set RAY_ADDRESS."
        )


def has_gpu() -> bool:
    """Whether PyTorch sees a CUDA device."""
    import torch

    return torch.cuda.is_available()
