"""What the checks do on the labelled pairs (augment/checks/labelled): prints Markdown tables, with 95% intervals over documents.

    .venv/bin/forethought verify augment/checks/labelled/pairs.jsonl --out verified [--model MODEL]
    .venv/bin/python docs/labelled.py verified/verified.parquet [dev|test]

    .venv/bin/python docs/labelled.py augment/checks/labelled/contrasts.jsonl pairs.jsonl
    .venv/bin/forethought verify pairs.jsonl --out verified [--model MODEL]
    .venv/bin/python docs/labelled.py verified/verified.parquet contrast

The first line of the second block writes contrast pairs as a table of pairs. A share is of right pairs kept and of wrong ones rejected; baselines that know nothing are printed with it. An interval is that of 2,000
draws of documents, as several pairs share one.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

DRAWS = 2_000


def share(rows: pl.DataFrame, counts: Callable[[pl.DataFrame], pl.Series]) -> str:
    """The share of rows that count, with its interval."""
    if rows.is_empty():
        return "-"
    table = (
        rows.with_columns(counts(rows).cast(pl.Float64).alias("hit"))
        .group_by("doc_id")
        .agg(pl.col("hit").sum(), pl.len())
    )
    hits, sizes = table["hit"].to_numpy(), table["len"].to_numpy()
    drawn = np.random.default_rng(0).integers(0, len(hits), (DRAWS, len(hits)))
    low, high = np.quantile(hits[drawn].sum(1) / sizes[drawn].sum(1), [0.025, 0.975])
    return f"{hits.sum() / sizes.sum():.1%} [{low:.1%}, {high:.1%}] of {sizes.sum():,}"


def kept(rows: pl.DataFrame) -> pl.Series:
    """Which rows stay."""
    return rows["kept"]


def rejected(rows: pl.DataFrame) -> pl.Series:
    """Which rows do not."""
    return ~rows["kept"]


def pairs_of(groups: str) -> list[dict[str, Any]]:
    """A row per statement of a file of contrast pairs."""
    rows = []
    for line in Path(groups).read_text(encoding="utf-8").splitlines():
        group = json.loads(line)
        for kind, *statements in group.pop("pairs"):
            told = zip(statements, (True, False), strict=True)
            rows += [
                group | {"split": "contrast", "kind": kind, "inference": text, "right": right} for text, right in told
            ]
    return rows


def main() -> None:
    """Print the tables of one half."""
    if sys.argv[1].endswith("contrasts.jsonl"):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in pairs_of(sys.argv[1]))
        Path(sys.argv[2]).write_text(text, encoding="utf-8")
        return
    half = sys.argv[2] if len(sys.argv) > 2 else "test"
    rows = pl.read_parquet(sys.argv[1]).filter(split=half)
    right, wrong = rows.filter("right"), rows.filter(~pl.col("right"))
    print(f"| {half} | right kept | wrong rejected |\n|---|---|---|")
    print(f"| all | {share(right, kept)} | {share(wrong, rejected)} |")
    for name, some in (("English", pl.col("language") == "en"), ("other languages", pl.col("language") != "en")):
        print(f"| {name} | {share(right.filter(some), kept)} | {share(wrong.filter(some), rejected)} |")
    print("| keep everything | 100.0% | 0.0% |\n| draw lots, at the same share kept |", end=" ")
    print(f"{rows['kept'].mean():.1%} | {1 - rows['kept'].mean():.1%} |")
    print("\n| kind of error | rejected |\n|---|---|")
    for kind in wrong["kind"].value_counts(sort=True)["kind"]:
        print(f"| {kind} | {share(wrong.filter(kind=kind), rejected)} |")
    print("\n| check | right rejected | wrong rejected |\n|---|---|---|")
    verdicts = pl.concat(
        [pl.DataFrame(rows), pl.DataFrame({"check": [_first(v) for v in rows["verdicts"]]})], how="horizontal"
    )
    for check in verdicts["check"].drop_nulls().value_counts(sort=True)["check"]:
        hit = verdicts.filter(check=check)
        print(f"| {check} | {hit['right'].sum()} of {right.height} | {(~hit['right']).sum()} of {wrong.height} |")


def _first(verdicts: str) -> str | None:
    """The check that rejected."""
    said = pl.Series([verdicts]).str.json_decode(infer_schema_length=None)[0]
    return next(
        (name for name, word in said.items() if isinstance(word, str) and word != "ok" and name != "rival"), None
    )


if __name__ == "__main__":
    main()
