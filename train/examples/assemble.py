"""Examples from an augmentation: originals and kept inferences are split, mixed, and written in the forms asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from augment.results.card import write_data_set
from augment.results.outputs import write_outputs
from augment.results.shared_statements import shared_statements
from engine.console import say
from engine.store.places import remove
from engine.store.tables import write_table
from train.examples.arms import inferred, originals
from train.examples.mixture import MixBy, mixed, replayed, split


@dataclass(frozen=True)
class Recipe:
    """How the examples are made; see the options of `forethought augment`."""

    formats: tuple[str, ...]
    mix: float | None
    mix_by: MixBy
    replay_share: float
    validation: float
    seed: int
    language: str
    system: str = ""


def write_examples(
    out: Path,
    documents: pl.DataFrame,
    inferences: pl.DataFrame,
    general: pl.DataFrame | None,
    recipe: Recipe,
    model: str,
    reviewed: Sequence[str] = (),
) -> list[str]:
    """Split, mix and write the examples; returns the names of the files.

    The validation set comes first: copies and replayed rows of `general` text are for training alone. `out` holds
    requests.parquet of the augmentation by `model`, of which a data set's card tells, as of what came of a review (`reviewed`).
    """
    examples = pl.concat([originals(documents), inferred(inferences)])
    groups = shared_statements(documents, inferences, recipe.language) if recipe.validation else []
    training, validation = split(examples, groups, recipe.validation, recipe.seed)
    if recipe.mix is not None:
        training = mixed(training, recipe.mix, recipe.seed, recipe.mix_by)
    remove(out / "replay.parquet")
    if general is not None:
        general = general.filter(~pl.col("doc_id").is_in(documents["doc_id"].implode()))
        rows = replayed(training, general, recipe.replay_share, recipe.seed)
        write_table(out / "replay.parquet", general.filter(pl.col("doc_id").is_in(rows["doc_ids"].explode().implode())))
        training = pl.concat([training, rows])
    splits = {"train": training, "validation": validation}
    files = write_outputs(out, splits, recipe.formats, recipe.system)
    for name, table in splits.items():
        counts = [f"{count:,} {origin}" for origin, count in table["origin"].value_counts(sort=True).rows()]
        if counts:
            say(f"{name}: {table.height:,} examples ({', '.join(counts)})")
    if "hub" in recipe.formats:
        requests = pl.read_parquet(out / "requests.parquet", glob=False)
        write_data_set(out / "hub", splits, inferences, requests, model, reviewed)
        files.append("hub/")
    return files
