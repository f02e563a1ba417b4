"""Tables of examples, read from a file."""

from pathlib import Path

import polars as pl

from augment.reading.tables import read_table
from engine.errors import UserError


def read_examples(path: Path) -> pl.DataFrame:
    """An `examples` table, or any table file with a `text` column."""
    if not path.exists():
        raise UserError(f"There is no file {path}; `forethought augment` writes examples.parquet.")
    table = read_table(path)
    if "text" not in table.columns:
        raise UserError(f"{path} has no column text; it has {', '.join(table.columns)}.")
    if table["text"].dtype != pl.String:
        raise UserError(f"{path}: the column text must hold texts, not {table['text'].dtype}.")
    return table
