"""Questions of every arm as items for the engine, and answers from its scores."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from engine.store.ids import content_id
from eval.arms.retrieval import contexts, oracle, search
from eval.benchmarks.base import Benchmark, context

PREMISE = "Answer:"


def items(
    benchmark: Benchmark,
    arm: str,
    seed: int,
    adapter: Path | None,
    per_fact: int | None,
    model: str,
    retrieved: int = 5,
) -> pl.DataFrame:
    """Score items of one arm and seed: item_id, question_id, arm, seed, prefix, stem, choices, adapter.

    Only `icl` has a prefix, the corpus, and the retrieval arms, each question its own documents. All arms share stems and
    choices, so they are scored alike.
    """
    prefixes = _prefixes(benchmark, arm, seed, per_fact, retrieved)
    digest = weights_digest(adapter)
    identity = [
        content_id(q, arm, seed, model, prefix, digest)
        for q, prefix in zip(benchmark.questions["question_id"], prefixes, strict=True)
    ]
    return benchmark.questions.select("question_id", "stem", "choices").with_columns(
        pl.Series("item_id", identity),
        pl.lit(arm).alias("arm"),
        pl.lit(seed, dtype=pl.Int64).alias("seed"),
        pl.Series("prefix", prefixes, dtype=pl.String),
        pl.lit(str(adapter) if adapter else None, dtype=pl.String).alias("adapter"),
    )


def _prefixes(benchmark: Benchmark, arm: str, seed: int, per_fact: int | None, retrieved: int) -> list[str]:
    """What stands in front of each question."""
    documents, questions = benchmark.documents, benchmark.questions
    if arm.startswith("retrieval"):
        oracles = arm == "retrieval+oracle"
        found = oracle(documents, questions, seed) if oracles else search(documents, questions, retrieved)
        return contexts(documents, found)["prefix"].to_list()
    return [context(documents, seed, per_fact) if arm == "icl" else ""] * questions.height


def weights_digest(folder: Path | None) -> str:
    """What an adapter, or a model trained as a whole, holds, wherever its folder lies."""
    names = ("adapter_model.safetensors", "train.json") if folder else ()
    found = next((path for name in names if folder and (path := folder / name).exists()), None)
    return hashlib.sha256(found.read_bytes()).hexdigest() if found else str(folder or "")


def forced(asked: pl.DataFrame) -> pl.DataFrame:
    """The items that are scored: those with choices. A question with one choice, its answer, is answered freely."""
    return asked.filter(pl.col("choices").list.len() > 1)


def to_write(asked: pl.DataFrame) -> pl.DataFrame:
    """The items whose answers are written where a benchmark judges that: the free ones, and where there are none, all."""
    free = asked.filter(pl.col("choices").list.len() == 1)
    return asked if free.is_empty() else free


def premises(asked: pl.DataFrame) -> pl.DataFrame:
    """The same choices after a stem that says nothing, for pointwise mutual information (Holtzman et al. 2021, PMI_DC)."""
    identity = pl.col("item_id").map_elements(lambda item: content_id(item, PREMISE), pl.String)
    return asked.with_columns(identity.alias("item_id"), pl.lit("").alias("prefix"), pl.lit(PREMISE).alias("stem"))


def normed(scores: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """item_id, choice, norm, value: the norms of a choice's log-likelihood, all derived from the values per token.

    sum; token, char, byte (means per token, character, byte); pmi (minus the log-likelihood after a stem that says
    nothing, where `premises` were scored too). The paper does not say which it used. Null where the score is missing.
    """
    total = pl.when(pl.col("error").is_null()).then(pl.col("logprobs").list.sum()).fill_nan(None)
    table = scores.select("item_id", "choice", "tokens", "chars", "bytes", total.alias("sum"))
    pairs = asked.select("item_id").with_columns(premises(asked)["item_id"].alias("premise"))
    bare = pairs.join(table.select(premise="item_id", choice="choice", bare="sum"), on="premise", how="inner")
    norms = {"token": pl.col("sum") / pl.col("tokens"), "char": pl.col("sum") / pl.col("chars")}
    norms["byte"] = pl.col("sum") / pl.col("bytes")
    if not bare.is_empty():
        table = table.join(bare.drop("premise"), on=["item_id", "choice"], how="left")
        norms["pmi"] = pl.col("sum") - pl.col("bare")
    table = table.filter(pl.col("item_id").is_in(asked["item_id"].implode())).with_columns(**norms)
    return table.unpivot(["sum", *norms], index=["item_id", "choice"], variable_name="norm", value_name="value")


def answers(scores: pl.DataFrame, asked: pl.DataFrame, questions: pl.DataFrame, by: str = "needs") -> pl.DataFrame:
    """One row per question, arm, seed and norm (see `normed`): chosen, correct, credit, rank, advantage, cluster.

    `credit` is 1 or 0, of k choices that are equally likely the share that is right, and null where a choice has no score.
    `correct` is true for 1, false for 0, else null, as is then `chosen`. `rank` is the place of the likeliest right choice, 1 for the first
    (ties share theirs), and `advantage` by how much its value is above the mean of the wrong ones: what is learnt shows there before a
    right choice becomes the likeliest.

    Questions of a seed (or of all) with equal `needs` (facts), or with equal `subtype`, are one cluster; see
    `Benchmark.cluster`.
    """
    return answers_of(normed(scores, asked), asked, questions, by)


def answers_of(per_choice: pl.DataFrame, asked: pl.DataFrame, questions: pl.DataFrame, by: str) -> pl.DataFrame:
    """`answers` from the values of choices: item_id, choice, norm, value."""
    likeliest = pl.col("choice").filter(pl.col("value") == pl.col("value").max()).sort()
    best = per_choice.group_by("item_id", "norm").agg(
        pl.when(pl.col("value").is_not_null().all()).then(likeliest.implode()).first().alias("likeliest")
    )
    hits = pl.col("likeliest").list.set_intersection("right").list.len()
    table = _told(best, asked, questions, by).with_columns(credit=hits / pl.col("likeliest").list.len())
    table = table.join(_placed(per_choice, table), on=["item_id", "norm"], how="left")
    return (
        table.with_columns(correct=correct_of("credit"))
        .with_columns(chosen=pl.when(pl.col("correct").is_not_null()).then(pl.col("likeliest").list.first()))
        .drop("right", "likeliest")
    )


def _placed(per_choice: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """item_id, norm, rank, advantage; null where a choice has no value, or all are right."""
    right = told.select("item_id", "right").unique("item_id").explode("right", empty_as_null=True)
    marks = right.select("item_id", choice=pl.col("right").cast(per_choice.schema["choice"]), is_right=pl.lit(True))
    table = per_choice.join(marks, on=["item_id", "choice"], how="left").with_columns(
        pl.col("is_right").fill_null(False)
    )
    best, wrong = pl.col("value").filter("is_right").max(), pl.col("value").filter(~pl.col("is_right"))
    known = pl.col("value").is_not_null().all() & (wrong.len() > 0) & pl.col("is_right").any()
    return table.group_by("item_id", "norm").agg(
        rank=pl.when(known).then(1 + (wrong > best).sum() + (wrong == best).sum() / 2),
        advantage=pl.when(known).then(best - wrong.mean()),
    )


def correct_of(credit: str) -> pl.Expr:
    """Whether a column of credits says right (1) or wrong (0); null for what lies between."""
    return pl.when(pl.col(credit) == 1).then(pl.lit(True)).when(pl.col(credit) == 0).then(pl.lit(False))


def _told(found: pl.DataFrame, asked: pl.DataFrame, questions: pl.DataFrame, by: str) -> pl.DataFrame:
    """What was found for each item, with its question and the cluster of it."""
    alike = pl.col("subtype") if by == "subtype" else pl.col("needs").list.join(" ")
    if by == "needs of all seeds":  # questions of one's own name no facts: each stands for itself
        cluster = pl.when(pl.col("needs").list.len() > 0).then(alike).otherwise("question_id")
    else:
        cluster = pl.format("{}/{}", "seed", alike)
    columns = ("question_id", "split", "answer", "right", "seed", "stem", "choices")
    facts = questions.select(*columns, cluster.alias("cluster"))
    items = asked.select("item_id", "question_id", "arm", "seed").join(found, on="item_id", how="inner")
    return items.join(facts, on=["question_id", "seed"], how="inner")


def writing(asked: pl.DataFrame, max_tokens: int = 64) -> pl.DataFrame:
    """Items as requests: what does the model write after prefix and stem, up to the end of the line?"""
    sampling = json.dumps({"temperature": 0.0, "max_tokens": max_tokens, "stop": ["\n"]})
    return asked.select(
        pl.col("item_id").alias("request_id"),
        pl.concat_str("prefix", "stem").alias("prompt"),
        pl.col("prefix").hash().cast(pl.String).alias("prefix_key"),
        pl.lit(sampling).alias("sampling"),
        "adapter",
    )


def written(
    generations: pl.DataFrame,
    asked: pl.DataFrame,
    questions: pl.DataFrame,
    judges: Mapping[str, Callable[[str, str], bool]],
    by: str = "needs",
) -> pl.DataFrame:
    """Answers like those of `answers` under the norms of `judges`: whether the text written gives the right choice.

    `chosen` is null, `written` is the text; `correct` is null where nothing could be written.
    """
    texts = generations.select("text", "error", item_id="request_id")
    table = _told(texts, asked, questions, by)
    found = []
    for norm, judge in judges.items():
        correct = [
            None if row["error"] else judge(row["text"], row["choices"][row["answer"]].strip())
            for row in table.iter_rows(named=True)
        ]
        found.append(
            table.with_columns(
                pl.lit(norm).alias("norm"),
                pl.lit(None, dtype=pl.Int32).alias("chosen"),
                pl.Series("correct", correct, dtype=pl.Boolean),
            )
        )
    return pl.concat(found).rename({"text": "written"}).drop("right", "error")
