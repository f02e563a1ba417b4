"""What an augmentation would do and cost, as dry runs print it."""

import os
import platform

import polars as pl
from rich.console import Console
from rich.table import Table

from augment.config import AugmentConfig
from augment.stages.estimate import Estimate
from augment.stages.requests import prompt_chars
from engine.config import EngineConfig
from engine.console import say


def say_requests(documents: pl.DataFrame, requests: pl.DataFrame, config: AugmentConfig) -> None:
    """Print how many requests documents give, and their tokens; what they cost at most where a teacher has its price."""
    read, written = prompt_chars(requests) // 4, most_tokens(requests)
    say(
        f"{documents.height:,} documents, {requests.height:,} requests of {config.samples} samples: about "
        f"{read:,} prompt tokens (characters / 4) and at most {written:,} new tokens{price_of(config, read, written)}"
    )


def most_tokens(requests: pl.DataFrame) -> int:
    """Tokens that the answers have at most."""
    longest = requests["sampling"].str.json_path_match("$.max_tokens").cast(pl.Int64)
    return int((longest * requests["n"]).sum())


def price_of(config: AugmentConfig, read: float, written: float) -> str:
    """ ", at most $1.20" for the tokens of prompts (each sample reads its own) and answers; "" where no teacher has a price."""
    if not (config.teacher and config.prices.given):
        return ""
    return f", at most ${config.prices.of(read * config.samples, 0, written):,.2f}"


def print_estimate(found: Estimate, requests: int, config: AugmentConfig, engine: EngineConfig) -> None:
    """Print what was estimated from a short run of the engine."""
    import torch

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
    own = f"{engine.replicas} x {gpu or f'{len(os.sched_getaffinity(0))} cores, {platform.machine()}'}"
    where = engine.base_url if engine.kind == "openai" else own
    title = f"Estimate for {where}, from {found.sample:,} of {requests:,} requests"
    table = Table("stage", "requests", "prompt tokens", "without reuse", "new tokens", "seconds", title=title)
    for stage, cost in found.stages.items():
        shown = [f"{round(v):,}" for v in (cost.requests, cost.prompt - cost.cached, cost.prompt, cost.output)]
        table.add_row(stage, *shown, f"{cost.seconds:,.0f}")
    table.add_row("start", "", "", "", "", f"{found.start:,.0f}")
    console = Console()
    console.print(table)
    hours = found.seconds * engine.replicas / 3600
    used = f", {hours:.2f} GPU-hours" if gpu else ""
    told = f"in all {found.seconds:,.0f} s{used}; {found.inferences:,.0f} inferences, {found.kept:,.0f} of them new"
    console.print(told, soft_wrap=True)
    if config.teacher and config.prices.given:
        asked = [cost for stage, cost in found.stages.items() if stage in ("generate", "follow")]
        dollars = sum(config.prices.of(cost.prompt, cost.cached, cost.output) for cost in asked)
        console.print(f"  the teacher's tokens cost about ${dollars:,.2f}")
    for name, rate in found.yields.items():
        console.print(f"  {name}: {rate:.1f} new inferences per 1,000 new tokens in the sample")
    if config.rounds > 1:
        console.print("  this is the first round; later ones depend on what it brings")
    if config.budget_tokens:
        console.print(f"  augment.budget_tokens stops after {config.budget_tokens:,} new tokens")
