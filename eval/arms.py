"""Questions of every arm as items for the engine, and answers from its scores."""

from pathlib import Path

import polars as pl

from engine.store import content_id
from eval.benchmarks.base import Benchmark, context


def items(
    benchmark: Benchmark, arm: str, seed: int, adapter: Path | None, per_fact: int | None, model: str
) -> pl.DataFrame:
    """Score items of one arm and seed: item_id, question_id, arm, seed, prefix, stem, choices, adapter.

    Only `icl` has a prefix: the corpus. All arms share stems and choices, so they are scored alike.
    """
    prefix = context(benchmark.documents, seed, per_fact) if arm == "icl" else ""
    identity = [content_id(q, arm, seed, model, prefix, str(adapter)) for q in benchmark.questions["question_id"]]
    return benchmark.questions.select("question_id", "stem", "choices").with_columns(
        pl.Series("item_id", identity),
        pl.lit(arm).alias("arm"),
        pl.lit(seed).alias("seed"),
        pl.lit(prefix).alias("prefix"),
        pl.lit(str(adapter) if adapter else None, dtype=pl.String).alias("adapter"),
    )


def answers(scores: pl.DataFrame, asked: pl.DataFrame, questions: pl.DataFrame) -> pl.DataFrame:
    """One row per question, arm, seed and norm: chosen, correct (null where a choice has no score), cluster.

    Norms of a choice's log-likelihood: sum, token (mean per token), byte (mean per byte); the paper does not say which.
    """
    total = pl.col("logprobs").list.sum()
    per_choice = scores.with_columns(
        pl.when(pl.col("error").is_null()).then(total).alias("sum"),
        pl.when(pl.col("error").is_null()).then(total / pl.col("tokens")).alias("token"),
        pl.when(pl.col("error").is_null()).then(total / pl.col("bytes")).alias("byte"),
    ).unpivot(["sum", "token", "byte"], index=["item_id", "choice"], variable_name="norm", value_name="value")
    best = per_choice.group_by("item_id", "norm").agg(
        pl.col("choice").sort_by("value", descending=True, nulls_last=True).first().alias("chosen"),
        pl.col("value").is_null().any().alias("unscored"),
    )
    facts = questions.select(
        "question_id", "split", "answer", "seed", "stem", "choices", pl.col("needs").list.join(" ")
    )
    correct = pl.when(~pl.col("unscored")).then(pl.col("chosen") == pl.col("answer"))
    return (
        asked.select("item_id", "question_id", "arm", "seed")
        .join(best, on="item_id", how="inner")
        .join(facts, on=["question_id", "seed"], how="inner")
        .with_columns(correct.alias("correct"), pl.format("{}/{}", "seed", "needs").alias("cluster"))
        .drop("needs", "unscored")
    )
