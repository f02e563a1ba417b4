"""Tables of examples or of other rows, read from a file."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from engine.errors import UserError


def read_rows(path: Path) -> pl.DataFrame:
    """The rows of a Parquet or JSON-lines file; raises UserError where it is of another kind or damaged."""
    readers: dict[str, Callable[[Path], pl.DataFrame]] = {".parquet": pl.read_parquet, ".jsonl": pl.read_ndjson}
    if path.suffix not in readers:
        raise UserError(f"{path} is neither .parquet nor .jsonl.")
    try:
        table = readers[path.suffix](path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(f"{path} cannot be read as {path.suffix}: {str(error).splitlines()[0]}.") from error
    if table.is_empty():
        raise UserError(f"{path} has no rows.")
    return table


def read_examples(path: Path) -> pl.DataFrame:
    """An `examples` table, or any Parquet or JSON-lines file with a `text` column."""
    if not path.exists():
        raise UserError(f"There is no file {path}; `forethought augment` writes examples.parquet.")
    table = read_rows(path)
    if "text" not in table.columns:
        raise UserError(f"{path} has no column text; it has {', '.join(table.columns)}.")
    if table["text"].dtype != pl.String:
        raise UserError(f"{path}: the column text must hold texts, not {table['text'].dtype}.")
    return table
