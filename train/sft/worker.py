"""What each worker of a training does: rows, TRL's `SFTTrainer`, checkpoints, and the result."""

import errno
import hashlib
import importlib.metadata
import json
import logging
import math
import re
import time
import warnings
from pathlib import Path
from typing import Any

import polars as pl

from engine.errors import UserError
from engine.models import resolve_model
from engine.store.places import write_whole
from train.config import TrainConfig
from train.sft.data import Collator, order, reported, rows_and_losses, rows_of, steps_of
from train.sft.distil import START, is_distilled, trainer_class
from train.sft.memory import ADVICE
from train.sft.network import adapters, load
from train.sft.outputs import DONE, write_card
from train.sft.watch import FAILED, REMEDY, Watch, destroyed, mean_loss, spent

WARM_UP = 0.03
"""Share of the steps over which the rate rises."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
"""What the storage answers where it is full or may not be written."""


def train_worker(loop: dict[str, Any]) -> None:
    """What each worker runs. A failure that trying again does not mend is written down instead of raised."""
    import torch

    try:
        _train(loop)
    except UserError as error:
        reason = str(error)
    except torch.OutOfMemoryError:
        reason = f"The training needs more memory than there is: {ADVICE}."
    except Exception as error:
        if not (cause := unwritten(error)):
            raise
        reason = (
            f"Cannot write into {loop['out']}: {cause}; make room and run again: it goes on from the last checkpoint that is "
            "whole (train.save_steps says how often there is one)."
        )
    else:
        return
    write_whole(Path(loop["out"]) / FAILED, json.dumps({"reason": reason}).encode())


def unwritten(error: Exception) -> str:
    """What the storage said where an error, or what caused it, comes from writing; safetensors and torch have errors of
    their own for it."""
    from safetensors import SafetensorError

    if isinstance(error, OSError) and error.errno in FULL:
        return str(error.strerror)
    told = str(error)
    if isinstance(error, SafetensorError) and any(f"os error {code})" in told for code in FULL):
        return told.split("I/O error: ")[-1]
    if isinstance(error, RuntimeError) and ("PytorchStreamWriter failed" in told or "unexpected pos" in told):
        return "torch could not write a checkpoint"
    before = error.__cause__ or error.__context__
    return unwritten(before) if isinstance(before, Exception) else ""


def _train(loop: dict[str, Any]) -> None:
    """Train, and write the result where this is the first worker."""
    from transformers import AutoTokenizer

    _hush()
    config: TrainConfig = loop["config"]
    out, started = Path(loop["out"]), time.monotonic()
    half = computes_in_half(loop["gpu"], config)
    base = resolve_model(loop["model"])
    tokenizer, examples = AutoTokenizer.from_pretrained(base), pl.read_parquet(loop["data"], glob=False)
    rows, losses = rows_and_losses(examples, tokenizer, config)
    if not len(rows):
        raise UserError("No example has a token that the loss covers; set train.loss text.")
    lengths = [len(ids) for ids in rows["input_ids"]]
    steps = steps_of(len(rows), config, sum(lengths))
    chosen = order(lengths, steps, config, loop["seed"])
    distilled = is_distilled(examples)
    held = rows_of(pl.read_parquet(loop["validation"], glob=False), tokenizer, config) if "validation" in loop else None
    arguments = _arguments(loop, steps, held is not None, half)
    arguments.remove_unused_columns = not distilled
    last = last_checkpoint(out / "checkpoints")
    trainer, watch = _trainer(loop, base, tokenizer, arguments, rows.select(chosen), held, half, spent(last))
    loading = time.monotonic() - started
    outcome = trainer.train(resume_from_checkpoint=str(last) if last else None)
    if watch.failure:
        raise UserError(f"The training was stopped: {watch.failure}.")
    seconds = watch.seconds()
    history = [(r["step"], r["loss"]) for r in trainer.state.log_history if "loss" in r]
    first_batch = rows.select(chosen[: config.batch])
    after = trainer.evaluate(first_batch, metric_key_prefix="first_batch")["first_batch_loss"] * reported(first_batch)
    if wrong := destroyed(max(history[0][1], watch.least), after, watch.uniform):
        raise UserError(f"The training destroyed the model: {wrong}: {REMEDY}.")
    trainer.save_model(str(out))
    if trainer.is_world_process_zero():
        (out / "training_args.bin").unlink(missing_ok=True)  # a pickle, which nothing here reads
        result = {
            "steps": outcome.global_step,
            "loss": mean_loss(history),
            "seconds": loading + seconds,
            "loop_seconds": seconds,
            "resumed_from": last and last.name,
            "losses": history,
            "first_batch": (history[0][1], after),
            "validation": [(r["step"], r["eval_loss"]) for r in trainer.state.log_history if "eval_loss" in r],
            "notes": losses.told(config),
        }
        facts = {
            "base": Path(base).name if Path(base).exists() else base,
            "name": out.name,
            "adapter": config.method == "lora",
            "examples": examples.height,
            "digest": hashlib.sha256("\0".join(examples["text"]).encode()).hexdigest()[:16],
            "seed": loop["seed"],
        }
        write_card(out, facts | {"result": result, "config": config})
        write_whole(out / DONE, json.dumps(result).encode())


def computes_in_half(gpu: bool, config: TrainConfig) -> bool:
    """Whether to compute in bfloat16; raises UserError where this process does not see the GPU that it was given."""
    import torch

    if not gpu:
        return config.bf16_on_cpu and torch.cpu._is_amx_tile_supported()
    if not torch.cuda.is_available():
        raise UserError("Training was to run on a GPU, but PyTorch sees none in its process: set train.gpu false.")
    return torch.cuda.is_bf16_supported(including_emulation=False)


def _hush() -> None:
    """Keep the libraries' own bars and notes off the worker's output."""
    import datasets
    import transformers

    for name in ("transformers", "trl", "accelerate", "datasets"):
        logging.getLogger(name).setLevel(logging.ERROR)
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    warnings.filterwarnings("ignore", module="(torch|trl|transformers|peft).*")


def _trainer(
    loop: dict[str, Any], base: str, tokenizer: Any, arguments: Any, rows: Any, held: Any, half: bool, before: float
) -> tuple[Any, Watch]:
    """TRL's trainer for rows that stand in their order, with the model as it begins, and what watches it."""
    import transformers
    from trl import SFTTrainer

    kind = trainer_class(tokenizer.eos_token_id) if "front" in rows.column_names else SFTTrainer

    class Watching(Watch, transformers.TrainerCallback):
        """The watch as the trainer takes it."""

    config: TrainConfig = loop["config"]
    transformers.set_seed(loop["seed"])  # adapters begin at random
    model = load(base, tokenizer, config, half)
    uniform = math.log(model.config.get_text_config().vocab_size) * reported(rows)
    watch = Watching(Path(loop["out"]), uniform, before, 0.0 if kind is SFTTrainer else START)
    pad = next((token for token in (tokenizer.pad_token_id, tokenizer.eos_token_id) if token is not None), 0)
    trainer = kind(
        model,
        args=arguments,
        train_dataset=rows,
        eval_dataset=held,
        processing_class=tokenizer,
        data_collator=Collator(pad, tokenizer.bos_token_id),
        peft_config=adapters(config),
        callbacks=[watch, *([transformers.EarlyStoppingCallback(config.patience)] if held is not None else [])],
    )
    for callback in list(trainer.callback_handler.callbacks):
        if type(callback).__name__ == "PrinterCallback":
            trainer.remove_callback(callback)
    return trainer, watch


