"""Training examples of every arm, matched so that arms differ in content and not in amount."""

import math
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from engine.errors import UserError
from engine.store import content_id

EXAMPLES: dict[str, Any] = {
    "example_id": pl.String,
    "text": pl.String,
    "origin": pl.String,
    "doc_ids": pl.List(pl.String),
}
TRAINED_ARMS = ("finetuned", "finetuned+local", "finetuned+repeat")


def originals(documents: pl.DataFrame) -> pl.DataFrame:
    """Each document as one example, whole."""
    return documents.select(
        pl.col("doc_id").alias("example_id"),
        "text",
        pl.lit("original").alias("origin"),
        pl.concat_list("doc_id").alias("doc_ids"),
    )


def inferred(inferences: pl.DataFrame) -> pl.DataFrame:
    """Each kept inference as one example, without its source: a source in front would shadow it (Park et al. 2025)."""
    return inferences.filter("kept").select(
        pl.col("inference_id").alias("example_id"), "text", pl.lit("operator").alias("origin"), "doc_ids"
    )


def count_tokens(examples: pl.DataFrame, tokenizer: Any) -> int:
    """Tokens of all texts, without special tokens."""
    return sum(_lengths(examples, tokenizer))


def _lengths(examples: pl.DataFrame, tokenizer: Any) -> list[int]:
    texts = examples["text"].to_list()
    return list(map(len, tokenizer(texts, add_special_tokens=False).input_ids)) if texts else []


def repeated(examples: pl.DataFrame, rows: int, tokens: int, tokenizer: Any, seed: int) -> pl.DataFrame:
    """Originals, and copies of them up to `rows` rows (so: steps) and as nearly as can be `tokens` tokens.

    Inferences are often shorter than documents, so copies are drawn with odds that fall or rise with a document's length
    just so far that the tokens come out right; at equal lengths all documents come up equally often. Where even the
    longest are too short, rows go on to `tokens` (at most twice `rows`); where even the shortest are too long, the control
    has more tokens, never fewer steps.
    """
    rng, lengths, missing = Random(seed), _lengths(examples, tokenizer), max(0, rows - examples.height)
    layers = -(-4 * missing // max(1, examples.height))
    pool = [(layer + rng.random(), i) for layer in range(layers) for i in range(examples.height)]
    mean = max(1.0, sum(lengths) / max(1, examples.height))

    def drawn(tilt: float, count: int) -> list[int]:
        keys = sorted((draw * math.exp(tilt * (lengths[i] / mean - 1)), i) for draw, i in pool)
        return [i for _, i in keys[:count]]

    low, high, wanted = -30.0, 30.0, tokens - sum(lengths)
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(lengths[i] for i in drawn(middle, missing)) > wanted else (low, middle)
    copied = drawn(high, missing)
    total = sum(lengths[i] for i in copied)
    for i in drawn(high, missing + rows)[missing:]:
        if total >= wanted - mean:
            break
        copied.append(i)
        total += lengths[i]
    rng.shuffle(copied)
    copies = examples[[*range(examples.height), *copied]].with_row_index("copy")
    identity = pl.struct("example_id", "copy").map_elements(lambda r: content_id(r["example_id"], r["copy"]), pl.String)
    origin = pl.when(pl.col("copy") < examples.height).then(pl.lit("original")).otherwise(pl.lit("control"))
    return copies.with_columns(identity.alias("example_id"), origin.alias("origin")).drop("copy")


def examples_of(arm: str, documents: pl.DataFrame, inferences: pl.DataFrame, tokenizer: Any, seed: int) -> pl.DataFrame:
    """The `examples` table of an arm.

    finetuned: the documents. finetuned+local: and the kept inferences. finetuned+repeat: the documents repeated to as
    many rows and tokens as finetuned+local has, so that more training alone is not taken for understanding.
    """
    plain, added = originals(documents), inferred(inferences)
    if arm == "finetuned":
        return plain
    if arm == "finetuned+local":
        return pl.concat([plain, added])
    if arm == "finetuned+repeat":
        target = pl.concat([plain, added])
        return repeated(plain, target.height, count_tokens(target, tokenizer), tokenizer, seed)
    raise UserError(f"There is no trained arm {arm!r}; choose from {', '.join(TRAINED_ARMS)}.")


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
