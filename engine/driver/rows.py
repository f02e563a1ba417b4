"""Rows that are left to do, in an order that shares context, cut into shards without holding a file's rows in memory."""

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import polars as pl
import pyarrow

from engine.errors import UserError
from engine.store.places import Place, filesystem, told
from engine.tasks.base import Task

BATCH_ROWS = 4096
"""Rows of a file that are read at a time."""
CHUNK_BYTES, CHUNK_ROWS = 64 * 2**20, 65_536
"""Rows that are sorted in memory at a time: up to either bound."""
GATHERED_BYTES = 64 * 2**20
"""Rows that are held until they are distributed, so that each chunk's file grows by large pieces."""
PREFIX_CHARS = 256
"""Characters by which different contexts of files are sorted; those that have them in common stand in any order, each together."""
LEASE_SECONDS = 2.0
"""Shards of quick rows grow until one lasts about that long, up to `GROWTH` times `shard_rows`."""
GROWTH = 16
SHRINK = 16
"""The last shards are down to this much smaller than `shard_rows`."""


def shard_size(left: int, engines: int, shard_rows: int, rate: float = 0.0) -> int:
    """Rows of the next shard, where `left` are not cut yet and an engine does `rate` rows a second.

    Quick rows come in larger shards, which cost less each. With several engines the last shards shrink, so that all
    engines end at about the same time.
    """
    size = max(shard_rows, min(GROWTH * shard_rows, int(LEASE_SECONDS * rate)))
    if engines > 1:
        smallest = min(shard_rows // SHRINK, math.ceil(left / engines))
        size = min(size, max(math.ceil(left / (2 * engines)), smallest))
    return min(size, left)


class Rows:
    """The rows of a table, or of Parquet files (a path or URL), that are not finished yet, in order.

    Of files ids, 24 bytes a row and different contexts' beginnings are held; what a task reads of their rows goes through a folder of
    chunks on the local disk, as many as it takes to sort each in memory.
    """

    def __init__(self, source: pl.DataFrame | Place, task: Task, finished: pl.LazyFrame):
        self.task, self.source = task, source
        index = _index(source, task)
        self.total = int(index["calls"].sum())
        if index[task.key].null_count():
            raise UserError(f"{index[task.key].null_count()} rows have no {task.key}; every row needs its own.")
        ids = index[task.key].sort()
        repeated = int((ids == ids.shift()).sum())
        if repeated:
            raise UserError(f"{repeated} rows repeat a {task.key}; every {task.key} must be unique.")
        del ids
        height = index.height
        have = finished.select(pl.col(task.key).cast(pl.String).hash()).collect(engine="streaming").to_series()
        if not have.is_empty():
            index = index.filter(found_at(index[task.key].cast(pl.String).hash(), have).is_null())
        del have
        index = index.sort(pl.exclude("row", "calls", task.key), task.key)
        self.order: pl.Series = index["row"]
        self.left = index.height
        self.calls = int(index["calls"].sum())
        self.scratch: tempfile.TemporaryDirectory | None = None
        self.chunks: Iterator[pl.DataFrame] | None = None
        self.ready = pl.DataFrame()
        if not isinstance(source, pl.DataFrame) and self.left:
            self.scratch = tempfile.TemporaryDirectory(prefix="forethought-")
            self.chunks = _sorted_chunks(source, task, self.order, height, Path(self.scratch.name))

    def take(self, count: int) -> pl.DataFrame:
        """The next `count` rows, with every column filled."""
        if isinstance(self.source, pl.DataFrame):
            start = self.order.len() - self.left
            found = self.task.fill(self.source[self.order.slice(start, count)])
        else:
            while self.ready.height < count and self.chunks:
                chunk = next(self.chunks, None)
                if chunk is None:
                    break
                self.ready = pl.concat([self.ready, chunk]) if self.ready.height else chunk
            found, self.ready = self.ready[:count], self.ready[count:]
        self.left -= found.height
        return found

    def adapters(self) -> list[str]:
        """The adapters that the rows name."""
        found = set[str]()
        for batch in batches(self.source, self.task, {"adapter"}):
            if "adapter" in batch.columns:
                found.update(batch["adapter"].drop_nulls().unique())
        return sorted(found)

    def close(self) -> None:
        """Remove what lies on the local disk."""
        if self.scratch:
            self.scratch.cleanup()


def found_at(values: pl.Series, known: pl.Series) -> pl.Series:
    """Where each of some numbers stands among the known ones; null where it does not. Sorting takes less memory than a join."""
    there = known.to_numpy()
    order = numpy.argsort(there, kind="stable")
    there, wanted = there[order], values.to_numpy()
    place = numpy.searchsorted(there, wanted).clip(max=max(0, len(there) - 1))
    hit = there[place] == wanted if len(there) else numpy.zeros(len(wanted), dtype=bool)
    found = pl.Series(order[place] if len(there) else place, dtype=pl.Int64)
    return pl.select(pl.when(pl.Series(hit)).then(found)).to_series()


def batches(source: pl.DataFrame | Place, task: Task, columns: set[str] | None = None) -> Iterator[pl.DataFrame]:
    """The source's rows in its own order, a bounded number at a time."""
    if isinstance(source, pl.DataFrame):
        task.check(source.schema)
        yield source
        return
    import pyarrow.dataset  # which takes pandas along
    import pyarrow.parquet

    files, path = (None, str(source)) if isinstance(source, Path) else filesystem(source)
    try:
        data = pyarrow.dataset.dataset(path, format="parquet", filesystem=files)
        task.check(_schema(data.schema))
        wanted = [c for c in data.schema.names if columns is None or c in columns]
        for name in data.files:
            # file by file: a dataset's own scan takes whole row groups into memory
            with files.open(name) if files else open(name, "rb") as file:
                parquet = pyarrow.parquet.ParquetFile(file)
                task.check(_schema(parquet.schema_arrow))  # the files of a folder may differ
                for batch in parquet.iter_batches(BATCH_ROWS, columns=wanted):
                    rows: Any = pl.from_arrow(batch)
                    yield rows
    except (OSError, pyarrow.ArrowInvalid) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"Cannot read {source} ({reason}): give a Parquet file or a folder of them.") from error


