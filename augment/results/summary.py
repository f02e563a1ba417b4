"""What an augmentation brought, as it is told at its end."""

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl
from rich.markup import escape

from augment.config import Prices
from engine.console import say
from engine.store.parts import keys, scan_parts
from engine.store.places import Place, place

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


class Billed(NamedTuple):
    """Tokens of all answers; `cached` ones are among those of the prompts."""

    prompt: int
    cached: int
    output: int


def billed(folders: Iterable[Place]) -> Billed:
    """What was read and written for the answers in folders of generations, each sample for itself."""
    if not (tables := [scan_parts(folder) for folder in folders if keys(place(folder))]):
        return Billed(0, 0, 0)
    names = ("prompt_tokens", "cached_tokens", "output_tokens")
    sums = pl.concat(tables).select(pl.col(name).cast(pl.Int64).sum() for name in names).collect()
    return Billed(*(count or 0 for count in sums.row(0)))


def say_spent(tokens: Billed, prices: Prices) -> None:
    """Print what a teacher read and wrote, and where it has a price what that cost."""
    told = f"the teacher read {tokens.prompt:,} tokens ({tokens.cached:,} of them cached) and wrote {tokens.output:,}"
    say(f"{told}: ${prices.of(*tokens):,.2f}" if prices.given else told)


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
            "fix the cause, then repeat the command with --retry-errors"
        )
    kept = bool(inferences["kept"].any())
    if not kept:
        told = f" (most often: {escape(reasons(inferences)['reason'][0])})" if inferences.height else ""
        say(
            f"No inference was kept{told}, so only the documents are left to train on: read review.html, then choose a "
            "model that follows the prompts, other operators, or fewer checks."
        )
    return kept and refused.is_empty()
