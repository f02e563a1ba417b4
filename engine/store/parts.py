"""Exactly-once Parquet folders: part files appear whole, then their manifest entry, and the manifest alone says what is there.

A folder holds `part-KEY.parquet` and `_manifest/part-KEY.json`; it is a local path or an fsspec URL. A part is written
under a temporary name and renamed (an object store shows an object whole anyway); the manifest entry comes last, so a
crash leaves at most an unnamed part, which the next owner removes. Of the two, engines write parts and only the driver
writes entries: a part that a lost node or a dead driver's engine writes too late is never seen. Listings of a shared disk may
be late; files that are asked for by their names are not.
"""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl

from engine.errors import UserError
from engine.store.places import Place, exists, join, names, place, read_bytes, remove, write_whole
from engine.store.tables import read_columns, read_table, write_table

THREADS = 32
"""Parts of an object store that are read at a time: each costs a round trip."""
NOTED = ("_manifest", "keys.json")
LATE_SECONDS = 10.0
"""How long a part that the manifest names may take to appear: other machines see files late."""


def write_part(folder: Place, key: str, table: pl.DataFrame) -> None:
    """Write a part, which nobody sees before its entry."""
    write_table(join(folder, f"part-{key}.parquet"), table)


def write_entry(folder: Place, key: str, rows: int, **facts: str) -> None:
    """Write the manifest entry of a part, with facts about its rows: from now on they are finished."""
    write_whole(_entry(folder, key), json.dumps({"rows": rows, **facts}).encode())


def commit_part(folder: Place, key: str, table: pl.DataFrame, **facts: str) -> None:
    """Add a part and then its manifest entry."""
    write_part(folder, key, table)
    write_entry(folder, key, table.height, **facts)


def parts(folder: Place) -> list[Any]:
    """The committed parts, sorted by name; raises UserError where one stays away that the manifest names."""
    there = names(folder)
    files = [join(folder, f"part-{key}.parquet") for key in keys(folder)]
    for where in files:
        if str(where).rsplit("/", 1)[-1] not in there:  # a listing may be late
            _wait_for(where)
    return files


def keys(folder: Place) -> list[str]:
    """The keys that the manifest names, sorted, also those that a late listing does not show."""
    listed = names(join(folder, "_manifest"))
    found = {
        n.removeprefix("part-").removesuffix(".json") for n in listed if n.startswith("part-") and n.endswith(".json")
    }
    return sorted(found | {key for key in set(_noted(folder)) - found if exists(_entry(folder, key))})


def note(folder: Place) -> None:
    """Write the keys into one file, which is read by its name: a machine that lists the manifest late still knows them.

    For an owner that ends. One that is killed writes none; whoever follows it on another machine waits for longer than
    listings are late (`owner.STALE_SECONDS`), and on the same one they are not.
    """
    if (found := keys(folder)) != _noted(folder):
        write_whole(join(folder, *NOTED), json.dumps(found).encode())


def _noted(folder: Place) -> list[str]:
    where = join(folder, *NOTED)
    found: list[str] = json.loads(read_bytes(where)) if exists(where) else []
    return found


def _entry(folder: Place, key: str) -> Place:
    return join(folder, "_manifest", f"part-{key}.json")


def entries(folder: Place) -> dict[str, dict[str, Any]]:
    """What the manifest says of each part, by key."""
    found = keys(folder)
    read = in_threads(read_bytes, [_entry(folder, key) for key in found])
    return {key: json.loads(content) for key, content in zip(found, read, strict=True)}


def read_parts(folder: Place, schema: dict[str, Any]) -> pl.DataFrame:
    """All committed rows of a folder; an empty table of `schema` where there are none."""
    files = parts(place(folder))
    if not files:
        return pl.DataFrame(schema=schema)
    return (
        pl.read_parquet(files, glob=False) if isinstance(files[0], Path) else pl.concat(in_threads(read_table, files))
    )


def scan_parts(folder: Place) -> pl.LazyFrame:
    """All committed rows of a folder that has some, read when they are collected; those at a URL are in memory."""
    files = parts(place(folder))
    local = isinstance(files[0], Path)
    return pl.scan_parquet(files, glob=False) if local else pl.concat(in_threads(read_table, files)).lazy()