def _schema(schema: pyarrow.Schema) -> dict[str, Any]:
    """An Arrow schema as polars reads it."""
    table: Any = pl.from_arrow(schema.empty_table())
    return dict(table.schema)


def _index(source: pl.DataFrame | Place, task: Task) -> pl.DataFrame:
    """Row number, id, number of calls and what to sort by, for each row."""
    order = [c for c in task.order if c != task.key]
    columns = [pl.col(task.key), task.calls.cast(pl.Int64).alias("calls")]
    if isinstance(source, pl.DataFrame):
        columns += [pl.col(c).alias(f"by_{c}") for c in order]
        found = [task.fill(batch).select(columns) for batch in batches(source, task)]
        return pl.concat(found).with_row_index("row")
    columns += [pl.col(c).hash().alias(f"by_{c}") for c in order]
    heads: dict[str, dict[int, str]] = {c: {} for c in order}
    tables = [pl.DataFrame(schema={task.key: pl.String, "calls": pl.Int64} | {f"by_{c}": pl.UInt64 for c in order})]
    for batch in batches(source, task, {task.key, *task.order, *task.calls.meta.root_names()}):
        filled = task.fill(batch)
        tables.append(filled.select(columns))
        for c in order:
            texts = filled.select(key=pl.col(c).hash(), head=pl.col(c).str.head(PREFIX_CHARS)).unique("key")
            heads[c].update(texts.drop_nulls().iter_rows())
    index = pl.concat(tables)
    for c in order:  # a number for each context, in the order of their beginnings
        ranks = {key: rank for rank, key in enumerate(sorted(heads[c], key=lambda key: (heads[c][key], key)))}
        ranked = pl.DataFrame(
            {f"by_{c}": ranks.keys(), "rank": ranks.values()}, {f"by_{c}": pl.UInt64, "rank": pl.UInt32}
        )
        index = index.join(ranked, on=f"by_{c}", how="left", maintain_order="left").drop(f"by_{c}")
        index = index.rename({"rank": f"by_{c}"})
    return index.with_row_index("row")


def _sorted_chunks(source: Place, task: Task, order: pl.Series, height: int, folder: Path) -> Iterator[pl.DataFrame]:
    """The rows of a source in order, in tables: distributed over files by their place in it, and then sorted file by file."""
    size = _distribute(source, task, order, height, folder)
    for chunk in range(-(-order.len() // size)):
        path = folder / f"{chunk}.arrows"
        yield task.fill(pl.concat(_appended(path)).sort("rank").drop("rank"))
        path.unlink()


def _distribute(source: Place, task: Task, order: pl.Series, height: int, folder: Path) -> int:
    """Write the rows into files of equally many, each with its rank; returns how many those are."""
    rank = numpy.full(height, -1, dtype=numpy.int64)
    rank[order.to_numpy()] = numpy.arange(order.len())
    size, start, waiting, waiting_bytes = 0, 0, list[pl.DataFrame](), 0
    read = {task.key, *task.needed, *task.types, *task.defaults}
    for batch in batches(source, task, read):
        size = size or max(1, min(CHUNK_ROWS, CHUNK_BYTES * batch.height // (1 + int(batch.estimated_size()))))
        ranked = task.fill(batch).with_columns(pl.Series("rank", rank[start : start + batch.height]))
        start += batch.height
        waiting.append(ranked.filter(pl.col("rank") >= 0).select(*sorted(read), "rank"))
        waiting_bytes += int(waiting[-1].estimated_size())
        if waiting_bytes >= GATHERED_BYTES or start == height:
            _append(pl.concat(waiting), size, folder)
            waiting, waiting_bytes = [], 0
    return size


def _append(rows: pl.DataFrame, size: int, folder: Path) -> None:
    """Add rows to the files of their chunks, each as a stream of Arrow behind those that are there."""
    cut = rows.with_columns(chunk=pl.col("rank") // size)
    for (chunk,), some in cut.partition_by("chunk", as_dict=True, include_key=False).items():
        path = folder / f"{chunk}.arrows"
        with (
            told(
                "write",
                path,
                "make room there, or set TMPDIR to another folder, then run again: what is finished is kept",
            ),
            path.open("ab") as file,
        ):
            some.write_ipc_stream(file, compression="lz4")


def _appended(path: Path) -> list[pl.DataFrame]:
    """The streams of a file."""
    tables, size = list[Any](), path.stat().st_size
    with pyarrow.OSFile(str(path)) as file:
        while file.tell() < size:
            tables.append(pl.from_arrow(pyarrow.ipc.open_stream(file).read_all()))
    return tables
