"""Single rows of the table of inferences, written anew."""

from collections.abc import Mapping
from typing import Any

import polars as pl

FIELDS = ("text", "verdicts", "kept", "reason")


def rewritten(inferences: pl.DataFrame, changes: Mapping[str, Mapping[str, Any]]) -> pl.DataFrame:
    """The same table with other FIELDS in the rows whose inference_id `changes` names, each with all of them."""
    if not changes:
        return inferences
    schema = {name: inferences.schema[name] for name in ("inference_id", *FIELDS)}
    rows = [{"inference_id": identity} | {name: new[name] for name in FIELDS} for identity, new in changes.items()]
    joined = inferences.join(
        pl.DataFrame(rows, schema=schema).with_columns(changed=True),
        on="inference_id",
        how="left",
        suffix="_new",
        maintain_order="left",
    )
    new = [pl.when("changed").then(f"{name}_new").otherwise(name).alias(name) for name in FIELDS]
    return joined.with_columns(new).select(inferences.columns)
