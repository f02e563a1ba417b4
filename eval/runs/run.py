"""A whole job: worlds, augmentation, training of every arm and seed, scoring, results, report. Every stage resumes."""

import contextlib
import time
from pathlib import Path

import polars as pl

from augment.review.reviewed import known_decisions
from augment.stages.answers import INFERENCES
from augment.stages.requests import make_requests
from augment.stages.rounds import augment_worlds
from augment.teacher import say_writer, settled, writer_of
from engine.cluster.shared import check_shared
from engine.cluster.start import start_ray
from engine.console import console, log_to, say
from engine.models import check_model, resolve_model
from engine.pool import EnginePool
from engine.store.owner import owned
from engine.store.tables import write_table
from eval.arms.ask import ask, folder_of, read_gates
from eval.arms.given import check_adapter
from eval.arms.marking import marked
from eval.arms.ngrams import with_ngrams
from eval.benchmarks.base import Benchmark
from eval.benchmarks.registry import load
from eval.config import RunConfig
from eval.runs.folder import Clock, check_run, open_run, stacked
from eval.runs.own_documents import check, with_questions
from eval.runs.results import finish
from eval.runs.reviewed import reviewed_worlds
from eval.runs.room import check_room
from train.examples.arms import count_tokens, examples_of, held_back
from train.examples.names import is_trained, needs_inferences
from train.sft.jobs import TrainJob, done_already, has_room, train_many


def run_job(config: RunConfig, pool: EnginePool | None = None) -> Path:
    """Do what is missing of the run and write its results; returns the run's folder.

    A `pool` of the same model and engine that is given serves the run and stays open. Raises InUse where another job works in the folder.
    """
    with contextlib.ExitStack() as held:
        return _run_job(config, pool, held)


def _run_job(config: RunConfig, pool: EnginePool | None, held: contextlib.ExitStack) -> Path:
    """The job, which owns its folder from before its first file until `held` ends."""
    config = config.model_copy(update={"augment": settled(config.augment)})
    writer = writer_of(config.augment, config.model, config.engine)
    worlds = {seed: load(config.benchmark, seed) for seed in config.seeds}
    with (
        contextlib.nullcontext(pool) if pool else EnginePool(config.model, config.engine) as pool,
        writer.opened(pool) as writes,
    ):
        before = dict(pool.seconds)  # an open pool may have served other runs
        for world in worlds.values():  # before anything is written: settings that do not fit the documents
            make_requests(world.documents, writer.config, writer.model)
        if shared := next(iter(worlds.values())).by_engine:
            check(config, worlds[config.seeds[0]])
        check_room(config, worlds)
        check_adapter(config)
        known_decisions(config.augment, check_run(config))
        held.enter_context(owned(check_run(config)))
        run = open_run(config)
        log_to(run / "log.txt")
        say_writer(writer, config.augment, config.model)
        clock = Clock(run)
        if shared:
            worlds = with_questions(config, worlds, pool, run, writer, writes)
            before = clock.engine(pool, before, {"generate": "questions", "score": "questions"})
        wrote = dict.fromkeys(writes.seconds, 0.0)
        if shared and writes is not pool:
            wrote = clock.engine(writes, wrote, {"generate": "questions"})
        for name, tables in (
            ("documents", [w.documents for w in worlds.values()]),
            ("questions", [w.questions for w in worlds.values()]),
        ):
            write_table(run / f"{name}.parquet", stacked(tables, worlds))
        inferences = pl.DataFrame(schema=INFERENCES | {"seed": pl.Int64})
        if any(map(needs_inferences, config.arms)):
            texts = {s: w.documents for s, w in worlds.items() if not shared or s == config.seeds[0]}
            made = augment_worlds(texts, writes, writer.config, writer.model, run, pool)
            made = reviewed_worlds(made, texts, config, run)
            inferences = stacked([made.get(s, made[config.seeds[0]]) for s in worlds], worlds)
        write_table(run / "inferences.parquet", inferences)
        before = clock.engine(pool, before, {"score": "check"})
        if writes is not pool:
            clock.engine(writes, wrote)
        tokens = train_arms(config, run, worlds, inferences, clock, pool)
        asked = ask(config, run, worlds, pool)
        questions = stacked([w.questions for w in worlds.values()], worlds)
        world = next(iter(worlds.values()))
        answered = marked(config, run, world, questions, asked.items, (asked.scores, asked.texts), pool)
        answered = with_ngrams(answered, worlds)
        clock.engine(pool, before)
    write_table(run / "answers.parquet", answered)
    finish(config, run, worlds, inferences, answered, tokens, clock, read_gates(config, asked, questions))
    return run


def train_arms(
    config: RunConfig,
    run: Path,
    worlds: dict[int, Benchmark],
    inferences: pl.DataFrame,
    clock: Clock,
    pool: EnginePool,
) -> dict[str, int]:
    """Train every trained arm for every seed, side by side; returns the tokens that each arm sees, per seed."""
    jobs = [(arm, seed) for seed in config.seeds for arm in config.arms if is_trained(arm)]
    if not jobs:
        return {}
    from transformers import AutoTokenizer

    model = check_model(config.model)
    tokenizer = AutoTokenizer.from_pretrained(resolve_model(model))
    tokens: dict[str, int] = {}
    tables, waiting = [], []
    for arm, seed in jobs:
        out = folder_of(run, arm, seed)
        kept, held = inferences.filter(pl.col("seed") == seed), None
        if config.train.validation:
            kept, held = held_back(kept, config.train.validation, seed)
        table = examples_of(
            arm,
            worlds[seed].documents,
            kept,
            tokenizer,
            seed,
            config.train.split,
            config.augment.language,
            worlds[seed].gold,
        )
        tables.append(table.with_columns(pl.lit(arm).alias("arm"), pl.lit(seed).alias("seed")))
        count = count_tokens(table, tokenizer)
        tokens[arm] = tokens.get(arm, 0) + round(count * config.train.passes(table.height, count) / len(worlds))
        job = TrainJob(f"{arm}, seed {seed}", model, table, seed, out, held)
        if not done_already(job, config.train):
            waiting.append(job)
    write_table(run / "examples.parquet", pl.concat(tables, how="diagonal"))
    if waiting:
        start_ray(config.engine)
        check_shared(run)
        if not has_room(config.train):  # engines hold all there is, and would for ever
            pool.close()
    started, found = time.monotonic(), train_many(waiting, config.train, console)
    for number, (job, result) in enumerate(found, len(jobs) - len(waiting) + 1):
        say(
            f"train {number}/{len(jobs)}: {job.name}, {job.examples.height:,} examples, {result['steps']} steps, "
            f"loss {result['loss']:.2f}, {result['seconds']:.0f} s"
        )
        for note in result["notes"]:
            say(f"[yellow]note[/]: {job.name}: {note}")
    clock.add("train", time.monotonic() - started)
    return tokens
