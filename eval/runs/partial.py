"""What a global operator can lose where the corpus does not fit into a context: `python -m eval.runs.partial --help`.

The corpus of a benchmark that fits is cut into contexts as `augment.contexts` cuts one that does not, with a part of its
characters each. Two figures per split: the share of questions whose facts all stand in one context that has a document of
theirs as a target (no operator can deduce more than that), and the accuracy with which the model picks the right answer there
(in the best such context, else in the one that holds most of the facts). All of the corpus in context is the measure.
"""

import sys
from pathlib import Path
from typing import Literal

import polars as pl
import tyro
from pydantic import Field

from augment.config import AugmentConfig
from augment.operators.base import Record
from augment.stages.together.contexts import Group, groups
from engine.config import EngineConfig, Settings
from engine.pool import EnginePool
from engine.store.ids import content_id
from eval.arms.items import answers
from eval.arms.retrieval import facts_of
from eval.benchmarks.base import Benchmark, drawn, ready
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig
from eval.measure.accuracy import interval, percent, summarise


class PartialConfig(Settings):
    """What is compared."""

    model: str = "pico"
    """pico (embedded), a folder saved by save_pretrained, or a hub name."""
    benchmark: BenchmarkConfig = BenchmarkConfig(name="semantic", size="small")
    seeds: tuple[int, ...] = (0, 1, 2)
    """Worlds."""
    shares: tuple[float, ...] = (0.5, 0.25, 0.125)
    """Sizes of contexts, as shares of the corpus' characters."""
    partners: tuple[Literal["bm25", "embedding", "random"], ...] = ("bm25", "embedding", "random")
    """Ways to choose what shares a context."""
    out: Path = Path("runs/partial")
    """Folder of the scores; a rerun resumes."""
    engine: EngineConfig = Field(default_factory=EngineConfig)


def chosen(found: list[Group], needs: set[str], facts: dict[str, set[str]]) -> tuple[Group | None, bool]:
    """The context in which most of the needed facts stand beside a target that states one, and whether all do."""
    best, most = None, 0
    for group in found:
        if any(facts[doc] & needs for record in group.targets for doc in record.doc_ids):
            held = len(needs & set[str]().union(*(facts[doc] for r in group.members for doc in r.doc_ids)))
            best, most = (group, held) if held > most else (best, most)
    return best, most == len(needs)


def asked(
    world: Benchmark, seed: int, config: PartialConfig, share: float, partners: str
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Items of one world and way (as `eval.arms.items.items`, with `arm` naming the way), coverage per question, contexts."""
    rows = drawn(world.documents, seed, config.benchmark.per_fact)
    records = [Record(text, (doc,)) for doc, text in rows.select("doc_id", "text").iter_rows()]
    size = sum(len(record.text) + 2 for record in records)
    settings = AugmentConfig.model_validate(
        {"context_chars": round(share * size), "seed": seed, "partners": partners if share < 1 else "random"}
    )
    found, facts, arm = list(groups(records, settings, config.model)), facts_of(rows), f"{share:g} {partners}"
    items, covered = [], []
    for row in world.questions.filter(pl.col("needs").list.len() > 0).iter_rows(named=True):
        group, whole = chosen(found, set(row["needs"]), facts)
        prefix = "".join(f"{record.text}\n" for record in group.members) if group else ""
        identity = content_id(row["question_id"], seed, arm, prefix, config.model)
        items.append((identity, row["question_id"], arm, seed, prefix, row["stem"], row["choices"], None))
        covered.append((arm, row["split"], whole))
    columns: dict[str, type[pl.DataType] | pl.DataType] = {
        **dict.fromkeys(("item_id", "question_id", "arm"), pl.String),
        "seed": pl.Int64,
        **dict.fromkeys(("prefix", "stem"), pl.String),
        "choices": pl.List(pl.String),
        "adapter": pl.String,
    }
    shares = pl.DataFrame(covered, schema={"arm": pl.String, "split": pl.String, "covered": pl.Boolean}, orient="row")
    return pl.DataFrame(items, schema=columns, orient="row"), shares, len(found)


def main(config: PartialConfig) -> None:
    """Score every way and print a Markdown table."""
    worlds = {seed: ready(load(config.benchmark, seed)) for seed in config.seeds}
    ways = [(1.0, "all"), *((share, way) for share in config.shares for way in config.partners)]
    tables, shares, contexts = [], [], dict[str, float]()
    for share, way in ways:
        for seed, world in worlds.items():
            table, covered, count = asked(world, seed, config, share, way)
            tables.append(table)
            shares.append(covered)
            contexts[f"{share:g} {way}"] = contexts.get(f"{share:g} {way}", 0) + count / len(worlds)
    items = pl.concat(tables)
    with EnginePool(config.model, config.engine) as pool:
        scores = pool.score(items, config.out / "scores")
    questions = pl.concat(w.questions.with_columns(pl.lit(s, dtype=pl.Int64).alias("seed")) for s, w in worlds.items())
    world = next(iter(worlds.values()))
    summary = summarise(answers(scores, items, questions, world.cluster)).filter(norm="sum")
    covered = pl.concat(shares).group_by("arm", "split").agg(pl.col("covered").mean())
    splits = summary["split"].unique(maintain_order=True).to_list()
    print("| context | partners | contexts |" + "".join(f" {split} |" for split in splits))
    print("|---|---|---|" + "---|" * len(splits))
    for share, way in ways:
        cells = []
        for split in splits:
            row = summary.row(
                by_predicate=(pl.col("arm") == f"{share:g} {way}") & (pl.col("split") == split), named=True
            )
            held = covered.filter(arm=f"{share:g} {way}", split=split)["covered"].item()
            cells.append(f" {percent(held)}: {interval(row)} |")
        print(f"| {percent(share)} | {way} | {contexts[f'{share:g} {way}']:.0f} |" + "".join(cells))
    sys.stdout.flush()


if __name__ == "__main__":
    main(tyro.cli(PartialConfig))
