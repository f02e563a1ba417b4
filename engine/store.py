"""Exactly-once Parquet folders: part files appear whole, then their manifest entry; readers see only what both name.

A folder holds `part-KEY.parquet` and `_manifest/part-KEY.json`. The part is written under a temporary name
and renamed; the manifest entry comes last, so a crash leaves at most an unnamed part that is written again.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

SCORES: dict[str, Any] = {
    "item_id": pl.String,
    "choice": pl.Int32,
    "logprobs": pl.List(pl.Float32),
    "tokens": pl.Int32,
    "chars": pl.Int32,
    "bytes": pl.Int32,
    "cached_tokens": pl.Int32,
    "error": pl.String,
}
GENERATIONS: dict[str, Any] = {
    "request_id": pl.String,
    "sample": pl.Int32,
    "text": pl.String,
    "finish_reason": pl.String,
    "prompt_tokens": pl.Int32,
    "cached_tokens": pl.Int32,
    "output_tokens": pl.Int32,
    "error": pl.String,
}


def content_id(*values: Any) -> str:
    """16 hex digits that depend on the values alone (canonical JSON, sha256)."""
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is either absent or complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def write_table(path: Path, table: pl.DataFrame) -> None:
    """Write one Parquet file (zstd) so that it is either absent or complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    table.write_parquet(temporary, compression="zstd")
    temporary.replace(path)


def commit_part(folder: Path, key: str, table: pl.DataFrame) -> None:
    """Add a part and then its manifest entry."""
    write_table(folder / f"part-{key}.parquet", table)
    write_whole(folder / "_manifest" / f"part-{key}.json", json.dumps({"rows": table.height}).encode())


def parts(folder: Path) -> list[Path]:
    """The committed parts, sorted by name."""
    return [
        folder / f"{entry.stem}.parquet"
        for entry in sorted((folder / "_manifest").glob("part-*.json"))
        if (folder / f"{entry.stem}.parquet").exists()
    ]


def read_parts(folder: Path, schema: dict[str, Any]) -> pl.DataFrame:
    """All committed rows of a folder; an empty table of `schema` where there are none."""
    files = parts(folder)
    return pl.read_parquet(files) if files else pl.DataFrame(schema=schema)


def stream_parts(folder: Path) -> Iterator[pl.DataFrame]:
    """Committed parts one after another, for tables larger than memory."""
    for path in parts(folder):
        yield pl.read_parquet(path)


def finished_ids(folder: Path, column: str) -> pl.Series:
    """Ids that committed parts hold."""
    files = parts(folder)
    if not files:
        return pl.Series(column, [], dtype=pl.String)
    return pl.scan_parquet(files).select(column).unique().collect()[column]
