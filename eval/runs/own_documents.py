"""Runs on a user's own documents: their questions before anything else, and what the report says of them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from augment.teacher import Writer, writer_of
from engine.console import say
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.parts import parts
from engine.store.places import write_whole
from engine.store.tables import write_table
from eval.benchmarks.base import Benchmark
from eval.benchmarks.documents.facts import facts_in
from eval.benchmarks.documents.questions import make_questions, question_requests, question_rows
from eval.benchmarks.documents.review import counts, review
from eval.benchmarks.documents.world import corpus_of
from eval.config import RunConfig
from eval.measure.order import arms_in_order

FOLDER = "questions"
"""Of the run: requests, generations, scores and made.parquet."""


def check(config: RunConfig, world: Benchmark) -> None:
    """Raise UserError for settings that do not fit the documents, before anything is started."""
    writer = writer_of(config.augment, config.model, config.engine)
    question_requests(facts_in(world.documents, config.benchmark.language), config.benchmark, writer.model)


def with_questions(
    config: RunConfig,
    worlds: dict[int, Benchmark],
    pool: EnginePool,
    run: Path,
    writer: Writer,
    writes: EnginePool,
) -> dict[int, Benchmark]:
    """The worlds with questions that the `writer` has written and the engines of `pool` verified, the same for every seed.

    Leaves questions.md (a sample for review), questions-rejected.parquet and skipped.parquet in the run's folder. Raises
    UserError where no question is left.
    """
    world = next(iter(worlds.values()))
    skipped = corpus_of(config.benchmark).left_out
    schema = {"source": pl.String, "reason": pl.String}
    write_table(run / "skipped.parquet", pl.DataFrame(skipped, schema=schema, orient="row"))
    made = make_questions(world.documents, config.benchmark, config.model, pool, run / FOLDER, writer.model, writes)
    write_table(run / "questions-rejected.parquet", made.filter(pl.col("reason").is_not_null()))
    write_whole(run / "questions.md", review(made, config.writes).encode())
    used = counts(made)
    if skipped:
        say(f"{len(skipped):,} files or rows were left out: see {run / 'skipped.parquet'}")
    told = ", ".join(f"{row['split']} {row['used']} of {row['asked']} tried" for row in used)
    say(f"questions: {told}; a sample for review is in {run / 'questions.md'}")
    questions = question_rows(made)
    if questions.is_empty():
        raise UserError(nothing_left(made, config, run))
    judged = tuple(split for split in world.judged if split in questions["split"])
    return {seed: replace(world, questions=questions, judged=judged) for seed in worlds}


def nothing_left(made: pl.DataFrame, config: RunConfig, run: Path) -> str:
    """Why a run cannot go on, in one sentence, with the most frequent reasons."""
    reasons = made["reason"].str.split(":").list.first().value_counts(sort=True).head(3)
    told = ", ".join(f"{count} x {reason}" for reason, count in reasons.iter_rows())
    return (
        f"None of the {made.height} questions that {config.writes} was asked for passed the checks ({told}), so nothing can be "
        f"measured: read {run / 'questions.md'}, then name a model that can write questions in the language of the documents, "
        "or documents with more prose, or prompts of your own in benchmark.prompts."
    )


def findings(run: Path, answered: pl.DataFrame, seconds: Mapping[str, float]) -> dict[str, Any]:
    """What results.json says of a run on own documents: `questions` per split, `answered` and `cost`."""
    made = pl.read_parquet(run / FOLDER / "made.parquet", glob=False)
    return {"questions": counts(made), "answered": abilities(answered), "cost": cost(run, seconds)}


def abilities(answered: pl.DataFrame) -> list[dict[str, Any]]:
    """A row per question that all arms were asked: split, question, right, and per arm how often it was right, and what else
    it chose (`arms`: {arm: {"right": times, "of": seeds, "chosen": a wrong choice or null}}), norm sum.
    """
    rows = list[dict[str, Any]]()
    table = answered.filter(pl.col("correct").is_not_null(), norm="sum").sort("question_id", "arm", "seed")
    for _, some in table.group_by("question_id", maintain_order=True):
        first = some.row(0, named=True)
        row = {"split": first["split"], "question": first["stem"].removeprefix("Question: ").removesuffix("\nAnswer:")}
        row |= {"right": first["choices"][first["answer"]].strip(), "arms": {}}
        for arm in arms_in_order(some["arm"].to_list()):
            own = some.filter(arm=arm)
            wrong = next((r["choices"][r["chosen"]].strip() for r in own.filter(~pl.col("correct")).to_dicts()), None)
            row["arms"][arm] = {"right": int(own["correct"].sum()), "of": own.height, "chosen": wrong}
        rows.append(row)
    return rows


def cost(run: Path, seconds: Mapping[str, float]) -> list[dict[str, Any]]:
    """Of writing questions and of the augmentation: requests, prompt tokens, those reused from the cache, new tokens, seconds."""
    rows = []
    for stage, folders, clocks in (
        ("questions", [run / FOLDER / "generations"], ("questions",)),
        ("augmentation", sorted(run.glob("generations*")), ("generate", "check")),
    ):
        files = [part for folder in folders for part in parts(folder)]
        if files:
            sums = pl.scan_parquet(files, glob=False).select(
                pl.len().alias("requests"), pl.col("prompt_tokens", "cached_tokens", "output_tokens").sum()
            )
            spent = round(sum(seconds.get(clock, 0.0) for clock in clocks), 2)
            rows.append({"stage": stage} | sums.collect().row(0, named=True) | {"seconds": spent})
    return rows
