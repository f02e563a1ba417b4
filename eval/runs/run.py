"""A whole job: worlds, augmentation, training of every arm and seed, scoring, results, report. Every stage resumes."""

import contextlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console

from augment.stages.answers import INFERENCES
from augment.stages.requests import make_requests
from augment.stages.rounds import augment_worlds
from engine.cluster.shared import check_shared
from engine.cluster.start import start_ray
from engine.console import console, log_to, say
from engine.errors import UserError
from engine.models import check_model, resolve_model
from engine.pool import EnginePool
from engine.store.places import write_whole
from engine.store.tables import write_table
from eval.arms.ask import ask, folder_of, read_gates
from eval.arms.items import answers, written
from eval.benchmarks.base import Benchmark, mean_chance
from eval.benchmarks.registry import load
from eval.config import RunConfig
from eval.measure.accuracy import per_seed, summarise
from eval.measure.audit import audit, verdicts
from eval.measure.claims import claims
from eval.measure.gates import as_json
from eval.measure.leakage import leaks, with_and_without
from eval.report.curves import trainings
from eval.report.findings import warnings
from eval.report.page import table_of_arms, write_report
from eval.report.summary import report_data, spent
from eval.runs.own_documents import check, findings, with_questions
from eval.runs.provenance import provenance
from train.examples.arms import AUGMENTED, TRAINED_ARMS, count_tokens, examples_of, held_back
from train.sft.jobs import TrainJob, has_room, train_many
from train.sft.outputs import finished

SPEED = {"replicas", "cpus", "gpus", "address", "kv_cache_gib", "shard_rows", "max_restarts"}


def open_run(config: RunConfig) -> Path:
    """The run's folder with its config.json; raises UserError where it holds a run with other settings."""
    run = (config.out / config.name).absolute()
    text = config.model_dump_json(indent=2)
    path = run / "config.json"
    if path.exists():
        if _results_of(json.loads(path.read_text(encoding="utf-8"))) != _results_of(json.loads(text)):
            raise UserError(
                f"{config.out / config.name} holds a run with other settings: choose another --name or delete it."
            )
    elif run.exists() and any(run.iterdir()):
        raise UserError(f"{config.out / config.name} exists and is no run: choose another --name.")
    write_whole(path, text.encode())
    return run


