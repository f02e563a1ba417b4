"""One finetuning as its driver sees it: what is there already, Ray Train with one worker or many, what came of it."""

import json
import logging
import os
from pathlib import Path
from typing import Any

import polars as pl

from engine.cluster.shared import check_shared
from engine.cluster.start import attached, start_ray
from engine.config import EngineConfig
from engine.errors import UserError
from engine.models import resolve_model
from engine.store.owner import owned
from engine.store.places import remove
from engine.store.tables import write_table
from train.config import TrainConfig
from train.sft.device import trains_on_gpu
from train.sft.folder import facts_of, make_room, result_of, trained_on
from train.sft.outputs import merge
from train.sft.rendezvous import torch_config
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
    """Finetune `model` on `examples` (text; prompt or messages, with `loss` completion); a finished job is not repeated, an
    interrupted one goes on. With texts for `validation` it stops when the loss on them no longer falls, and the best weights
    stay.

    A job in the same folder from another model, other settings or other texts is removed. Raises UserError for settings that
    do not fit, a folder in which another training runs, a loss that diverges, and too little memory or room on the disk.
    Returns the content of train.json.

    The loss counts on the whole text: reversal by training works only where a name is itself a target
    (2604.04943 in the project's reading list).
    """
    out = out.absolute()
    facts = facts_of(model, examples, config, seed, validation)
    merged = out / "merged"
    wants_merged = config.merge and config.method == "lora"
    if (done := result_of(out, facts)) is not None and (merged.exists() or not wants_merged):
        return done
    with owned(out):
        result = result_of(out, facts)
        if result is None:
            make_room(out, facts)
            write_table(out / "examples.parquet", trained_on(examples))
            loop = {
                "model": model,
                "data": str(out / "examples.parquet"),
                "out": str(out),
                "seed": seed,
                "config": config,
            }
            if validation is not None:
                write_table(out / "validation.parquet", trained_on(validation))
                loop["validation"] = str(out / "validation.parquet")
            _fit(loop, config, out)
            result = result_of(out, facts)
        if result is None:
            raise RuntimeError(f"training ended without a result in {out}")
        if wants_merged and not merged.exists():
            half = out / ".merged"
            remove(half)
            merge(resolve_model(model), out, half)
            half.rename(merged)
    return result


def _fit(loop: dict[str, Any], config: TrainConfig, out: Path) -> None:
    """Have Ray Train run the workers; raises UserError with the reason that one of them wrote down."""
    if config.workers:
        check_workers(config, out)
    os.environ.setdefault("RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS", "0")
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    logging.getLogger("ray.train").setLevel(logging.WARNING)
    gpu = trains_on_gpu(config)
    count: Any = (config.least_workers, config.workers) if config.least_workers else config.workers
    TorchTrainer(
        train_worker,
        train_loop_config=loop | {"gpu": gpu},
        scaling_config=ScalingConfig(
            num_workers=count, use_gpu=gpu, resources_per_worker={"CPU": config.cpus, "GPU": int(gpu)}
        ),
        torch_config=torch_config("nccl" if gpu else "gloo"),
        run_config=RunConfig(storage_path=str(out / "ray"), failure_config=FailureConfig(config.max_failures)),
    ).fit()
    if (out / FAILED).exists():
        raise UserError(json.loads((out / FAILED).read_text(encoding="utf-8"))["reason"])


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
    cards = ray.cluster_resources().get("GPU", 0)
    if trains_on_gpu(config) and config.workers > cards and not attached():
        raise UserError(
            f"train.workers asks for {config.workers} GPUs and Ray has {cards:g}: lower it, or set RAY_ADDRESS."
        )
