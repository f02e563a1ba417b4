"""Parquet files that are written and read batch by batch, so that a corpus need not fit into memory."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

ROWS = 20_000
"""Rows in a batch that is read."""


def write_batches(path: Path, tables: Iterable[pl.DataFrame], schema: dict[str, Any]) -> int:
    """Write tables into one file (zstd) that is either absent or complete; returns the number of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial, rows = path.with_name(f".{path.name}.partial"), 0
    with pq.ParquetWriter(partial, pl.DataFrame(schema=schema).to_arrow().schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table.select(pl.col(name).cast(kind) for name, kind in schema.items()).to_arrow())
            rows += table.height
    os.replace(partial, path)
    return rows


def read_batches(path: Path, columns: list[str] | None = None) -> Iterator[pl.DataFrame]:
    """The rows of a file, some at a time."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(ROWS, columns=columns):
            table: Any = pl.from_arrow(batch)
            yield table
