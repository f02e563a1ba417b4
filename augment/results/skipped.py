"""What an augmentation left out, each input named with its reason."""

from pathlib import Path

import polars as pl
from rich.markup import escape

from augment.reading.corpus import Skipped
from augment.text.sentences import rows_without_header
from engine.console import say
from engine.store.tables import write_table


def name_skipped(skipped: Skipped) -> None:
    """Name what was left out, each on a line with its reason."""
    for source, reason in skipped:
        say(f"[yellow]skipped[/] {escape(source)}: {escape(reason)}")


def unasked(documents: pl.DataFrame, requests: pl.DataFrame) -> Skipped:
    """(source, reason) of the documents, and of the rows of tables, that no request is about; rules, which ask nothing, pass over none.

    `requests` has doc_ids and source_text. Operators on documents are shown tables as they are; sentence operators only rows that are
    statements (`augment.text.rows`).
    """
    if requests.is_empty():
        return []
    asked = set(requests["doc_ids"].explode())
    shown = set(requests.filter(pl.col("source_text").str.contains(r"(?m)^\s*\|"))["doc_ids"].explode())
    found: Skipped = []
    for doc_id, text, source in documents.select("doc_id", "text", "source").iter_rows():
        if doc_id not in asked:
            found.append(
                (source, "no sentence to ask about, only headings, tables or code; it stays among the examples")
            )
        elif doc_id not in shown and "|" in text and (rows := rows_without_header(text)):
            reason = f"{rows:,} rows of tables without a header, which say nothing alone; they stay among the examples"
            found.append((source, reason))
    return found


def write_skipped(out: Path, skipped: Skipped) -> None:
    """Write skipped.parquet, empty where nothing was left out."""
    table = pl.DataFrame(skipped, schema={"source": pl.String, "reason": pl.String}, orient="row")
    write_table(out / "skipped.parquet", table)
