"""What a run would do: stages, requests, tokens and steps, from the corpus itself, without an engine."""

import yaml
from rich.console import Console
from rich.table import Table

from augment.run import make_requests
from engine.vllm_engine import resolve_model
from eval.arms import items
from eval.ask import HELD_BACK
from eval.benchmarks import load
from eval.config import RunConfig
from train.examples import AUGMENTED, TRAINED_ARMS


def print_plan(config: RunConfig) -> None:
    """Print the stages with their sizes and the resolved config; token counts are characters / 4, marked as such."""
    resolve_model(config.model)
    worlds = {seed: load(config.benchmark, seed) for seed in config.seeds}
    table = Table("stage", "work", "tokens (estimate: characters / 4)", title=f"Plan of {config.name}")
    documents = sum(w.documents.height for w in worlds.values())
    table.add_row("read", f"{documents:,} documents in {len(worlds)} worlds", f"{_tokens(worlds):,}")
    if AUGMENTED & set(config.arms):
        requests = [make_requests(w.documents, config.augment, config.model) for w in worlds.values()]
        rows = sum(r.height for r in requests)
        prompt = sum(r["messages"].str.len_chars().sum() for r in requests) // 4
        most = rows * config.augment.samples * config.augment.max_tokens
        table.add_row(
            "generate", f"{rows:,} requests x {config.augment.samples}", f"{prompt:,} in, at most {most:,} out"
        )
    trained = [a for a in config.arms if a in TRAINED_ARMS]
    for arm in trained:
        passes = config.train.passes(documents // len(worlds))
        seen = round(_tokens(worlds) * passes)
        note = "" if arm == "finetuned" else " + kept inferences"
        table.add_row(f"train {arm}", f"{len(worlds)} x {passes:.3g} epochs{note}", f"{seen:,}{note}")
    asked = [
        items(w, arm, s, None, config.benchmark.context_per_fact, config.model)
        for s, w in worlds.items()
        for arm in config.arms
    ]
    choices = sum(int(t["choices"].list.len().sum()) for t in asked)
    context = sum(len(t["prefix"][0]) // 4 for t in asked if t.height and t["prefix"][0])
    table.add_row(
        "score", f"{choices:,} choices in {len(config.arms)} arms", f"{context:,} of shared context, computed once"
    )
    if config.gates and trained:
        known = sum(len(t["prefix"][0]) // 4 for t in asked if t.height and t["arm"][0] == "icl")
        work = f"{HELD_BACK} texts and {config.gate_questions} questions in context"
        table.add_row(
            "gates", f"{len(trained) * len(worlds)} tuned models, each {work}", f"{known * len(trained):,} of context"
        )
    console = Console()
    console.print(table)
    console.print(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False), highlight=False)


def _tokens(worlds: dict) -> int:
    return sum(int(w.documents["text"].str.len_chars().sum()) for w in worlds.values()) // 4
