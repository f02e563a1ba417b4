"""Rows that are left to do, in an order that shares context, cut into shards without holding a file's rows in memory."""

import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from engine.errors import UserError
from engine.store.parts import GENERATIONS, SCORES
from engine.store.places import Place, filesystem

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


@dataclass(frozen=True)
class Kind:
    """What distinguishes the two kinds of work: columns, order, calls per row, results."""

    key: str
    needed: tuple[str, ...]
    needs: str
    defaults: dict[str, pl.Expr]
    order: tuple[str, ...]
    calls: pl.Expr
    schema: dict[str, Any]

    def check(self, columns: list[str]) -> None:
        """Raise UserError where a needed column is missing."""
        missing = [c for c in self.needed if c not in columns]
        if missing:
            have = ", ".join(columns)
            raise UserError(f"The table lacks {', '.join(missing)}; it has {have} and needs {self.needs}.")

    def fill(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the optional columns, ids as text."""
        missing = [e.alias(name) for name, e in self.defaults.items() if name not in rows.columns]
        return rows.with_columns(pl.col(self.key).cast(pl.String), *missing)

    def failed(self, rows: pl.DataFrame, error: str) -> pl.DataFrame:
        """Result rows for rows that no engine could answer."""
        results: list[dict[str, Any]] = []
        for row in rows.iter_rows(named=True):
            if self.key == "request_id":
                results += [
                    {"request_id": row["request_id"], "sample": i, "error": error} for i in range(row["n"] or 1)
                ]
                continue
            for number, choice in enumerate(row["choices"]):
                size = {"chars": len(choice), "bytes": len(choice.encode())}
                results.append({"item_id": row["item_id"], "choice": number, "error": error} | size)
        return pl.DataFrame(results, schema=self.schema)


KINDS = {
    "generate": Kind(
        "request_id",
        ("request_id",),
        "prompt or messages",
        {
            "prefix_key": pl.lit(""),
            "messages": pl.lit(None, dtype=pl.String),
            "prompt": pl.lit(None, dtype=pl.String),
            "sampling": pl.lit("{}"),
            "n": pl.lit(1),
            "adapter": pl.lit(None, dtype=pl.String),
        },
        ("prefix_key", "request_id"),
        pl.col("n").fill_null(1),
        GENERATIONS,
    ),
    "score": Kind(
        "item_id",
        ("item_id", "stem", "choices"),
        "stem and choices",
        {"prefix": pl.lit(""), "adapter": pl.lit(None, dtype=pl.String)},
        ("adapter", "prefix", "item_id"),
        pl.col("choices").list.len(),
        SCORES,
    ),
}


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

    def __init__(self, source: pl.DataFrame | Place, kind: Kind, finished: pl.LazyFrame):
        self.kind, self.source = kind, source
        index = _index(source, kind)
        self.total = int(index["calls"].sum())
        if index[kind.key].null_count():
            raise UserError(f"{index[kind.key].null_count()} rows have no {kind.key}; every row needs one of its own.")
        ids = index[kind.key].sort()
        repeated = int((ids == ids.shift()).sum())
        if repeated:
            raise UserError(f"{repeated} rows repeat a {kind.key}; every {kind.key} must be unique.")
        del ids
        height = index.height
        index = index.lazy().join(finished, on=kind.key, how="anti").collect(engine="streaming")
        index = index.sort(pl.exclude("row", "calls", kind.key), kind.key)
        self.order: pl.Series = index["row"]
        self.left = index.height
        self.calls = int(index["calls"].sum())
        self.scratch: tempfile.TemporaryDirectory | None = None
        self.chunks: Iterator[pl.DataFrame] | None = None
        self.ready = pl.DataFrame()
        if not isinstance(source, pl.DataFrame) and self.left:
            self.scratch = tempfile.TemporaryDirectory(prefix="forethought-")
            self.chunks = _sorted_chunks(source, kind, self.order, height, Path(self.scratch.name))

    def take(self, count: int) -> pl.DataFrame:
        """The next `count` rows, with every column filled."""
        if isinstance(self.source, pl.DataFrame):
            start = self.order.len() - self.left
            found = self.kind.fill(self.source[self.order.slice(start, count)])
        else:
            while self.ready.height < count and self.chunks:
                chunk = next(self.chunks, None)
                if chunk is None:
                    break
                self.ready = pl.concat([self.ready, chunk]) if self.ready.height else chunk
            found, self.ready = self.ready[:count], self.ready[count:]
        self.left -= found.height
        return found

    def close(self) -> None:
        """Remove what lies on the local disk."""
        if self.scratch:
            self.scratch.cleanup()


def _batches(source: pl.DataFrame | Place, kind: Kind, columns: set[str] | None = None) -> Iterator[pl.DataFrame]:
    """The source's rows in its own order, a bounded number at a time."""
    if isinstance(source, pl.DataFrame):
        kind.check(source.columns)
        yield source
        return
    import pyarrow.dataset
    import pyarrow.parquet

    files, path = (None, str(source)) if isinstance(source, Path) else filesystem(source)
    try:
        data = pyarrow.dataset.dataset(path, format="parquet", filesystem=files)
        kind.check(data.schema.names)
        wanted = [c for c in data.schema.names if columns is None or c in columns]
        for name in data.files:
            # file by file: a dataset's own scan takes whole row groups into memory
            with files.open(name) if files else open(name, "rb") as file:
                for batch in pyarrow.parquet.ParquetFile(file).iter_batches(BATCH_ROWS, columns=wanted):
                    rows: Any = pl.from_arrow(batch)
                    yield rows
    except (OSError, pyarrow.ArrowInvalid) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"Cannot read {source} ({reason}): give a Parquet file or a folder of them.") from error


