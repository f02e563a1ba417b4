"""What an augmentation left out, each input named with its reason."""

from pathlib import Path

import polars as pl
from rich.markup import escape

from augment.reading.corpus import Skipped
from engine.console import say
from engine.store.tables import write_table


def name_skipped(skipped: Skipped) -> None:
    """Name what was left out, each on a line with its reason."""
    for source, reason in skipped:
        say(f"[yellow]skipped[/] {escape(source)}: {escape(reason)}")


def unasked(documents: pl.DataFrame, requests: pl.DataFrame) -> Skipped:
    """(source, reason) of the documents that no request is about; rules, which ask nothing, pass over none."""
    if requests.is_empty():
        return []
    asked = requests["doc_ids"].explode().unique().implode()
    reason = "no sentence to ask about, only headings, tables or code; it stays among the examples"
    return [(source, reason) for source in documents.filter(~pl.col("doc_id").is_in(asked))["source"]]


def write_skipped(out: Path, skipped: Skipped) -> None:
    """Write skipped.parquet, empty where nothing was left out."""
    table = pl.DataFrame(skipped, schema={"source": pl.String, "reason": pl.String}, orient="row")
    write_table(out / "skipped.parquet", table)
