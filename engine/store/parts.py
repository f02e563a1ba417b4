"""Exactly-once Parquet folders: part files appear whole, then their manifest entry; readers see only what both name.

A folder holds `part-KEY.parquet` and `_manifest/part-KEY.json`; it is a local path or an fsspec URL. A part is written
under a temporary name and renamed (an object store shows an object whole anyway); the manifest entry comes last, so a
crash leaves at most an unnamed part that is written again. Of the two, engines write parts and only the driver
writes entries: a part that a lost node or a dead driver's engine writes too late is never seen.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet

from engine.store.places import Place, filesystem, join, names, place, remove, write_whole
from engine.store.tables import read_table, write_table

THREADS = 32
"""Parts of an object store that are read at a time: each costs a round trip."""


def write_part(folder: Place, key: str, table: pl.DataFrame) -> None:
    """Write a part, which nobody sees before its entry."""
    write_table(join(folder, f"part-{key}.parquet"), table)


def write_entry(folder: Place, key: str, rows: int) -> None:
    """Write the manifest entry of a part: from now on its rows are finished."""
    write_whole(join(folder, "_manifest", f"part-{key}.json"), json.dumps({"rows": rows}).encode())


def commit_part(folder: Place, key: str, table: pl.DataFrame) -> None:
    """Add a part and then its manifest entry."""
    write_part(folder, key, table)
    write_entry(folder, key, table.height)


def parts(folder: Place) -> list[Any]:
    """The committed parts, sorted by name."""
    there = names(folder)
    found = (f"{n.removesuffix('.json')}.parquet" for n in names(join(folder, "_manifest")) if n.startswith("part-"))
    return [join(folder, name) for name in sorted(found) if name in there]


def read_parts(folder: Place, schema: dict[str, Any]) -> pl.DataFrame:
    """All committed rows of a folder; an empty table of `schema` where there are none."""
    files = parts(place(folder))
    if not files:
        return pl.DataFrame(schema=schema)
    return (
        pl.read_parquet(files, glob=False) if isinstance(files[0], Path) else pl.concat(_in_threads(read_table, files))
    )


def stream_parts(folder: Place) -> Iterator[pl.DataFrame]:
    """Committed parts one after another, for tables larger than memory."""
    yield from map(read_table, parts(place(folder)))


def finished(folder: Place, column: str) -> pl.LazyFrame:
    """The column of ids that committed parts hold, read when it is collected; an id with several rows comes several times."""
    return _columns(parts(place(folder)), [column])


def drop_errors(folder: Place, column: str) -> int:
    """Take the rows of every id that has an error out of the parts, so that they are done again; returns how many ids.

    Each part is replaced as a whole, and a part that held nothing else goes, entry first: a crash in between leaves
    some errors where they were.
    """
    folder = place(folder)
    files = parts(folder)
    failed = _columns(files, [column, "error"]).filter(pl.col("error").is_not_null())
    bad = failed.select(column).unique().collect()[column]
    for where in files if bad.len() else []:
        table = read_table(where)
        kept = table.filter(~pl.col(column).is_in(bad.implode()))
        key = str(where).rsplit("/", 1)[-1].removeprefix("part-").removesuffix(".parquet")
        if kept.is_empty():
            remove(join(folder, "_manifest", f"part-{key}.json"))
            remove(where)
        elif kept.height < table.height:
            commit_part(folder, key, kept)
    return bad.len()


def _in_threads(read: Any, files: list[Any]) -> list[pl.DataFrame]:
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(read, files))


def _columns(files: list[Any], columns: list[str]) -> pl.LazyFrame:
    """Some columns of all parts, without reading the others."""
    if not files:
        return pl.LazyFrame(schema=dict.fromkeys(columns, pl.String))
    if isinstance(files[0], Path):
        return pl.scan_parquet(files, glob=False).select(columns)

    def read(url: str) -> pl.DataFrame:
        files, path = filesystem(url)
        with files.open(path, "rb") as file:
            found: Any = pl.from_arrow(pyarrow.parquet.read_table(file, columns=columns))
        return found

    return pl.concat(_in_threads(read, files)).lazy()
