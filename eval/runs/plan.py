"""What a run would do: stages, requests, tokens and steps, from the corpus itself, without an engine."""

import tempfile
from pathlib import Path
from typing import NamedTuple

import polars as pl
import yaml
from rich.console import Console
from rich.table import Table

from augment.review.reviewed import known_decisions
from augment.stages.plan import price_of, print_estimate
from augment.stages.requests import make_requests, prompt_chars
from augment.teacher import say_writer, settled, writer_of
from engine.models import resolve_model
from eval.arms.ask import HELD_BACK
from eval.arms.given import check_adapter
from eval.arms.items import forced, items, to_write
from eval.benchmarks.base import Benchmark, context
from eval.benchmarks.documents.facts import facts_in
from eval.benchmarks.documents.questions import MAX_TOKENS, question_requests
from eval.benchmarks.documents.world import CHOICES, SPLITS
from eval.benchmarks.registry import load
from eval.config import EvalConfig, RunConfig
from eval.runs.calibration import calibrate_run
from eval.runs.folder import check_run, there
from eval.runs.own_documents import check, told_own
from eval.runs.room import check_room
from train.examples.names import is_trained, needs_inferences


def print_plan(config: RunConfig, calibrate: int | None = None) -> None:
    """Print the stages with their sizes and the resolved config; token counts are characters / 4, marked as such.

    With `calibrate` an engine makes so many requests of the augmentation, and its cost is estimated.
    """
    console = Console()
    config = config.model_copy(update={"augment": settled(config.augment)})
    worlds, requests = print_stages(config)
    if calibrate:
        asked_once = pl.concat(requests).unique("request_id", maintain_order=True) if requests else pl.DataFrame()
        with tempfile.TemporaryDirectory() as scratch:
            found = calibrate_run(config, worlds, asked_once, Path(scratch), calibrate)
        print_estimate(found, asked_once.height, config.augment, config.engine)
    console.print(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False), highlight=False)


def print_stages(config: RunConfig) -> tuple[dict[int, Benchmark], list[pl.DataFrame]]:
    """Print the stages with their sizes, and what is there already; returns the worlds, and the requests about them.

    Raises UserError for what would stop the job before it begins.
    """
    if config.engine.kind == "vllm":
        resolve_model(config.model)
    config = config.model_copy(update={"augment": settled(config.augment)})
    writer = writer_of(config.augment, config.model, config.engine)
    say_writer(writer, config.augment, config.model)
    worlds = {seed: load(config.benchmark, seed) for seed in config.seeds}
    check_room(config, worlds)
    check_adapter(config)
    run = check_run(config)
    known_decisions(config.augment, run)
    table = Table("stage", "work", "tokens (estimate: characters / 4)", title=f"Plan of {config.name}")
    documents = sum(w.documents.height for w in worlds.values())
    table.add_row("read", f"{documents:,} documents in {len(worlds)} worlds", f"{_tokens(worlds):,}")
    requests = list[pl.DataFrame]()
    first = next(iter(worlds.values()))
    if first.by_engine:
        check(config, first)
        own = told_own(config.benchmark)
        if config.benchmark.own_questions:
            table.add_row("own questions", f"{own.questions.height:,}, {len(own.left_out):,} rows left out", "")
        if config.benchmark.questions:
            table.add_row("questions", *_own_questions(config, first))
    if any(map(needs_inferences, config.arms)):
        asked_about = [first] if first.by_engine else worlds.values()
        requests = [make_requests(w.documents, writer.config, writer.model) for w in asked_about]
        rows = sum(r.height for r in requests)
        prompt = sum(map(prompt_chars, requests)) // 4
        most = rows * config.augment.samples * config.augment.max_tokens
        told = f"{prompt:,} in, at most {most:,} out{price_of(config.augment, prompt, most)}"
        table.add_row("generate", f"{rows:,} requests x {config.augment.samples}", told)
    trained = [a for a in config.arms if is_trained(a) and not isinstance(config, EvalConfig)]
    for arm in trained:
        passes = config.train.passes(documents // len(worlds), _tokens(worlds) // len(worlds))
        seen = round(_tokens(worlds) * passes)
        note = "" if arm == "finetuned" else " + kept inferences"
        table.add_row(f"train {arm}", f"{len(worlds)} x {passes:.3g} epochs{note}", f"{seen:,}{note}")
    asked = [_asked(config, world, arm, seed) for seed, world in worlds.items() for arm in config.arms]
    choices = (1 + config.pmi) * sum(one.choices for one in asked)
    table.add_row(
        "score",
        f"{'at most ' * bool(first.by_engine and config.benchmark.questions)}{choices:,} choices in {len(config.arms)} arms",
        f"{sum(one.context for one in asked):,} of context, what questions share computed once",
    )
    if first.judges:
        count = len(config.arms) * sum(to_write(world.questions).height for world in worlds.values())
        table.add_row("write", f"{count:,} answers, judged by {' and '.join(first.judges)} match", "")
    if config.gates and trained:
        known = sum(one.context for one in asked if one.arm == "icl")
        work = f"{HELD_BACK} texts and {config.gate_questions} questions in context"
        table.add_row(
            "gates", f"{len(trained) * len(worlds)} tuned models, each {work}", f"{known * len(trained):,} of context"
        )
    console = Console(soft_wrap=True)
    console.print(table, soft_wrap=False)
    console.print(f"{config.out / config.name} holds: {there(run)}", markup=False, highlight=False)
    return worlds, requests


class Asked(NamedTuple):
    """What an arm is asked in one world; tokens of context are characters / 4."""

    arm: str
    questions: int
    choices: int
    context: int


def _asked(config: RunConfig, world: Benchmark, arm: str, seed: int) -> Asked:
    drawn = config.benchmark
    if not world.by_engine:
        table = items(world, arm, seed, None, drawn.per_fact, config.model, drawn.retrieved)
        contexts = table["prefix"].unique().str.len_chars() // 4
        return Asked(arm, table.height, int(table["choices"].list.len().sum()), int(contexts.sum()))
    # at most: they are written in the run
    questions, shown = len(SPLITS) * drawn.questions + world.questions.height, 0
    choices = CHOICES * len(SPLITS) * drawn.questions + int(forced(world.questions)["choices"].list.len().sum())
    if arm == "icl":
        shown = len(context(world.documents, seed, drawn.per_fact)) // 4
    elif arm.startswith("retrieval"):  # the oracle shows a passage of each of two facts at most
        passages = min(world.documents.height, 2 if arm == "retrieval+oracle" else drawn.retrieved)
        mean = int(world.documents["text"].str.len_chars().sum()) / world.documents.height
        shown = round(questions * passages * mean / 4)
    return Asked(arm, questions, choices, shown)


def _own_questions(config: RunConfig, world: Benchmark) -> tuple[str, str]:
    """The work and tokens of writing questions on own documents."""
    writer = writer_of(config.augment, config.model, config.engine)
    made = question_requests(facts_in(world.documents, config.benchmark.language), config.benchmark, writer.model)
    prompt, most = prompt_chars(made) // 4, made.height * MAX_TOKENS
    once = config.augment.model_copy(update={"samples": 1})
    kinds = ", ".join(f"{split} {made.filter(operator=split).height:,}" for split in SPLITS)
    return (
        f"{made.height:,} requests ({kinds}) and their checks",
        f"{prompt:,} in, at most {most:,} out{price_of(once, prompt, most)}",
    )


def _tokens(worlds: dict) -> int:
    return sum(int(w.documents["text"].str.len_chars().sum()) for w in worlds.values()) // 4