def _arguments(loop: dict[str, Any], steps: int, held: bool, half: bool) -> Any:
    """The `SFTConfig`; raises UserError for names that it does not know and packages that it lacks."""
    from trl import SFTConfig

    try:
        arguments = SFTConfig(**_options(loop, steps, held, half) | loop["config"].sft)
        if arguments.n_gpu > 1:
            arguments._n_gpu = 1  # a process has one device: Transformers would spread its batch over all that it sees
        return arguments
    except (TypeError, ValueError) as error:
        raise UserError(f"train.sft: {error}; see TRL's SFTConfig for the names.") from error
    except importlib.metadata.PackageNotFoundError as error:
        missing = re.search(r"'([A-Za-z][\w-]*)", str(error))
        raise UserError(f"train.sft needs a package: pip install {missing[1] if missing else error}.") from error


def _options(loop: dict[str, Any], steps: int, held: bool, half: bool) -> dict[str, Any]:
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
        # the first step of a warm-up has the rate 0; a training of few steps cannot spare one
        "warmup_steps": WARM_UP if steps * WARM_UP >= 1 else 0,
        "max_length": None,
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "bf16": half,
        "use_cpu": not loop["gpu"],
        "gradient_checkpointing": config.gradient_checkpointing,
        "save_steps": config.save_steps,
        "save_total_limit": 1,
        "logging_first_step": True,
        "logging_steps": min(10, -(-steps // 10)),
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
