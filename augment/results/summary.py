"""What an augmentation brought, as it is told at its end."""

from collections.abc import Iterable

import polars as pl
from rich.markup import escape

from engine.console import say

ENGINE = "engine:"
"""How the reason of an inference begins that the engine could not be asked for."""
_first_part = pl.col("reason").str.split(":").list.first()


def say_summary(documents: pl.DataFrame, inferences: pl.DataFrame) -> None:
    """Print how many inferences were made and kept, why others were not, and the first three."""
    say(f"{inferences.height:,} inferences from {documents.height:,} documents, {int(inferences['kept'].sum()):,} kept")
    for reason, count in reasons(inferences).head(6).rows():
        say(f"  {count:,} rejected: {escape(reason)}")
    for text, source in inferences.filter("kept").select("text", "source_text").head(3).rows():
        say(f"  [dim]{escape(source)}[/]\n    -> {escape(text)}")


def say_review(lines: Iterable[str]) -> None:
    """Print what came of the decisions of a review."""
    for line in lines:
        say(f"  review: {escape(line)}")


def reasons(inferences: pl.DataFrame) -> pl.DataFrame:
    """reason, count: why inferences were rejected, most frequent first; what the engine said is told in full."""
    kind = pl.when(pl.col("reason").str.starts_with(ENGINE)).then("reason").otherwise(_first_part)
    return inferences.filter(~pl.col("kept")).select(kind.alias("reason"))["reason"].value_counts(sort=True)


def say_outcome(inferences: pl.DataFrame) -> bool:
    """Say where the engine could not answer, and where nothing is left to train on; returns whether all went well."""
    refused = inferences.filter(pl.col("reason").str.starts_with(ENGINE))
    if not refused.is_empty():
        message = refused["reason"].str.strip_prefix(ENGINE).value_counts(sort=True)["reason"][0].strip()
        say(
            f"[yellow]note[/]: the engine could not answer {refused.height:,} of the requests (most often: {escape(message)}); "
            "mend that, then the same command with --retry-errors asks them again"
        )
    kept = bool(inferences["kept"].any())
    if not kept:
        told = f" (most often: {escape(reasons(inferences)['reason'][0])})" if inferences.height else ""
        say(
            f"No inference was kept{told}, so there is nothing to train on but the documents: read review.html, then name a "
            "model that follows the prompts, other operators, or fewer checks."
        )
    return kept and refused.is_empty()
