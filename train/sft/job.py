"""Finetuning by TRL's `SFTTrainer` under Ray Train: one worker or many, checkpoints, resume, adapter or weights out."""

import hashlib
import importlib.metadata
import json
import logging
import os
import re
import shutil
import time
import warnings
from pathlib import Path
from typing import Any

import polars as pl

from engine.config import LORA_MODULES, EngineConfig
from engine.errors import UserError
from engine.models import resolve_model
from engine.store.places import write_whole
from engine.store.tables import write_table
from train.config import TrainConfig
from train.sft.memory import ADVICE
from train.sft.outputs import merge, write_card

DONE = "train.json"
"""Written last into a job's folder: the job is finished. Holds steps, loss, seconds, loss history."""


def finished(out: Path, examples: pl.DataFrame | None = None) -> dict[str, Any] | None:
    """What a finished job left, or None; with `examples` also None where the job was trained on other texts."""
    path = out / DONE
    if examples is not None and _other_texts(out, examples):
        return None
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _other_texts(out: Path, examples: pl.DataFrame) -> bool:
    kept = out / "examples.parquet"
    return kept.exists() and not pl.read_parquet(kept).equals(_read(examples))


def _read(examples: pl.DataFrame) -> pl.DataFrame:
    """The columns of examples that training reads."""
    return examples.select(c for c in ("text", "prompt") if c in examples.columns)


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
    if _other_texts(out, examples):
        shutil.rmtree(out)
    if (done := finished(out)) is not None:
        return done
    from train.sft.watch import FAILED

    write_table(out / "examples.parquet", _read(examples))
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

    from engine.cluster.shared import check_shared
    from engine.cluster.start import attached, start_ray

    start_ray(EngineConfig())
    check_shared(out)
    asked, have = config.workers * config.cpus, ray.cluster_resources().get("CPU", 0)
    if asked > have and not attached():
        raise UserError(
            f"train.workers x train.cpus asks for {asked:g} CPUs and Ray has {have:g}: lower one of them, or set RAY_ADDRESS."
        )


def train_worker(loop: dict[str, Any]) -> None:
    """What each worker runs. A failure that trying again does not mend is written down instead of raised."""
    import torch

    from train.sft.watch import FAILED

    try:
        _train(loop)
    except UserError as error:
        reason = str(error)
    except torch.OutOfMemoryError:
        reason = f"The training needs more memory than there is: {ADVICE}."
    else:
        return
    write_whole(Path(loop["out"]) / FAILED, json.dumps({"reason": reason}).encode())


