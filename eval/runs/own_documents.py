"""Runs on a user's own documents: their questions before anything else, written by the engine and of the user's own."""

from dataclasses import replace
from pathlib import Path

import polars as pl
from rich.markup import escape

from augment.teacher import Writer, writer_of
from engine.console import say
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.places import write_whole
from engine.store.tables import write_table
from eval.benchmarks.base import Benchmark
from eval.benchmarks.documents.facts import facts_in
from eval.benchmarks.documents.own import Own, own_questions
from eval.benchmarks.documents.questions import make_questions, question_requests, question_rows
from eval.benchmarks.documents.review import counts, review
from eval.benchmarks.documents.telling import tells
from eval.benchmarks.documents.world import corpus_of
from eval.config import BenchmarkConfig, RunConfig

FOLDER = "questions"
"""Of the run: requests, generations, scores and made.parquet."""


def check(config: RunConfig, world: Benchmark) -> None:
    """Raise UserError for settings that do not fit the documents, before anything is started."""
    if config.benchmark.questions:
        writer = writer_of(config.augment, config.model, config.engine)
        question_requests(facts_in(world.documents, config.benchmark.language), config.benchmark, writer.model)
    elif world.questions.is_empty():
        raise UserError(
            "benchmark.questions is 0, so the model writes none: give your own questions as --questions, or set it higher."
        )
    if "retrieval+oracle" in config.arms and not world.questions.is_empty():
        raise UserError(
            "The arm retrieval+oracle shows the sentences that imply an answer, which your own questions do not name: remove it "
            "from --arms and compare with retrieval."
        )


def told_own(config: BenchmarkConfig) -> Own:
    """The questions of the user's own file; says how many there are, and names each row that is left out."""
    own = own_questions(config.own_questions)
    for place, why in own.left_out:
        say(f"left out {escape(place)}: {escape(why)}")
    if config.own_questions:
        out = f", {len(own.left_out):,} rows left out" if own.left_out else ""
        say(
            f"own questions: {own.questions.height:,} ({own.questions.height - own.free:,} with choices, {own.free:,} to answer freely){out}"
        )
    return own


def with_questions(
    config: RunConfig,
    worlds: dict[int, Benchmark],
    pool: EnginePool,
    run: Path,
    writer: Writer,
    writes: EnginePool,
) -> dict[int, Benchmark]:
    """The worlds with the user's own questions and those that the `writer` has written and the engines of `pool` verified, the
    same for every seed.

    Leaves questions.md (a sample for review), questions-rejected.parquet and skipped.parquet in the run's folder, and in
    questions-left-out.parquet the rows of the user's file that cannot be asked. Raises UserError where no question is left.
    """
    world = next(iter(worlds.values()))
    skipped, own = corpus_of(config.benchmark).left_out, told_own(config.benchmark)
    schema = {"source": pl.String, "reason": pl.String}
    write_table(run / "skipped.parquet", pl.DataFrame(skipped, schema=schema, orient="row"))
    if config.benchmark.own_questions:
        write_table(run / "questions-left-out.parquet", pl.DataFrame(own.left_out, schema=schema, orient="row"))
    if skipped:
        say(f"{len(skipped):,} files or rows were left out: see {run / 'skipped.parquet'}")
    questions = own.questions
    if config.benchmark.questions:
        questions = pl.concat([questions, _written(config, world, pool, run, writer, writes)])
        questions = questions.unique("question_id", keep="first", maintain_order=True)
    tell = tells(facts_in(world.documents, config.benchmark.language))
    return {seed: replace(world, questions=questions, tells=tell) for seed in worlds}


def _written(
    config: RunConfig, world: Benchmark, pool: EnginePool, run: Path, writer: Writer, writes: EnginePool
) -> pl.DataFrame:
    """The questions that are written and verified; raises UserError where none is left and there is no other."""
    made = make_questions(world.documents, config.benchmark, config.model, pool, run / FOLDER, writer.model, writes)
    write_table(run / "questions-rejected.parquet", made.filter(pl.col("reason").is_not_null()))
    write_whole(run / "questions.md", review(made, config.writes).encode())
    told = ", ".join(f"{row['split']} {row['used']} of {row['asked']} tried" for row in counts(made))
    say(f"questions: {told}; a sample for review is in {run / 'questions.md'}")
    questions = question_rows(made)
    if questions.is_empty():
        why = nothing_left(made, config, run)
        if world.questions.is_empty():
            raise UserError(why)
        say(f"[yellow]note[/]: {escape(why)} Only your own questions are asked.")
    return questions


def nothing_left(made: pl.DataFrame, config: RunConfig, run: Path) -> str:
    """Why a run cannot go on, in one sentence, with the most frequent reasons."""
    reasons = made["reason"].str.split(":").list.first().value_counts(sort=True).head(3)
    told = ", ".join(f"{count} x {reason}" for reason, count in reasons.iter_rows())
    return (
        f"None of the {made.height} questions that {config.writes} was asked for passed the checks ({told}), so nothing can be "
        f"measured: read {run / 'questions.md'}, then name a model that can write questions in the language of the documents, "
        "or documents with more prose, or prompts of your own in benchmark.prompts."
    )
