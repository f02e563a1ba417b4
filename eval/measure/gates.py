"""Gates of a tuned model: what it lost. Items for the engine, and figures from its scores.

- forgetting: mean log-likelihood per token (nats) of held-back texts, tuned against pretrained.
- icl damage: accuracy with the corpus in context, on the tuned model against the pretrained one. Finetuning on facts can
  hurt the use of a context that holds them (Park et al. 2025).
- hallucination: share of the questions where a false statement is clearly preferred to every right one.

A figure says little by itself: `value` is the tuned model's, `baseline` the untuned one's on the same items, and `difference`
(value - baseline) has a 95% interval over texts or, of questions, over the facts that they need (`intervals`).
"""

import math
from random import Random
from typing import Any

import polars as pl

from augment.text.words import normal
from engine.store.ids import content_id
from eval.measure.intervals import estimate, ratio

FORGETTING = "forgetting"
MARGIN = 1.0
"""Nats by which a false statement must be likelier than every right one: 2.7 times as likely."""
TEXT_ITEMS: dict[str, Any] = {
    **dict.fromkeys(("item_id", "text_id", "arm"), pl.String),
    "seed": pl.Int64,
    **dict.fromkeys(("prefix", "stem"), pl.String),
    "choices": pl.List(pl.String),
    "adapter": pl.String,
}
GATES: dict[str, Any] = {
    "arm": pl.String,
    "seed": pl.Int64,
    "gate": pl.String,
    "value": pl.Float64,
    "baseline": pl.Float64,
    "difference": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n": pl.Int64,
    "unscored": pl.Int64,
}


def held_back(documents: pl.DataFrame, trained: list[str], n: int, seed: int) -> list[str]:
    """At most `n` texts that the training texts do not hold, at most one per fact: texts about one fact are no two samples."""
    known = {normal(text) for text in trained}
    free = [normal(text) not in known and len(text.split()) > 1 for text in documents["text"]]
    table = (
        documents.filter(pl.Series(free, dtype=pl.Boolean)).sort("doc_id").sample(fraction=1, shuffle=True, seed=seed)
    )
    if "fact" in table.columns:
        table = table.unique("fact", keep="first", maintain_order=True)
    return table["text"].head(n).to_list()


def text_items(texts: list[str], arm: str, seed: int, adapter: str | None, weights: str) -> pl.DataFrame:
    """Score items of texts: item_id, text_id, arm, seed, prefix, stem, choices, adapter.

    The stem is a text's first word and the choice the rest: a first token cannot be scored without a context, and not every
    tokenizer has a begin token. Texts of one word are left out. `weights` tells models apart, such as a digest.
    """
    rows = []
    for text in dict.fromkeys(texts):
        first, *rest = text.split(maxsplit=1) or [""]
        if rest:
            start = text.index(first) + len(first)
            identity = content_id("text", text, arm, seed, weights)
            rows.append((identity, content_id(text), arm, seed, "", text[:start], [text[start:]], adapter))
    return pl.DataFrame(rows, schema=TEXT_ITEMS, orient="row")


def icl_items(icl: pl.DataFrame, tuned: pl.DataFrame, n: int | None, seed: int) -> pl.DataFrame:
    """The icl arm's items for the model of a tuned arm of the same seed: like `icl`, with the arm and adapter of `tuned`.

    `n` questions are drawn by `seed`, the same for every arm; None takes all. Each adapter computes the context once.
    """
    questions = sorted(icl["question_id"])
    if n is not None:
        questions = Random(f"gate-{seed}").sample(questions, min(n, len(questions)))
    own = tuned.select("question_id", "arm", "adapter", own="item_id")
    table = icl.filter(pl.col("question_id").is_in(questions)).drop("arm", "adapter").join(own, on="question_id")
    identity = pl.struct("item_id", "own").map_elements(lambda r: content_id("gate", r["item_id"], r["own"]), pl.String)
    return table.with_columns(identity.alias("item_id")).select(icl.columns)


def forgetting(scores: pl.DataFrame, tuned: pl.DataFrame, pretrained: pl.DataFrame) -> dict[str, Any]:
    """The row of a tuned arm and seed: mean log-likelihood per token over all tokens of the texts of `text_items`.

    exp(-value) is the perplexity, exp(-difference) the factor by which it grew.
    """
    total = pl.when(pl.col("error").is_null()).then(pl.col("logprobs").list.sum()).cast(pl.Float64)
    values = scores.select("item_id", value=total, weight=pl.col("tokens").cast(pl.Float64))
    return _row(FORGETTING, values, tuned.with_columns(cluster="text_id"), pretrained, "text_id")