def _index(source: pl.DataFrame | Place, kind: Kind) -> pl.DataFrame:
    """Row number, id, number of calls and what to sort by, for each row."""
    order = [c for c in kind.order if c != kind.key]
    columns = [pl.col(kind.key), kind.calls.cast(pl.Int64).alias("calls")]
    if isinstance(source, pl.DataFrame):
        columns += [pl.col(c).alias(f"by_{c}") for c in order]
    else:
        columns += [pl.col(c).str.head(PREFIX_CHARS).alias(f"by_{c}") for c in order]
        columns += [pl.col(c).hash().alias(f"hash_{c}") for c in order]
    needed = {kind.key, *kind.order, *kind.calls.meta.root_names()}
    found = [kind.fill(batch).select(columns) for batch in _batches(source, kind, needed)]
    empty = pl.DataFrame(schema={kind.key: pl.String, "calls": pl.Int64})
    return (pl.concat(found) if found else empty).with_row_index("row")


def _sorted_chunks(source: Place, kind: Kind, order: pl.Series, height: int, folder: Path) -> Iterator[pl.DataFrame]:
    """Distribute the rows over files by their place in the order, then sort file by file."""
    import numpy

    rank = numpy.full(height, -1, dtype=numpy.int64)
    rank[order.to_numpy()] = numpy.arange(order.len())
    size, start = 0, 0
    for number, batch in enumerate(_batches(source, kind)):
        size = size or max(1, min(CHUNK_ROWS, CHUNK_BYTES * batch.height // (1 + int(batch.estimated_size()))))
        ranked = batch.with_columns(pl.Series("rank", rank[start : start + batch.height]))
        start += batch.height
        wanted = ranked.filter(pl.col("rank") >= 0).with_columns(chunk=pl.col("rank") // size)
        for (chunk,), rows in wanted.partition_by("chunk", as_dict=True, include_key=False).items():
            rows.write_parquet(folder / f"{chunk}-{number}.parquet", compression="lz4")
    del rank
    for chunk in range(-(-order.len() // size)):
        files = sorted(folder.glob(f"{chunk}-*.parquet"))
        yield kind.fill(pl.read_parquet(files).sort("rank").drop("rank"))
        for file in files:
            file.unlink()
