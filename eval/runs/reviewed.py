"""The inferences of a run as people decided about them, and the page on which they decide."""

from collections import Counter
from pathlib import Path

import polars as pl

from augment.config import AugmentConfig
from augment.results.review import write_review
from augment.results.summary import say_review
from augment.review.decisions import KINDS
from augment.review.reviewed import known_decisions, review
from eval.config import RunConfig


def reviewed_worlds(
    made: dict[int, pl.DataFrame], documents: dict[int, pl.DataFrame], config: RunConfig, run: Path
) -> dict[int, pl.DataFrame]:
    """The inferences of the worlds after decisions, which the run's folder keeps; writes review.html with those of all worlds.

    The tables in worlds/ stay as checks left them. A decision counts in every world that has its inference.
    """
    tables = [table.with_columns(world=pl.lit(seed, dtype=pl.Int64)) for seed, table in made.items()]
    texts = pl.concat([documents[seed] for seed in made]).unique("doc_id", maintain_order=True)
    found = review(pl.concat(tables), texts, config.augment, run)
    shown = found.checked.drop("world").unique("inference_id", maintain_order=True)
    write_review(run, shown, texts, config.model, config.augment.seed, found.decisions.values())
    say_review(found.lines)
    return {seed: found.inferences.filter(world=seed).drop("world") for seed in made}


def decided(run: Path) -> dict[str, int]:
    """How many inferences people kept, rejected and edited, by the decisions that the run's folder keeps; {} without any."""
    counts = Counter(one.decision for one in known_decisions(AugmentConfig(), run).values())
    return {kind: counts[kind] for kind in KINDS} if counts else {}
