"""Finetuning by TRL's `SFTTrainer` under Ray Train: one worker or many, checkpoints, resume, adapter or weights out."""

import json
import logging
import os
import shutil
import time
import warnings
from pathlib import Path
from typing import Any

import polars as pl

from engine.config import LORA_MODULES
from engine.errors import UserError
from engine.store import write_table, write_whole
from train.config import TrainConfig

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
    return kept.exists() and not pl.read_parquet(kept).equals(examples.select("text"))


def train(model: str, examples: pl.DataFrame, config: TrainConfig, seed: int, out: Path) -> dict[str, Any]:
    """Finetune `model` on the texts of `examples`; a finished job is not repeated, an interrupted one goes on.

    A job in the same folder that was trained on other texts is deleted.

    The loss counts on the whole text: reversal by training works only where a name is itself a target
    (2604.04943 in the project's reading list). Returns the content of train.json.
    """
    out = out.absolute()
    if _other_texts(out, examples):
        shutil.rmtree(out)
    if (done := finished(out)) is not None:
        return done
    write_table(out / "examples.parquet", examples.select("text"))
    loop = {"model": model, "data": str(out / "examples.parquet"), "out": str(out), "seed": seed, "config": config}
    os.environ.setdefault("RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS", "0")
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    logging.getLogger("ray.train").setLevel(logging.WARNING)
    gpu = config.gpu if config.gpu is not None else has_gpu()
    TorchTrainer(
        train_worker,
        train_loop_config=loop,
        scaling_config=ScalingConfig(
            num_workers=config.workers, use_gpu=gpu, resources_per_worker={"CPU": config.cpus, "GPU": int(gpu)}
        ),
        torch_config=TorchConfig(backend="nccl" if gpu else "gloo"),
        run_config=RunConfig(storage_path=str(out / "ray"), failure_config=FailureConfig(config.max_failures)),
    ).fit()
    result = finished(out)
    if result is None:
        raise RuntimeError(f"training ended without a result in {out}")
    return result


def train_worker(loop: dict[str, Any]) -> None:
    """What each worker runs; the first one writes the result."""
    import datasets
    import torch
    import transformers
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    for name in ("transformers", "trl", "accelerate", "datasets"):
        logging.getLogger(name).setLevel(logging.ERROR)
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    warnings.filterwarnings("ignore", module="(torch|trl|transformers|peft).*")
    config: TrainConfig = loop["config"]
    out, started = Path(loop["out"]), time.monotonic()
    cuda = torch.cuda.is_available()
    workers = max(1, config.workers)
    if config.batch % workers:
        raise UserError(f"train.batch is {config.batch}: it must be a multiple of train.workers, {workers}.")
    options: dict[str, Any] = {
        "output_dir": str(out / "checkpoints"),
        "num_train_epochs": config.epochs,
        "max_steps": config.steps or -1,
        "per_device_train_batch_size": config.batch // workers,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0.03,
        "max_length": config.max_length,
        "packing": False,
        "bf16": cuda,
        "use_cpu": not cuda,
        "gradient_checkpointing": False,
        "save_steps": config.save_steps,
        "save_total_limit": 1,
        "logging_steps": 10,
        "seed": loop["seed"],
        "data_seed": loop["seed"],
        "report_to": "tensorboard",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }
    try:
        arguments = SFTConfig(**options | config.sft)
    except TypeError as error:
        raise UserError(f"train.sft: {error}; see TRL's SFTConfig for the names.") from error
    lora = LoraConfig(
        r=config.rank, lora_alpha=2 * config.rank, target_modules=list(LORA_MODULES), task_type="CAUSAL_LM"
    )
    tokenizer = AutoTokenizer.from_pretrained(loop["model"])
    texts = pl.read_parquet(loop["data"])["text"].to_list()
    model = AutoModelForCausalLM.from_pretrained(loop["model"], dtype=torch.bfloat16 if cuda else torch.float32)
    trainer = SFTTrainer(
        model,
        args=arguments,
        train_dataset=datasets.Dataset.from_dict({"input_ids": pieces(texts, tokenizer, config.max_length)}),
        processing_class=tokenizer,
        peft_config=lora if config.method == "lora" else None,
    )
    for callback in list(trainer.callback_handler.callbacks):
        if type(callback).__name__ == "PrinterCallback":
            trainer.remove_callback(callback)
    last = last_checkpoint(out / "checkpoints")
    outcome = trainer.train(resume_from_checkpoint=str(last) if last else None)
    trainer.save_model(str(out))
    if trainer.is_world_process_zero():
        (out / "training_args.bin").unlink(missing_ok=True)  # a pickle, which nothing here reads
        losses = [(r["step"], r["loss"]) for r in trainer.state.log_history if "loss" in r]
        result = {
            "steps": outcome.global_step,
            "loss": outcome.training_loss,
            "seconds": time.monotonic() - started,
            "resumed_from": last and last.name,
            "losses": losses,
        }
        write_whole(out / DONE, json.dumps(result).encode())


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that is whole: the trainer writes its state last, so a kill leaves one without, or half of it."""
    whole: dict[int, Path] = {}
    for state in folder.glob("checkpoint-*/trainer_state.json"):
        try:
            whole[json.loads(state.read_text(encoding="utf-8"))["global_step"]] = state.parent
        except (ValueError, KeyError):
            continue
    return whole[max(whole)] if whole else None


def pieces(texts: list[str], tokenizer: Any, length: int) -> list[list[int]]:
    """Token ids of each text with an end token; a text of more than `length` tokens becomes several examples."""
    found = []
    for ids in tokenizer(texts).input_ids:
        whole = ids if ids and ids[-1] == tokenizer.eos_token_id else [*ids, tokenizer.eos_token_id]
        found += [whole[i : i + length] for i in range(0, len(whole), length)]
    return found


def has_gpu() -> bool:
    """Whether PyTorch sees a CUDA device."""
    import torch

    return torch.cuda.is_available()