def _train(loop: dict[str, Any]) -> None:
    """Train, and write the result where this is the first worker."""
    import datasets
    import torch
    import transformers
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    from train.sft.data import Collator, order, rows_of, steps_of
    from train.sft.watch import Watch

    for name in ("transformers", "trl", "accelerate", "datasets"):
        logging.getLogger(name).setLevel(logging.ERROR)
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    warnings.filterwarnings("ignore", module="(torch|trl|transformers|peft).*")
    config: TrainConfig = loop["config"]
    out, started = Path(loop["out"]), time.monotonic()
    cuda = torch.cuda.is_available()
    base = resolve_model(loop["model"])
    tokenizer, examples = AutoTokenizer.from_pretrained(base), pl.read_parquet(loop["data"])
    rows = rows_of(examples, tokenizer, config)
    if not len(rows):
        raise UserError("No example has a token on which the loss counts; set train.loss text.")
    steps = steps_of(len(rows), config)
    chosen = order([len(ids) for ids in rows["input_ids"]], steps, config, loop["seed"])
    held = rows_of(pl.read_parquet(loop["validation"]), tokenizer, config) if "validation" in loop else None
    try:
        arguments = SFTConfig(**_options(loop, steps, held is not None, cuda) | config.sft)
    except TypeError as error:
        raise UserError(f"train.sft: {error}; see TRL's SFTConfig for the names.") from error
    except importlib.metadata.PackageNotFoundError as error:
        missing = re.search(r"'([A-Za-z][\w-]*)", str(error))
        raise UserError(f"train.sft needs a package: pip install {missing[1] if missing else error}.") from error
    transformers.set_seed(loop["seed"])  # adapters begin at random
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16 if cuda else torch.float32)
    watch = Watch(out)
    lora = LoraConfig(
        r=config.rank,
        lora_alpha=2 * config.rank,
        target_modules=list(config.targets or LORA_MODULES),
        task_type="CAUSAL_LM",
    )
    trainer = SFTTrainer(
        model,
        args=arguments,
        train_dataset=rows.select(chosen),
        eval_dataset=held,
        processing_class=tokenizer,
        data_collator=Collator(tokenizer.pad_token_id or tokenizer.eos_token_id or 0),
        peft_config=lora if config.method == "lora" else None,
        callbacks=[watch, *([transformers.EarlyStoppingCallback(config.patience)] if held is not None else [])],
    )
    for callback in list(trainer.callback_handler.callbacks):
        if type(callback).__name__ == "PrinterCallback":
            trainer.remove_callback(callback)
    last = last_checkpoint(out / "checkpoints")
    outcome = trainer.train(resume_from_checkpoint=str(last) if last else None)
    if watch.failure:
        raise UserError(f"The training was stopped: {watch.failure}.")
    trainer.save_model(str(out))
    if trainer.is_world_process_zero():
        (out / "training_args.bin").unlink(missing_ok=True)  # a pickle, which nothing here reads
        history = trainer.state.log_history
        result = {
            "steps": outcome.global_step,
            "loss": outcome.training_loss,
            "seconds": time.monotonic() - started,
            "loop_seconds": outcome.metrics["train_runtime"],
            "resumed_from": last and last.name,
            "losses": [(r["step"], r["loss"]) for r in history if "loss" in r],
            "validation": [(r["step"], r["eval_loss"]) for r in history if "eval_loss" in r],
        }
        write_card(
            out,
            {
                "base": Path(base).name if Path(base).exists() else base,
                "name": out.name,
                "adapter": config.method == "lora",
                "examples": examples.height,
                "digest": hashlib.sha256("\0".join(examples["text"]).encode()).hexdigest()[:16],
                "seed": loop["seed"],
                "result": result,
                "config": config,
            },
        )
        write_whole(out / DONE, json.dumps(result).encode())


def _options(loop: dict[str, Any], steps: int, held: bool, cuda: bool) -> dict[str, Any]:
    """Arguments of SFTConfig."""
    import ray.train

    config: TrainConfig = loop["config"]
    micro, accumulated = config.shares(ray.train.get_context().get_world_size())
    options: dict[str, Any] = {
        "output_dir": str(Path(loop["out"]) / "checkpoints"),
        "max_steps": steps,
        "per_device_train_batch_size": micro,
        "per_device_eval_batch_size": micro,
        "gradient_accumulation_steps": accumulated,
        "train_sampling_strategy": "sequential",  # `order` has shuffled the rows
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0.03,
        "max_length": None,
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "bf16": cuda,
        "use_cpu": not cuda,
        "gradient_checkpointing": config.gradient_checkpointing,
        "save_steps": config.save_steps,
        "save_total_limit": 1,
        "logging_steps": 10,
        "logging_nan_inf_filter": False,
        "seed": loop["seed"],
        "data_seed": loop["seed"],
        "report_to": list(config.report_to),
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }
    if held:
        options |= {"eval_strategy": "steps", "eval_steps": config.save_steps, "load_best_model_at_end": True}
        options |= {"metric_for_best_model": "eval_loss", "greater_is_better": False}
    return options


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that is whole: the trainer writes its state last, so a kill leaves one without, or half of it."""
    whole: dict[int, Path] = {}
    for state in folder.glob("checkpoint-*/trainer_state.json"):
        try:
            whole[json.loads(state.read_text(encoding="utf-8"))["global_step"]] = state.parent
        except (ValueError, KeyError):
            continue
    return whole[max(whole)] if whole else None


def has_gpu() -> bool:
    """Whether PyTorch sees a CUDA device."""
    import torch

    return torch.cuda.is_available()
