"""What became of the questions that were asked for: counts with reasons, and a sample to read."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from eval.benchmarks.documents.world import SPLITS

SHOWN = 10
"""Questions of a split, and rejected ones, in the sample for review."""


def counts(made: pl.DataFrame) -> list[dict[str, Any]]:
    """Per split: asked, used, and how many were rejected for which reason."""
    rows = []
    for split in [split for split in SPLITS if split in made["split"]]:
        some = made.filter(split=split)
        reasons = some["reason"].drop_nulls().str.split(":").list.first().value_counts(sort=True)
        rows.append({"split": split, "asked": some.height, "used": some["reason"].null_count()})
        rows[-1]["rejected"] = dict(reasons.sort("count", "reason", descending=[True, False]).iter_rows())
    return rows


def review(made: pl.DataFrame, model: str) -> str:
    """A sample of the questions as Markdown, with their sources, choices and reasons."""
    lines = [
        "# Questions for review",
        "",
        f"Written and verified by {model}. Read some before you trust any figure: is the",
    ]
    lines += ["answer right, does only its source give it, and are the other choices wrong?", ""]
    for row in counts(made):
        some = made.filter(split=row["split"])
        lines += [f"## {row['split']}: {row['used']} used of {row['asked']} tried", ""]
        lines += [f"- rejected {count} x: {reason}" for reason, count in row["rejected"].items()] + [""]
        for title, chosen in (("Used", some.filter(pl.col("reason").is_null())), ("Rejected", _of_each_reason(some))):
            lines += [f"### {title}", ""] if not chosen.is_empty() else []
            for one in chosen.head(SHOWN).iter_rows(named=True):
                lines += [f"    {text}" for text in _told(one)] + [""]
    return "\n".join(lines).rstrip() + "\n"


def _of_each_reason(made: pl.DataFrame) -> pl.DataFrame:
    """Rejected rows, of every reason one before any other comes again."""
    rejected = made.filter(pl.col("reason").is_not_null())
    again = pl.int_range(pl.len()).over(pl.col("reason").str.split(":").list.first())
    return rejected.with_columns(again=again).sort("again", maintain_order=True).drop("again")


def _told(row: Mapping[str, Any]) -> list[str]:
    lines = [f"Source: {source}" for source in row["sources"]]
    if row["question"]:
        lines += [f"Question: {row['question']}", f"Answer: {row['right_answer']}"]
    if row["choices"]:
        lines.append(f"Others: {' | '.join(c.strip() for n, c in enumerate(row['choices']) if n != row['answer'])}")
    if row["with_sources"] and row["without"]:
        values = (row[given][row["answer"]] for given in ("with_sources", "without"))
        lines.append("Log-likelihood of the answer: {:.1f} with its source, {:.1f} without".format(*values))
    return [" ".join(line.split()) for line in lines] + ([f"Rejected: {row['reason']}"] if row["reason"] else [])
