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
CHUNK_BYTES, CHUNK_ROWS = 32 * 2**20, 65_536
"""Rows that are sorted in memory at a time: up to either bound."""
PREFIX_CHARS = 256
"""Characters of a sort column that are kept for each row of a file; the rest counts as a hash."""
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

    Of files only ids and sort keys are held; their rows go through a folder of sorted chunks on the local disk.
    """

    def __init__(self, source: pl.DataFrame | Place, task: Task, finished: pl.LazyFrame):
        self.task, self.source = task, source
        index = _index(source, task)
        self.total = int(index["calls"].sum())
        if index[task.key].null_count():
            raise UserError(f"{index[task.key].null_count()} rows have no {task.key}; every row needs one of its own.")
        ids = index[task.key].sort()
        repeated = int((ids == ids.shift()).sum())
        if repeated:
            raise UserError(f"{repeated} rows repeat a {task.key}; every {task.key} must be unique.")
        del ids
        height = index.height
        index = index.lazy().join(finished, on=task.key, how="anti").collect(engine="streaming")
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
    else:
        columns += [pl.col(c).str.head(PREFIX_CHARS).alias(f"by_{c}") for c in order]
        columns += [pl.col(c).hash().alias(f"hash_{c}") for c in order]
    needed = {task.key, *task.order, *task.calls.meta.root_names()}
    found = [task.fill(batch).select(columns) for batch in batches(source, task, needed)]
    empty = pl.DataFrame(schema={task.key: pl.String, "calls": pl.Int64})
    return (pl.concat(found) if found else empty).with_row_index("row")


def _sorted_chunks(source: Place, task: Task, order: pl.Series, height: int, folder: Path) -> Iterator[pl.DataFrame]:
    """Distribute the rows over files by their place in the order, then sort file by file."""
    rank = numpy.full(height, -1, dtype=numpy.int64)
    rank[order.to_numpy()] = numpy.arange(order.len())
    size, start = 0, 0
    for number, batch in enumerate(batches(source, task)):
        size = size or max(1, min(CHUNK_ROWS, CHUNK_BYTES * batch.height // (1 + int(batch.estimated_size()))))
        ranked = batch.with_columns(pl.Series("rank", rank[start : start + batch.height]))
        start += batch.height
        wanted = ranked.filter(pl.col("rank") >= 0).with_columns(chunk=pl.col("rank") // size)
        for (chunk,), rows in wanted.partition_by("chunk", as_dict=True, include_key=False).items():
            path = folder / f"{chunk}-{number}.parquet"
            with told(
                "write",
                path,
                "make room there, or set TMPDIR to another folder, then run again: what is finished is kept",
            ):
                rows.write_parquet(path, compression="lz4")
    del rank
    for chunk in range(-(-order.len() // size)):
        files = sorted(folder.glob(f"{chunk}-*.parquet"))
        yield task.fill(pl.read_parquet(files, glob=False).sort("rank").drop("rank"))
        for file in files:
            file.unlink()
