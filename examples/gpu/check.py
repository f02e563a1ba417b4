"""Step 2 of the day: the engine says what transformers says, and an actor that is killed leaves nothing behind."""

import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl
from one_process import OnePool
from setting import Day, Put, device, output

from engine.config import PICO
from engine.errors import UserError
from engine.tasks.choices import encode_choices

LENGTHS = (15, 16, 17, 31, 32, 33, 127, 128, 129, 700)
"""Tokens of a context: at, before and behind the ends of cache blocks."""
CHOICES = (1, 3, 17)
PATIENCE = 60.0
"""Seconds in which what a killed actor held must be free."""


def check(day: Day, put: Put) -> None:
    """Scores in fp32 and bf16 against transformers, then the killed actor."""
    items = questions(random.Random("check"), 4 if day.rehearsal else 40)
    for dtype in ("float32",) if day.rehearsal else ("float32", "bfloat16"):
        put(dtype, compared(day, items, dtype))
    put("killed", killed(day))


def questions(rng: random.Random, shared: int) -> pl.DataFrame:
    """Items with contexts of every length of LENGTHS, and `shared` more behind one text; choices of one token and of several."""
    words = (PICO / "lexicon.txt").read_text(encoding="utf-8").split()

    def text(count: int) -> str:
        return " ".join(rng.choices(words, k=count))

    prefix = text(700) + "\n"
    items = [{"prefix": "", "stem": text(length - 1)} for length in LENGTHS]  # one is the mark at the start
    items += [{"prefix": prefix, "stem": text(20)} for _ in range(shared)]
    choices = [[f" {text(length)}" for length in CHOICES] for _ in items]
    return pl.DataFrame(items).with_columns(item_id=pl.int_range(pl.len()).cast(pl.String), choices=pl.Series(choices))


def compared(day: Day, items: pl.DataFrame, dtype: str) -> dict[str, Any]:
    """The largest difference from transformers over all choices, and how the engine computed."""
    config = day.engine() if day.rehearsal else day.engine(dtype=dtype, max_model_len=4096, gpu_memory_utilization=0.4)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            with OnePool("pico", config) as pool:
                found: dict[str, Any] = pool.ready() | {"self_check": "passed"}
                scores = pool.score(items, Path(folder) / "scores")
        except UserError as error:
            return {"self_check": str(error)}
    found |= {"seconds": round(time.monotonic() - began, 1), "errors": scores["error"].drop_nulls().to_list()}
    scores = scores.sort(pl.col("item_id").cast(pl.Int64), "choice")
    ours, theirs = scores["logprobs"].list.sum().to_list(), reference(items, dtype, device(day.rehearsal)["device"])
    worst = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
    tokens = scores["logprobs"].list.len().sum()
    return found | {"choices": len(ours), "tokens": tokens, "largest_difference": worst, "transformers": "sdpa"}


def reference(items: pl.DataFrame, dtype: str, device: str) -> list[float]:
    """Log-likelihoods of all choices, each a forward of transformers over context and choice."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(PICO, dtype=getattr(torch, dtype)).to(device).eval()
    rows = items.rows(named=True)
    pairs = encode_choices(
        AutoTokenizer.from_pretrained(PICO), [(row["prefix"] + row["stem"], row["choices"]) for row in rows]
    )
    found = []
    with torch.inference_mode():
        for ids, start in (pair for of_row in pairs for pair in of_row):
            logprobs = model(torch.tensor([ids], device=device)).logits[0].float().log_softmax(-1)
            wanted = torch.tensor(ids[start:], device=device)
            found.append(logprobs[start - 1 : -1].gather(1, wanted[:, None]).sum().item())
    return found


def killed(day: Day) -> dict[str, Any]:
    """Kill an actor's process with SIGKILL; how long its processes and the card's memory outlive it."""
    import psutil

    before = memory_used()
    pool = OnePool("pico", day.engine() if day.rehearsal else day.engine(max_model_len=4096))
    pid = pool.ready()["pid"]
    held, family = memory_used(), psutil.Process(pid).children(recursive=True)
    os.kill(pid, signal.SIGKILL)
    began, found = time.monotonic(), {"memory_before_mib": before, "memory_held_mib": held, "children": len(family)}
    while time.monotonic() < began + PATIENCE:
        left = [p.pid for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        used = memory_used()
        if not left and (used is None or before is None or used < before + 300):
            return found | {"free_after_seconds": round(time.monotonic() - began, 1), "memory_after_mib": used}
        time.sleep(0.5)
    return found | {"free_after_seconds": None, "memory_after_mib": memory_used(), "processes_left": len(left)}


def memory_used() -> int | None:
    """MiB of the card's memory that are taken; None without a card."""
    if not shutil.which("nvidia-smi"):
        return None
    return int(output(["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]).split()[0])
