"""`forethought bench train`: finetuning against plain TRL, and packed against unpacked, on the same texts in the same call.

Every timing is a process of its own.
"""

import math
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

from engine.bench.result import check_out, choose_peers, publish
from engine.cluster.start import start_ray
from engine.config import LORA_MODULES, EngineConfig
from engine.models import resolve_model
from eval.bench.process import Work, apart
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig
from train.config import TrainConfig
from train.sft.data import Collator, rows_of
from train.sft.job import train

ROWS = 2
"""Packed rows of a step."""
LOGITS = 8192
"""Tokens whose loss is measured at a time: with a large vocabulary their logits take gigabytes."""


def ours(work: Work) -> Work:
    """`train.sft.train`; seconds are those of the trainer's loop, without loading and without Ray's start."""
    start_ray(EngineConfig())
    with tempfile.TemporaryDirectory() as folder:
        config, out = TrainConfig(**work["config"]), Path(folder) / "job"
        began = time.monotonic()
        result = train(work["model"], pl.DataFrame({"text": work["texts"]}), config, work["seed"], out)
        whole = time.monotonic() - began
        loss = loss_of(work, out)
    return {"seconds": result["loop_seconds"], "whole": whole, "loss": loss, "steps": result["steps"]}


def trl(work: Work) -> Work:
    """TRL's SFTTrainer as its documentation has it, with the same arguments."""
    import datasets
    import torch
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    config, cuda = TrainConfig(**work["config"]), torch.cuda.is_available()
    torch.set_num_threads(int(config.cpus))  # as many as Ray gives ours
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        arguments = SFTConfig(
            output_dir=folder,
            max_steps=config.steps or -1,
            num_train_epochs=config.epochs,
            per_device_train_batch_size=config.batch,
            learning_rate=config.learning_rate,
            lr_scheduler_type="cosine",
            warmup_steps=0.03,
            max_length=config.max_length,
            bf16=cuda,
            use_cpu=not cuda,
            gradient_checkpointing=config.gradient_checkpointing,
            save_steps=config.save_steps,
            save_total_limit=1,
            logging_steps=10,
            seed=work["seed"],
            report_to=list(config.report_to),
            disable_tqdm=True,
            dataloader_pin_memory=False,
        )
        lora = LoraConfig(r=config.rank, lora_alpha=2 * config.rank, target_modules=list(LORA_MODULES))
        trainer = SFTTrainer(
            AutoModelForCausalLM.from_pretrained(work["model"], dtype=torch.bfloat16 if cuda else torch.float32),
            args=arguments,
            train_dataset=datasets.Dataset.from_dict({"text": work["texts"]}),
            processing_class=AutoTokenizer.from_pretrained(work["model"]),
            peft_config=lora if config.method == "lora" else None,
        )
        outcome = trainer.train()
        trainer.save_model(folder)
        whole = time.monotonic() - began
        loss = loss_of(work, Path(folder))
    return {
        "seconds": outcome.metrics["train_runtime"],
        "whole": whole,
        "loss": loss,
        "steps": outcome.global_step,
    }


def loss_of(work: Work, folder: Path) -> float:
    """Nats per token of the texts after training, each alone."""
    import torch
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoModelForCausalLM, AutoTokenizer

    adapter = (folder / "adapter_config.json").exists()
    device, dtype = ("cuda", torch.bfloat16) if torch.cuda.is_available() else ("cpu", torch.float32)
    model: Any = (AutoPeftModelForCausalLM if adapter else AutoModelForCausalLM).from_pretrained(folder, dtype=dtype)
    model = model.to(device)
    rows = rows_of(pl.DataFrame({"text": work["texts"]}), AutoTokenizer.from_pretrained(work["model"]), TrainConfig())
    total = count = 0.0
    with torch.inference_mode():
        size = max(1, min(64, LOGITS // max(len(ids) for ids in rows["input_ids"])))
        for begin in range(0, len(rows), size):
            batch = Collator(0)([rows[i] for i in range(begin, min(begin + size, len(rows)))])
            kept = int((batch["labels"][:, 1:] >= 0).sum())
            total += model(**{name: tensor.to(device) for name, tensor in batch.items()}).loss.item() * kept
            count += kept
    return total / count


def bench_train(
    model: str,
    config: TrainConfig,
    repeats: int,
    rows: int | None,
    peers: tuple[str, ...] | None,
    out: Path | None,
    texts: list[str] | None = None,
) -> Work:
    """Tokens per second of `texts`, by default the reversals corpus: ours, plain TRL's, and ours packed; returns, prints and
    writes them.

    Timings alternate, medians of `repeats` count. The packed training sees as many tokens in as many steps, so that what it
    gains is what is not padding; `loss` is measured after training, text by text.
    """
    from transformers import AutoTokenizer

    chosen = choose_peers(("trl",), peers)
    check_out(out)
    if texts is None:
        texts = load(BenchmarkConfig(name="reversals", size="paper"), 0).documents["text"].to_list()[: rows or 1000]
    path = resolve_model(model)
    lengths = [len(ids) + 1 for ids in AutoTokenizer.from_pretrained(path)(texts).input_ids]
    tokens = sum(lengths)
    steps = config.steps or math.ceil(len(texts) * config.epochs / config.batch)
    seen = tokens * steps * config.batch / len(texts)
    plain = config.model_copy(update={"steps": steps})
    row = math.ceil(seen / steps / ROWS)
    packed = plain.model_copy(update={"packing": True, "batch": ROWS, "max_length": max(row, max(lengths))})
    plans = {"ours": (ours, plain), "trl": (trl, plain), "packed": (ours, packed)}
    if "trl" not in chosen:
        del plans["trl"]
    found: dict[str, list[Work]] = {name: [] for name in plans}
    for repeat in range(repeats):
        for name, (run, settings) in plans.items():
            work = {"model": path, "texts": texts, "seed": repeat, "config": settings.model_dump(mode="json")}
            found[name].append(apart(run, work))
    rates = {name: _rate(runs, seen) for name, runs in found.items()}
    result: Work = {
        "work": {"texts": len(texts), "tokens": round(seen), "steps": steps, "batch": config.batch, "repeats": repeats},
        "ours": rates["ours"],
        "peers": {name: rates[name] for name in ("trl",) if name in rates},
        "packed": rates["packed"],
    }
    rate = rates["ours"]["per_second"]
    result["ratio"] = {name: rate / peer["per_second"] for name, peer in result["peers"].items()}
    result["packed_over_unpacked"] = rates["packed"]["per_second"] / rate
    return publish(result, out)


def _rate(runs: list[Work], tokens: float) -> Work:
    seconds = statistics.median(run["seconds"] for run in runs)
    return {
        "seconds": seconds,
        "per_second": tokens / seconds,
        "seconds_with_start": statistics.median(run["whole"] for run in runs),
        "loss": statistics.median(run["loss"] for run in runs),
        "steps": runs[0]["steps"],
    }