def local_parts(folder: Place, scratch: Path) -> list[Path]:
    """The committed parts as local files: those at a URL are copied into `scratch`."""
    files = parts(place(folder))
    if not files or isinstance(files[0], Path):
        return files
    copies = [scratch / f"{number}.parquet" for number in range(len(files))]
    in_threads(lambda pair: write_whole(pair[0], read_bytes(pair[1])), list(zip(copies, files, strict=True)))
    return copies


def stream_parts(folder: Place) -> Iterator[pl.DataFrame]:
    """Committed parts one after another, for tables larger than memory."""
    yield from map(read_table, parts(place(folder)))


def finished(folder: Place, column: str) -> pl.LazyFrame:
    """The column of ids that committed parts hold, read when it is collected; an id with several rows comes several times."""
    return _columns(parts(place(folder)), [column])


def drop_errors(folder: Place, column: str) -> int:
    """Take the rows of every id that has an error out of the parts, so that they are done again; returns how many ids."""
    bad = failed(folder, column)
    take_out(folder, column, bad)
    return bad.len()


def failed(folder: Place, column: str) -> pl.Series:
    """The ids that have an error."""
    bad = _columns(parts(folder), [column, "error"]).filter(pl.col("error").is_not_null())
    return bad.select(column).unique().collect()[column]


def finished_rows(folder: Place) -> int:
    """How many rows the manifest names."""
    return sum(entry["rows"] for entry in entries(folder).values())


def take_out(folder: Place, column: str, ids: pl.Series, keys: list[str] | None = None) -> None:
    """Take the rows of some ids out of the parts, or of some parts.

    Each part is replaced as a whole, and a part that held nothing else goes, entry first: a crash in between leaves
    some rows where they were.
    """
    if ids.is_empty():
        return
    known = entries(folder)
    for where in parts(folder):
        key = str(where).rsplit("/", 1)[-1].removeprefix("part-").removesuffix(".parquet")
        if keys is not None and key not in keys:
            continue
        table = read_table(where)
        kept = table.filter(~pl.col(column).is_in(ids.implode()))
        if kept.is_empty():
            remove(_entry(folder, key))
            remove(where)
        elif kept.height < table.height:
            commit_part(folder, key, kept, **{name: v for name, v in known[key].items() if name != "rows"})


def sweep(folder: Place) -> None:
    """Remove what no entry names: leases, parts that a crash or a dead engine left, half-written files. For the owner."""
    remove(join(folder, "_shards"))
    named = set(keys(folder))
    for name in names(folder):
        key = name.removeprefix("part-").removesuffix(".parquet")
        half = name.startswith(".part-") and name.endswith(".tmp")
        # the listing of the manifest may be late: it is asked by name too
        if name == f"part-{key}.parquet" and key not in named:
            half = not exists(_entry(folder, key))
        if half:
            remove(join(folder, name))
    for name in names(join(folder, "_manifest")):
        if name.startswith(".") and name.endswith(".tmp"):
            remove(join(folder, "_manifest", name))


def _wait_for(where: Place) -> None:
    """Return when a file is there."""
    until, pause = time.monotonic() + LATE_SECONDS, 0.05
    while not exists(where):
        if time.monotonic() > until:
            entry = str(where).replace("/part-", "/_manifest/part-").removesuffix("parquet") + "json"
            raise UserError(
                f"The finished part {where} is missing: restore it, or delete {entry} and repeat the command to redo its rows."
            )
        time.sleep(pause)
        pause = min(1.0, 2 * pause)


def in_threads(read: Any, files: list[Any]) -> list[Any]:
    """What `read` returns for each file, in order."""
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(read, files))


def _columns(files: list[Any], columns: list[str]) -> pl.LazyFrame:
    """Some columns of all parts, without reading the others."""
    if not files:
        return pl.LazyFrame(schema=dict.fromkeys(columns, pl.String))
    if isinstance(files[0], Path):
        return pl.scan_parquet(files, glob=False).select(columns)

    return pl.concat(in_threads(lambda url: read_columns(url, columns), files)).lazy()
