"""`forethought score`: items in, scores out."""

from pathlib import Path
from typing import Annotated

import tyro

from augment.reading.tables import read_table
from engine.config import EngineConfig, Settings
from engine.console import say
from engine.errors import UserError
from engine.pool import EnginePool


class Job(Settings):
    """Log-likelihoods of choices: a table of item_id, stem, choices, and optionally prefix and adapter."""

    items: Annotated[str, tyro.conf.Positional] = ""
    """A .parquet or .jsonl file."""
    model: str = "pico"
    """pico (embedded), a folder saved by save_pretrained, or a hub name."""
    out: Path = Path("scores")
    """Folder of Parquet parts; running again resumes."""
    engine: EngineConfig = EngineConfig()


def run(job: Job) -> None:
    """Score a table of items."""
    path = Path(job.items)
    if not job.items or not path.exists():
        raise UserError(
            f"score: there is no file {job.items!r}; name a .parquet or .jsonl with item_id, stem, choices."
        )
    table = read_table(path)
    with EnginePool(job.model, job.engine) as pool:
        scores = pool.score(table, job.out)
    errors = int(scores["error"].is_not_null().sum())
    say(f"{scores.height:,} choices scored, {errors:,} of them errors; wrote {job.out}")
