"""`forethought score`: items in, scores out."""

import contextlib
from pathlib import Path
from typing import Annotated

import polars as pl
import tyro
from rich.markup import escape

from augment.reading.tables import read_table
from engine.config import EngineConfig, Settings
from engine.console import say
from engine.driver.rows import Rows
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.copies import local_folder, shown
from engine.store.places import Place, place


class Job(Settings):
    """Compute log-likelihoods of choices, from a table of item_id, stem, choices, and optionally prefix and adapter.

    Exit status 0: every choice was scored. 2: the request was wrong. 3: some choices could not be scored; the table has their
    errors.
    """

    items: Annotated[str, tyro.conf.Positional] = ""
    """A .parquet or .jsonl file, or its URL (s3://...)."""
    model: str = "pico"
    """Model: pico (embedded), a folder saved by save_pretrained, or a hub name."""
    out: Path = Path("scores")
    """Folder or URL for the Parquet parts; repeating the command resumes."""
    dry_run: bool = False
    """Only print what would be done."""
    engine: EngineConfig = EngineConfig()


def run(job: Job) -> int:
    """Score a table of items; returns the exit status: 3 where choices have an error in the place of a score."""
    items = place(job.items)
    if not job.items or (isinstance(items, Path) and not items.exists()):
        raise UserError(
            f"score: there is no file {job.items!r}; give a .parquet or .jsonl file with item_id, stem and choices."
        )
    table, named = read_table(job.items), shown(job.out)
    with EnginePool(job.model, job.engine) as pool:
        if job.dry_run:
            with contextlib.closing(pool.foresee("score", table, job.out)) as left:
                say_scoring(table, left, named)
            return 0
        with local_folder(job.out, apart=("",)) as (_, out):
            scores = pool.score(table, out)
    errors = scores["error"].drop_nulls()
    say(f"{scores.height:,} choices scored, {errors.len():,} of them errors; wrote {named}")
    for error, count in errors.value_counts(sort=True).head(3).rows():
        say(f"  {count:,} not scored: {escape(error)}")
    return 3 if errors.len() else 0


def say_scoring(table: pl.DataFrame, left: Rows, out: Place) -> None:
    """Print what a scoring would ask for, and what is there already."""
    shared = [c for c in ("adapter", "prefix") if c in table.columns]
    contexts = table.unique(shared)["prefix"].str.len_chars().sum() if "prefix" in shared else 0
    own = table.select(
        pl.col("stem").str.len_chars().sum()
        + pl.col("choices").list.eval(pl.element().str.len_chars()).list.sum().sum()
    )
    say(
        f"{table.height:,} items, {left.total:,} choices: about {(contexts + own.item()) // 4:,} tokens (characters / 4), each "
        f"prefix counted once\n{out} already has {left.total - left.calls:,} of the choices; {left.calls:,} would be scored"
    )