def icl_damage(scores: pl.DataFrame, tuned: pl.DataFrame, icl: pl.DataFrame, questions: pl.DataFrame) -> dict[str, Any]:
    """The row of a tuned arm and seed: accuracy (norm sum) of its `icl_items`, and of the icl arm on the same questions."""
    values = leads(scores, pl.concat([tuned, icl]), questions).with_columns(value=pl.col("credit"))
    return _row("icl damage", values, _clustered(tuned, questions), icl, "question_id")


def hallucination(
    scores: pl.DataFrame, tuned: pl.DataFrame, pretrained: pl.DataFrame, questions: pl.DataFrame, margin: float = MARGIN
) -> dict[str, Any]:
    """The row of a tuned arm and seed: share of the questions where the likeliest false choice leads by more than `margin`.

    Both arms' own items are read; nothing else need be scored. A model that knows nothing has a high share too, where
    names differ much in likelihood: the difference to `pretrained` tells what tuning did.
    """
    table = leads(scores, pl.concat([tuned, pretrained]), questions)
    values = table.with_columns(value=(pl.col("lead") > margin).cast(pl.Float64))
    return _row("hallucination", values, _clustered(tuned, questions), pretrained, "question_id")


def leads(scores: pl.DataFrame, asked: pl.DataFrame, questions: pl.DataFrame) -> pl.DataFrame:
    """item_id, lead, credit, weight: log-likelihood (sum, nats) of the likeliest false choice minus that of the likeliest
    right one, and the share of the likeliest choices that is right (1 or 0 where one leads).

    Right are `answer` and, where `questions` has it, all of the column `right`. Null where a choice has no score.
    """
    right = pl.concat_list("answer", "right") if "right" in questions.columns else pl.concat_list("answer")
    facts = questions.select("question_id", "seed", rights=right)
    total = pl.when(pl.col("error").is_null()).then(pl.col("logprobs").list.sum()).cast(pl.Float64)
    is_right = pl.col("choice").is_in(pl.col("rights"))
    whole, leads = pl.col("total").is_not_null().all(), pl.col("total") == pl.col("total").max()
    return (
        asked.select("item_id", "question_id", "seed")
        .join(facts, on=["question_id", "seed"])
        .join(scores.select("item_id", "choice", total=total), on="item_id")
        .group_by("item_id", maintain_order=True)
        .agg(
            lead=pl.when(whole).then(pl.col("total").filter(~is_right).max() - pl.col("total").filter(is_right).max()),
            credit=pl.when(whole).then((leads & is_right).sum() / leads.sum()),
        )
        .with_columns(weight=pl.lit(1.0))
    )


def gate_table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows of gates as a table, see GATES."""
    return pl.DataFrame(rows, schema=GATES).sort("gate", "arm", "seed")


def as_json(table: pl.DataFrame, margin: float = MARGIN) -> dict[str, Any]:
    """The part `gates` of results.json."""
    return {"margin": margin, "rows": table.to_dicts()}


def _clustered(asked: pl.DataFrame, questions: pl.DataFrame) -> pl.DataFrame:
    facts = questions.select("question_id", "seed", cluster=pl.col("needs").list.join(" "))
    return asked.join(facts, on=["question_id", "seed"], maintain_order="left")


def _row(gate: str, values: pl.DataFrame, tuned: pl.DataFrame, base: pl.DataFrame, key: str) -> dict[str, Any]:
    """Weighted means of `value` by `weight` over the pairs that both models have a value for, and their difference."""
    (arm, seed), *others = tuned.select("arm", "seed").unique().iter_rows()
    assert not others, "a gate is read for one arm and seed"
    own = tuned.select(key, "cluster", "item_id").join(values, on="item_id", how="left")
    other = base.filter(seed=seed).select(key, "item_id").join(values, on="item_id", how="left")
    pairs = own.join(other, on=key, suffix="_base", validate="1:1")
    scored = pairs.drop_nulls(["value", "value_base"])
    row: dict[str, Any] = dict.fromkeys(GATES) | {"arm": arm, "seed": seed, "gate": gate}
    row |= {"n": scored.height, "unscored": pairs.height - scored.height}
    if scored.is_empty():
        return row
    sums = scored.group_by("cluster").agg(pl.col("value", "value_base", "weight").sum())
    gap, weight = sums["value"] - sums["value_base"], sums["weight"]
    found = ratio(gap, weight)
    if gate != FORGETTING:
        found = estimate([seed] * scored.height, scored["cluster"], scored["value"] - scored["value_base"])
    low, high = found.between(-math.inf, math.inf) if found.known else (None, None)
    value, baseline, whole = (sums[column].to_numpy().sum() for column in ("value", "value_base", "weight"))
    row |= {"value": float(value / whole), "baseline": float(baseline / whole)}
    return row | {"difference": found.mean, "low": low, "high": high}
