"""From what the engine gave back to a row per answer: choices by likelihood, written answers by comparison and by a judge.

The judge is the untuned model of the run, in the engines that are warm: it is shown question, right answer and what was written, and
says yes or no by which it finds likelier. How good it is at that is measured beside it: on the right answers themselves, and on
those of other questions. One that cannot tell these apart gives no figure.
"""

from pathlib import Path
from typing import Any

import polars as pl

from engine.models import is_embedded
from engine.pool import EnginePool
from engine.store.ids import content_id
from engine.store.parts import read_parts
from engine.store.records import write_json
from engine.tasks.score import SCORES
from eval.arms.items import answers, written
from eval.benchmarks.base import Benchmark
from eval.benchmarks.documents.own import question_in
from eval.config import RunConfig

FILE = "judge.json"
"""Of a run's folder: the judge's model, and how often it took right answers and those of other questions for right."""
SHOWN = """Each given answer is marked by whether it says the same as the right answer.

Question: Who wrote the letter to the council?
Right answer: Mary Holt
Given answer: The letter was written by Mary Holt.
The same: yes

Question: Who wrote the letter to the council?
Right answer: Mary Holt
Given answer: Peter Holt wrote it.
The same: no

"""
SAYS = [" yes", " no"]
TRUSTED = 0.5
"""Least difference between the shares of right answers and of others' answers that a judge accepts: one that guesses has 0."""


def marked(
    config: RunConfig,
    run: Path,
    world: Benchmark,
    questions: pl.DataFrame,
    asked: pl.DataFrame,
    found: tuple[pl.DataFrame, pl.DataFrame | None],
    pool: EnginePool,
) -> pl.DataFrame:
    """A row per item and norm: those of `answers`, and of `written` where the benchmark judges what is written.

    `found` are the tables `scores` and `generations`. Free answers are also given to the judge, where `can_judge`.
    """
    scores, texts = found
    tables = [answers(scores, asked, questions, world.cluster)]
    if texts is not None and world.judges:
        tables.append(written(texts, asked, questions, world.judges, world.cluster))
        if world.by_engine and can_judge(config):
            tables.append(judged(tables[-1].filter(norm="normalised"), config.model, pool, run))
    return pl.concat([table for table in tables if not table.is_empty()] or tables[:1], how="diagonal_relaxed")


def can_judge(config: RunConfig) -> bool:
    """Whether the run's model may judge answers: the embedded one has learned no such thing, and no more has the fake engine."""
    return config.engine.kind != "fake" and not is_embedded(config.model)


def judged(given: pl.DataFrame, model: str, pool: EnginePool, run: Path) -> pl.DataFrame:
    """The rows of `written` under the norm `judge`, none where the judge is not to be trusted; writes FILE.

    What is empty is wrong, and is not asked about.
    """
    told = [
        (question_in(row["stem"]), row["choices"][row["answer"]].strip(), (row["written"] or "").strip())
        for row in given.iter_rows(named=True)
    ]
    asked = list(dict.fromkeys((question, right) for question, right, _ in told))
    others = [(one[0], one[1], other[1]) for one, other in zip(asked, asked[1:] + asked[:1], strict=True)]
    checks = {"right": [(question, right, right) for question, right in asked]}
    checks["others"] = [one for one in others if one[1] != one[2]]
    wanted = dict.fromkeys(one for one in (*told, *checks["right"], *checks["others"]) if one[2])
    items = pl.DataFrame([_item(model, *one) for one in wanted])
    pool.run("score", items, run / "judged", "judge answers", replace=True)
    said = _said(read_parts(run / "judged", SCORES))
    verdicts = {one: said.get(_item(model, *one)["item_id"]) for one in wanted}
    accepted = {name: sum(bool(verdicts[one]) for one in some) for name, some in checks.items()}
    shares = [accepted[name] / max(1, len(some)) for name, some in checks.items()]
    facts: dict[str, Any] = {name: {"accepted": accepted[name], "of": len(some)} for name, some in checks.items()}
    facts |= {"model": model, "trusted": shares[0] - shares[1] >= TRUSTED}
    write_json(run / FILE, facts)
    if not facts["trusted"]:
        return given.clear()
    correct = [
        None if row["correct"] is None else verdicts[one] if one[2] else False
        for row, one in zip(given.iter_rows(named=True), told, strict=True)
    ]
    return given.with_columns(pl.lit("judge").alias("norm"), pl.Series("correct", correct, dtype=pl.Boolean))


def _item(model: str, question: str, right: str, given: str) -> dict[str, Any]:
    stem = f"Question: {question}\nRight answer: {right}\nGiven answer: {given}\nThe same:"
    return {"item_id": content_id("judge", model, SHOWN, stem), "prefix": SHOWN, "stem": stem, "choices": SAYS}


def _said(scores: pl.DataFrame) -> dict[str, bool | None]:
    """By item whether yes is likelier than no; None where one has no score."""
    total = pl.when(pl.col("error").is_null()).then(pl.col("logprobs").list.sum())
    values = scores.sort("choice").group_by("item_id").agg(total.alias("values"))
    return {item: None if None in (yes, no) else yes > no for item, (yes, no) in values.iter_rows()}
