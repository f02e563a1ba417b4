"""`forethought verify`: inferences that anybody wrote, checked against their sources."""

from pathlib import Path
from typing import Annotated

import tyro
from pydantic import Field
from rich.markup import escape

from augment.checks.pairs import verify_pairs
from augment.checks.registry import check_names
from augment.config import CheckConfig
from augment.reading.tables import read_table
from augment.results.summary import reasons
from engine.config import EngineConfig, Settings
from engine.console import say
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.places import check_writable, place
from engine.store.tables import write_table


class PairChecks(CheckConfig):
    """The checks of augmentation, except near duplicates, since each pair stands alone."""

    near: float = Field(default=0, ge=0, le=1)
    """Similarity above which texts with the same content words count as near duplicates; 1 means identical except for case, 0 is off."""


class Job(Settings):
    """Check inferences from any origin: does each follow from its source, and can it be understood alone?

    The table needs the columns source and inference; title, before (text or list), operator, language and doc_id are optional, and
    other columns are passed through. OUT/verified.parquet has every row, in order, with kept, reason and verdicts. Without a model
    only the rules are applied, and no engine is started. Exit status 0: every pair was checked. 2: the request was wrong. 3: the
    engine could not score some pairs.
    """

    pairs: Annotated[str, tyro.conf.Positional] = ""
    """A .jsonl, .csv or .parquet file."""
    out: Path = Path("verified")
    """Folder for the results; repeating the command resumes."""
    model: str | None = None
    """Model that judges entailment and consistency: pico (embedded), a folder saved by save_pretrained, or a hub name. By default none."""
    language: str | None = None
    """Language of rows without one (ISO code); by default it is detected from the source."""
    dry_run: bool = False
    """Only print what would be done."""
    checks: PairChecks = PairChecks()
    engine: EngineConfig = EngineConfig()


def run(job: Job) -> int:
    """Check a table of pairs and write verified.parquet; returns the exit status."""
    given = place(job.pairs)
    if not job.pairs or (isinstance(given, Path) and not given.is_file()):
        raise UserError(
            f"verify: there is no file {job.pairs!r}; give a .jsonl, .csv or .parquet file with source and inference."
        )
    pairs, out = read_table(job.pairs), job.out.absolute()
    if job.dry_run:
        check_writable(out)
        reader = f"{job.model} as reader" if job.model else "rules alone"
        say(
            f"{pairs.height:,} pairs would be checked by {reader} ({', '.join(check_names())}); results would go to {job.out}"
        )
        return 0
    if job.model:
        with EnginePool(job.model, job.engine) as pool:
            found = verify_pairs(pairs, pool, out, job.checks, job.language)
    else:
        found = verify_pairs(pairs, None, out, job.checks, job.language)
    write_table(out / "verified.parquet", found)
    say(f"{found.height:,} pairs, {int(found['kept'].sum()):,} kept; wrote {job.out / 'verified.parquet'}")
    for reason, count in reasons(found).head(8).rows():
        say(f"  {count:,} rejected: {escape(reason)}")
    return 3 if found["reason"].str.starts_with("entailment not scored").any() else 0
