"""A model as it is, and an adapter that was trained elsewhere, on a benchmark: a run without augmentation and training."""

import contextlib
from pathlib import Path

import polars as pl

from augment.stages.answers import INFERENCES
from augment.teacher import settled, writer_of
from engine.console import log_to
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.owner import owned
from engine.store.tables import write_table
from eval.arms.given import check_adapter
from eval.arms.items import forced, items, to_write, writing
from eval.arms.marking import marked
from eval.arms.ngrams import with_ngrams
from eval.benchmarks.registry import load
from eval.config import EvalConfig
from eval.runs.folder import Clock, check_run, open_run, stacked
from eval.runs.own_documents import check, with_questions
from eval.runs.results import finish
from eval.runs.room import check_room


def with_arms(config: EvalConfig) -> EvalConfig:
    """The settings with the arms that are measured; raises UserError where the adapter is none."""
    if not config.adapter:
        return config.model_copy(update={"arms": ("pretrained", "icl")})
    if not (config.adapter / "adapter_config.json").exists():
        raise UserError(f"{config.adapter} is not an adapter folder: it has no adapter_config.json.")
    return config.model_copy(update={"arms": ("pretrained", "icl", "finetuned"), "adapter": config.adapter.absolute()})


def evaluate(config: EvalConfig) -> Path:
    """Score the arms pretrained, icl and, with an adapter, finetuned; writes and returns a folder like a run's.

    Other arms of `config` do not count.
    """
    with contextlib.ExitStack() as held:
        return _evaluate(config, held)


def _evaluate(config: EvalConfig, held: contextlib.ExitStack) -> Path:
    """The job, which owns its folder from before its first file until `held` ends."""
    config = with_arms(config).model_copy(update={"augment": settled(config.augment)})
    writer = writer_of(config.augment, config.model, config.engine)
    adapters = {"finetuned": config.adapter} if config.adapter else {}
    worlds = {seed: load(config.benchmark, seed) for seed in config.seeds}
    if by_engine := next(iter(worlds.values())).by_engine:
        check(config, worlds[config.seeds[0]])
    check_room(config, worlds)
    check_adapter(config)
    with EnginePool(config.model, config.engine) as pool, writer.opened(pool) as writes:
        held.enter_context(owned(check_run(config)))
        run = open_run(config)
        log_to(run / "log.txt")
        clock, before = Clock(run), dict(pool.seconds)
        if by_engine:
            worlds = with_questions(config, worlds, pool, run, writer, writes)
            before = clock.engine(pool, before, {"generate": "questions", "score": "questions"})
            if writes is not pool:
                clock.engine(writes, dict.fromkeys(writes.seconds, 0.0), {"generate": "questions"})
        asked = pl.concat(
            items(world, arm, seed, adapters.get(arm), config.benchmark.per_fact, config.model)
            for arm in config.arms
            for seed, world in worlds.items()
        )
        scores, texts = pool.score(forced(asked), run / "scores"), None
        first = next(iter(worlds.values()))
        if first.by_engine and first.judges:
            texts = pool.generate(writing(to_write(asked)), run / "texts", "write")
        questions = stacked([w.questions for w in worlds.values()], worlds)
        answered = with_ngrams(marked(config, run, first, questions, asked, (scores, texts), pool), worlds)
        for stage in ("score", *(["generate"] if texts is not None else [])):
            clock.add(stage, pool.seconds[stage] - before[stage])
    for name, table in (
        ("documents", stacked([w.documents for w in worlds.values()], worlds)),
        ("questions", questions),
    ):
        write_table(run / f"{name}.parquet", table)
    write_table(run / "answers.parquet", answered)
    finish(config, run, worlds, pl.DataFrame(schema=INFERENCES), answered, {}, clock)
    return run
