"""What an augmentation brought, as it is told at its end."""

import polars as pl
from rich.markup import escape

from engine.console import say


def say_summary(documents: pl.DataFrame, inferences: pl.DataFrame) -> None:
    """Print how many inferences were made and kept, why others were not, and the first three."""
    say(f"{inferences.height:,} inferences from {documents.height:,} documents, {int(inferences['kept'].sum()):,} kept")
    reasons = inferences.filter(~pl.col("kept"))["reason"].str.split(":").list.first()
    for reason, count in reasons.value_counts(sort=True).head(6).rows():
        say(f"  {count:,} rejected: {escape(reason)}")
    for text, source in inferences.filter("kept").select("text", "source_text").head(3).rows():
        say(f"  [dim]{escape(source)}[/]\n    -> {escape(text)}")