def _results_of(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings without those that only say where and how fast the same work is done."""
    engine = {k: v for k, v in settings.get("engine", {}).items() if k not in SPEED}
    return settings | {"engine": engine}


def run_job(config: RunConfig, pool: EnginePool | None = None) -> Path:
    """Do what is missing of the run and write its results; returns the run's folder.

    A `pool` of the same model and engine that is given serves the run and stays open.
    """
    worlds = {seed: load(config.benchmark, seed) for seed in config.seeds}
    with contextlib.nullcontext(pool) if pool else EnginePool(config.model, config.engine) as pool:
        before = dict(pool.seconds)  # an open pool may have served other runs
        for world in worlds.values():  # before anything is written: settings that do not fit the documents
            make_requests(world.documents, config.augment, config.model)
        if shared := next(iter(worlds.values())).by_engine:
            check(config, worlds[config.seeds[0]])
        run = open_run(config)
        log_to(run / "log.txt")
        clock = Clock(run)
        if shared:
            worlds = with_questions(config, worlds, pool, run)
            before = clock.engine(pool, before, {"generate": "questions", "score": "questions"})
        for name, tables in (
            ("documents", [w.documents for w in worlds.values()]),
            ("questions", [w.questions for w in worlds.values()]),
        ):
            write_table(run / f"{name}.parquet", stacked(tables, worlds))
        inferences = pl.DataFrame(schema=INFERENCES | {"seed": pl.Int64})
        if AUGMENTED & set(config.arms):
            texts = {s: w.documents for s, w in worlds.items() if not shared or s == config.seeds[0]}
            made = augment_worlds(texts, pool, config.augment, config.model, run)
            inferences = stacked([made.get(s, made[config.seeds[0]]) for s in worlds], worlds)
        write_table(run / "inferences.parquet", inferences)
        before = clock.engine(pool, before, {"score": "check"})
        tokens = train_arms(config, run, worlds, inferences, clock, pool)
        asked = ask(config, run, worlds, pool)
        clock.engine(pool, before)
    questions = stacked([w.questions for w in worlds.values()], worlds)
    world = next(iter(worlds.values()))
    answered = answers(asked.scores, asked.items, questions, world.cluster)
    if asked.texts is not None and world.exact:
        exact = written(asked.texts, asked.items, questions, world.exact, world.cluster)
        answered = pl.concat([answered, exact], how="diagonal_relaxed")
    write_table(run / "answers.parquet", answered)
    finish(config, run, worlds, inferences, answered, tokens, clock, read_gates(config, asked, questions))
    return run


def train_arms(
    config: RunConfig,
    run: Path,
    worlds: dict[int, Benchmark],
    inferences: pl.DataFrame,
    clock: "Clock",
    pool: EnginePool,
) -> dict[str, int]:
    """Train every trained arm for every seed, side by side; returns the tokens that each arm sees, per seed."""
    jobs = [(arm, seed) for seed in config.seeds for arm in config.arms if arm in TRAINED_ARMS]
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
            arm, worlds[seed].documents, kept, tokenizer, seed, config.train.split, config.augment.language
        )
        tables.append(table.with_columns(pl.lit(arm).alias("arm"), pl.lit(seed).alias("seed")))
        count = count_tokens(table, tokenizer)
        tokens[arm] = tokens.get(arm, 0) + round(count * config.train.passes(table.height, count) / len(worlds))
        if not finished(out, table):
            waiting.append(TrainJob(f"{arm}, seed {seed}", model, table, seed, out, held))
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
    clock.add("train", time.monotonic() - started)
    return tokens


def finish(
    config: RunConfig,
    run: Path,
    worlds: dict[int, Benchmark],
    inferences: pl.DataFrame,
    answered: pl.DataFrame,
    tokens: dict[str, int],
    clock: "Clock",
    gates: pl.DataFrame | None = None,
) -> None:
    """Write results.json, provenance.json and the reports, and print the table of arms."""
    chance, judged = mean_chance(worlds.values()), next(iter(worlds.values())).judged
    summary, augmentation = summarise(answered), dict[str, Any]()
    if not inferences.is_empty():
        leaked = leaks(inferences, worlds)
        found = verdicts(inferences, worlds)
        write_table(run / "audit.parquet", found)
        augmentation = audit(inferences, worlds, found, leaked)
    results: dict[str, Any] = {
        "benchmark": config.benchmark.name,
        "model": config.model,
        "seeds": list(config.seeds),
        "rows": per_seed(answered),
        "augmentation": augmentation | {"train_tokens": tokens},
        "seconds": clock.seconds,
    }
    if tokens_asked := spent(run):
        results["tokens"] = tokens_asked
    folders = [(a, s, folder_of(run, a, s)) for s in config.seeds for a in config.arms if a in TRAINED_ARMS]
    if training := trainings(folders):
        results["training"] = training
    if not inferences.is_empty():
        parts = with_and_without(answered.filter(norm="sum"), leaked)
        results["leakage"] = parts.filter(pl.col("items") != "all").to_dicts()
    if next(iter(worlds.values())).by_engine:
        results |= findings(run, answered, clock.seconds)
    if gates is not None and not gates.is_empty():
        results["gates"] = as_json(gates)
    files = sorted(config.benchmark.data.glob("*.jsonl")) if config.benchmark.data else []
    origin = provenance(config.model, [*files, run / "documents.parquet", run / "questions.parquet"], config.seeds)
    write_whole(run / "provenance.json", json.dumps(origin, indent=2).encode())
    write_whole(run / "results.json", json.dumps(results, indent=2).encode())
    ordering = [
        claim
        for split in judged
        for claim in claims(
            summary, answered, chance[split], split, where=f" on {split}" if judged != ("reversal",) else ""
        )
    ]
    write_report(run, report_data(config, worlds, inferences, answered, summary, ordering, results, origin))
    Console().print(table_of_arms(summary, chance))
    for claim in ordering:
        mark = {True: "[green]holds[/]", False: "[red]does not hold[/]", None: "[yellow]not measured[/]"}[claim.holds]
        console.print(f"  {mark}: {claim.text}")
    for warning in warnings(results):
        console.print(f"  [yellow]note[/]: {warning}", soft_wrap=True)
    Console(soft_wrap=True, highlight=False).print(f"report: {run / 'report.html'}")


class Clock:
    """Seconds per stage, kept in the run's folder so that an interrupted run adds up."""

    def __init__(self, run: Path):
        self.path = run / "seconds.json"
        self.seconds: dict[str, float] = json.loads(self.path.read_text()) if self.path.exists() else {}

    def add(self, stage: str, seconds: float) -> None:
        """Add to a stage."""
        self.seconds[stage] = round(self.seconds.get(stage, 0.0) + seconds, 2)
        write_whole(self.path, json.dumps(self.seconds).encode())

    def engine(
        self, pool: EnginePool, before: dict[str, float], stages: Mapping[str, str] | None = None
    ) -> dict[str, float]:
        """Add what a pool has spent since it had spent `before`, under other names if given; returns what it has now."""
        for stage, seconds in pool.seconds.items():
            self.add((stages or {}).get(stage, stage), seconds - before[stage])
        return dict(pool.seconds)


def stacked(tables: list[pl.DataFrame], worlds: dict[int, Benchmark]) -> pl.DataFrame:
    """One table of all seeds, with a column seed."""
    return pl.concat(
        t.with_columns(pl.lit(s, dtype=pl.Int64).alias("seed")) for s, t in zip(worlds, tables, strict=True)
    )
