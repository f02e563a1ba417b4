"""One Parquet file, read and written whole."""

import io
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet

from engine.store.places import Place, filesystem, read_bytes, write_whole


def write_table(where: Place, table: pl.DataFrame) -> None:
    """Write one Parquet file (zstd) so that it is either absent or complete."""
    content = io.BytesIO()
    table.write_parquet(content, compression="zstd")
    write_whole(where, content.getvalue())


def read_table(where: Place) -> pl.DataFrame:
    """One Parquet file."""
    return pl.read_parquet(where if isinstance(where, Path) else io.BytesIO(read_bytes(where)), glob=False)


def read_columns(where: Place, columns: list[str]) -> pl.DataFrame:
    """Some columns of one Parquet file, without reading the others."""
    if isinstance(where, Path):
        return pl.read_parquet(where, columns=columns, glob=False)
    files, path = filesystem(where)
    with files.open(path, "rb") as file:
        found: Any = pl.from_arrow(pyarrow.parquet.read_table(file, columns=columns))
    return found
