"""Parquet files that are written and read batch by batch, so that a corpus need not fit into memory."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from engine.store.places import told

ROWS = 20_000
"""Rows in a batch that is read."""


def write_batches(path: Path, tables: Iterable[pl.DataFrame], schema: dict[str, Any]) -> int:
    """Write tables into one file (zstd) that is either absent or complete; returns the number of rows."""
    half, rows = path.with_name(f".{path.name}.partial"), 0
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            writer = pq.ParquetWriter(half, pl.DataFrame(schema=schema).to_arrow().schema, compression="zstd")
        for table in _gathered(tables):
            rows += table.height
            with writing(path):
                writer.write_table(table.select(pl.col(name).cast(kind) for name, kind in schema.items()).to_arrow())
        with writing(path):
            writer.close()
            os.replace(half, path)
    finally:
        with contextlib.suppress(OSError):  # what is half written only takes room
            half.unlink()
    return rows


def _gathered(tables: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Small tables together, as each that is written has headers of its own."""
    waiting, rows = list[pl.DataFrame](), 0
    for table in tables:
        waiting.append(table)
        rows += table.height
        if rows >= ROWS:
            yield pl.concat(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pl.concat(waiting)


def writing(path: Path) -> contextlib.AbstractContextManager[None]:
    """Turns what keeps a file from being written into one sentence."""
    return told("write", path, "make room or choose another folder, then run again: what is finished is kept")


def read_batches(path: Path, columns: list[str] | None = None, rows: int = ROWS) -> Iterator[pl.DataFrame]:
    """The rows of a file, some at a time."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(rows, columns=columns):
            table: Any = pl.from_arrow(batch)
            yield table
