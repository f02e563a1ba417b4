"""One Parquet file, read and written whole."""

import io
from pathlib import Path

import polars as pl

from engine.store.places import Place, read_bytes, write_whole


def write_table(where: Place, table: pl.DataFrame) -> None:
    """Write one Parquet file (zstd) so that it is either absent or complete."""
    content = io.BytesIO()
    table.write_parquet(content, compression="zstd")
    write_whole(where, content.getvalue())


def read_table(where: Place) -> pl.DataFrame:
    """One Parquet file."""
    return pl.read_parquet(where if isinstance(where, Path) else io.BytesIO(read_bytes(where)), glob=False)
