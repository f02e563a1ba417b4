"""Which questions the augmentation answers outright, and how every arm does with and without them."""

import polars as pl

from augment.text.words import normal
from eval.benchmarks.base import Benchmark
from eval.measure.accuracy import summarise
from eval.measure.order import splits_in_order

LEAKED = ("none", "paraphrased", "verbatim")


def leaks(inferences: pl.DataFrame, worlds: dict[int, Benchmark]) -> pl.DataFrame:
    """seed, question_id, split, leaked: whether a kept inference states the question's right answer.

    verbatim: in the words of the benchmark's sentence for it (`Benchmark.stated`), but for case, spaces and the mark at the
    end. paraphrased: in others, which `Benchmark.read` understands as the same statement, with the same subject; where
    several choices are right (column `right`), as any of those that can be read by themselves. none: neither. Null where the
    benchmark has no sentence for the question, so that nothing can be said, unless it tells by words (`Benchmark.tells`).
    `inferences` has a column seed.
    """
    kept = inferences.filter("kept")
    tables = []
    for seed, world in worlds.items():
        texts = kept.filter(seed=seed)["text"].to_list()
        said = {normal(text) for text in texts}
        claims = {claim for text in texts if world.read and (claim := world.read(text)) is not None}
        tell, rows = world.tells(texts) if world.tells else None, []
        for row in world.questions.iter_rows(named=True):
            if tell:
                rows.append((seed, row["question_id"], row["split"], tell(row)))
                continue
            stated = world.stated.get(row["question_id"])
            others = [row["choices"][n].strip() for n in row.get("right") or ()]
            meant = {world.read(text) for text in (stated, *others) if text} if world.read else set()
            paraphrased = bool(meant & claims)
            leaked = None if stated is None else LEAKED[2 if normal(stated) in said else int(paraphrased)]
            rows.append((seed, row["question_id"], row["split"], leaked))
        schema = {"seed": pl.Int64, "question_id": pl.String, "split": pl.String, "leaked": pl.String}
        tables.append(pl.DataFrame(rows, schema=schema, orient="row"))
    return pl.concat(tables)


def shares(leaked: pl.DataFrame) -> pl.DataFrame:
    """split, none, paraphrased, verbatim (shares of the questions that can be judged, null without one), n, unknown (how many cannot)."""
    judged = pl.col("leaked").is_not_null().sum()
    share = pl.when(judged > 0)  # of nothing there is no share, and 0 / 0 is no number
    counts = [share.then((pl.col("leaked") == kind).sum() / judged).alias(kind) for kind in LEAKED]
    table = leaked.group_by("split").agg(*counts, n=judged, unknown=pl.col("leaked").null_count())
    order = splits_in_order(table["split"].to_list())
    return table.sort(pl.col("split").replace_strict(order, range(len(order)), return_dtype=pl.Int64))


def with_and_without(answers: pl.DataFrame, leaked: pl.DataFrame) -> pl.DataFrame:
    """`summarise` per arm, split and norm in a column `items` for "all" questions, the "leaked" ones and those "not leaked".

    Questions that cannot be judged count in "all" alone. Arms that saw no inference are the comparison: what leaks may also
    be what is easy.
    """
    table = answers.join(leaked.select("seed", "question_id", "leaked"), on=["seed", "question_id"], how="left")
    parts = {"all": pl.lit(True), "leaked": pl.col("leaked") != "none", "not leaked": pl.col("leaked") == "none"}
    found = [(items, table.filter(condition)) for items, condition in parts.items()]
    return pl.concat(summarise(part).with_columns(items=pl.lit(items)) for items, part in found if not part.is_empty())
