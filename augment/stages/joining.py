"""Requests of many tables joined into a file, and answers with their requests: what needs all ids at once, but not all prompts."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from augment.checks.registry import SLICE
from augment.stages.answers import ASKED, ORDER
from augment.stages.batches import read_batches, write_batches, writing
from augment.stages.requests import REQUESTS
from engine.store.parts import local_parts
from engine.store.places import Place


def write_new(path: Path, tables: Iterable[pl.DataFrame], earlier: Sequence[Path]) -> int:
    """Write the requests that no earlier file has, each once with all its documents; returns how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        files = list[Path]()
        for table in tables:
            files.append(Path(scratch) / f"{len(files)}.parquet")
            write_batches(files[-1], [table], REQUESTS)
        ids = [
            pl.scan_parquet(f, glob=False).select("request_id", "doc_ids", part=pl.lit(i)) for i, f in enumerate(files)
        ]
        known = pl.scan_parquet(list(earlier), glob=False) if earlier else pl.LazyFrame(schema=REQUESTS)
        if not ids:
            return write_batches(path, [], REQUESTS)
        # the ids of all requests fit into memory, their prompts may not
        index = pl.concat(ids).join(known.select("request_id"), on="request_id", how="anti").explode("doc_ids")
        index = index.group_by("request_id").agg(pl.col("part").min(), pl.col("doc_ids").unique().sort())
        once = index.collect(engine="streaming")
        rows = (
            pl.read_parquet(file, glob=False)
            .drop("doc_ids")
            .join(once.filter(part=i).drop("part"), on="request_id", maintain_order="left")
            for i, file in enumerate(files)
        )
        return write_batches(path, rows, REQUESTS)


def answered(files: list[Path], folders: list[Place], scratch: Path) -> Iterator[pl.DataFrame]:
    """Requests with their answers, without prompts, in an order that nothing but their content decides."""
    asked = pl.scan_parquet(files, glob=False).select(ASKED)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        path, found = Path(folder) / "joined.parquet", list[Path]()
        for number, place in enumerate(folders):
            found += local_parts(place, Path(folder) / str(number))
        with writing(path):
            asked.join(pl.scan_parquet(found, glob=False), on="request_id").sort(ORDER).sink_parquet(path)
        yield from read_batches(path, rows=SLICE)
