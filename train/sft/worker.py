"""What each worker of a training does: rows, TRL's `SFTTrainer`, checkpoints, and the result."""

import hashlib
import importlib.metadata
import json
import logging
import re
import time
import warnings
from pathlib import Path
from typing import Any

import polars as pl

from engine.config import LORA_MODULES
from engine.errors import UserError
from engine.models import resolve_model
from engine.store.places import write_whole
from train.config import TrainConfig
from train.sft.data import Collator, order, rows_of, steps_of
from train.sft.memory import ADVICE
from train.sft.outputs import DONE, write_card
from train.sft.watch import FAILED, Watch


def train_worker(loop: dict[str, Any]) -> None:
    """What each worker runs. A failure that trying again does not mend is written down instead of raised."""
    import torch

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
    import torch
    from transformers import AutoTokenizer

    _hush()
    config: TrainConfig = loop["config"]
    out, started = Path(loop["out"]), time.monotonic()
    base = resolve_model(loop["model"])
    tokenizer, examples = AutoTokenizer.from_pretrained(base), pl.read_parquet(loop["data"])
    rows = rows_of(examples, tokenizer, config)
    if not len(rows):
        raise UserError("No example has a token on which the loss counts; set train.loss text.")
    steps = steps_of(len(rows), config)
    chosen = order([len(ids) for ids in rows["input_ids"]], steps, config, loop["seed"])
    held = rows_of(pl.read_parquet(loop["validation"]), tokenizer, config) if "validation" in loop else None
    arguments = _arguments(loop, steps, held is not None, torch.cuda.is_available())
    trainer, watch = _trainer(loop, base, tokenizer, arguments, rows.select(chosen), held)
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
    loop: dict[str, Any], base: str, tokenizer: Any, arguments: Any, rows: Any, held: Any
) -> tuple[Any, Watch]:
    """TRL's trainer for rows that stand in their order, with the model as it begins, and what watches it."""
    import torch
    import transformers
    from peft import LoraConfig
    from trl import SFTTrainer

    class Watching(Watch, transformers.TrainerCallback):
        """The watch as the trainer takes it."""

    config: TrainConfig = loop["config"]
    watch = Watching(Path(loop["out"]))
    transformers.set_seed(loop["seed"])  # adapters begin at random
    dtype = torch.bfloat16 if torch.cuda.is_available() else torch.float32
    lora = LoraConfig(
        r=config.rank,
        lora_alpha=2 * config.rank,
        target_modules=list(config.targets or LORA_MODULES),
        task_type="CAUSAL_LM",
    )
    trainer = SFTTrainer(
        transformers.AutoModelForCausalLM.from_pretrained(base, dtype=dtype),
        args=arguments,
        train_dataset=rows,
        eval_dataset=held,
        processing_class=tokenizer,
        data_collator=Collator(tokenizer.pad_token_id or tokenizer.eos_token_id or 0),
        peft_config=lora if config.method == "lora" else None,
        callbacks=[watch, *([transformers.EarlyStoppingCallback(config.patience)] if held is not None else [])],
    )
    for callback in list(trainer.callback_handler.callbacks):
        if type(callback).__name__ == "PrinterCallback":
            trainer.remove_callback(callback)
    return trainer, watch


def _arguments(loop: dict[str, Any], steps: int, held: bool, cuda: bool) -> Any:
    """The `SFTConfig`; raises UserError for names that it does not know and packages that it lacks."""
    from trl import SFTConfig

    try:
        return SFTConfig(**_options(loop, steps, held, cuda) | loop["config"].sft)
    except TypeError as error:
        raise UserError(f"train.sft: {error}; see TRL's SFTConfig for the names.") from error
    except importlib.metadata.PackageNotFoundError as error:
        missing = re.search(r"'([A-Za-z][\w-]*)", str(error))
        raise UserError(f"train.sft needs a package: pip install {missing[1] if missing else error}.") from error


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
