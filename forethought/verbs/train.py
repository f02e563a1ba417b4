"""`forethought train`: examples in, adapter or weights out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import polars as pl
import tyro
from rich.markup import escape

from augment.review.decisions import Decision, read_decisions
from engine.config import Settings
from engine.console import console, log_to, say
from engine.errors import UserError
from engine.models import check_model, resolve_model
from engine.store.places import check_writable
from train.config import TrainConfig
from train.examples.reading import read_examples
from train.examples.reviewed import reviewed
from train.sft.job import train
from train.sft.jobs import watched
from train.sft.plan import say_training


class Job(Settings):
    """Finetune a model on texts; writes an adapter or full weights."""

    examples: Annotated[str, tyro.conf.Positional] = ""
    """A .parquet or .jsonl file with the column text (such as examples.parquet of `augment`), prompt and completion, or messages."""
    model: str = "pico"
    """Model: pico (embedded), a folder saved by save_pretrained, or a hub name."""
    out: Path = Path("adapter")
    """Folder for the adapter or weights; repeating the command resumes."""
    validation: Path | None = None
    """Held-out examples, in the same format; training stops when the loss on them no longer falls."""
    decisions: tuple[Path, ...] = ()
    """Decision files saved by review.html: rejected examples are left out, edited ones get their new text (docs/howto-review.md)."""
    seed: int = 0
    """Seed of the order of examples and the initial adapter."""
    dry_run: bool = False
    """Only print what would be done."""
    train: TrainConfig = TrainConfig()


def run(job: Job) -> None:
    """Train in the output folder, or only say what would be done."""
    if not job.examples:
        raise UserError("train: give a file of examples (.parquet or .jsonl with a column text).")
    model = resolve_model(job.model)
    decisions = read_decisions(job.decisions)
    examples = _read(Path(job.examples), decisions).filter(pl.col("text").str.strip_chars() != "")
    if examples.is_empty():
        raise UserError(f"{job.examples} has no row with text.")
    if job.dry_run:
        check_writable(job.out.absolute())
        say_training(model, examples, job.train)
        return
    validation = _read(job.validation, decisions) if job.validation else None
    log_to(job.out / "log.txt")
    with watched({"train": job.out}, console):
        result = train(check_model(model), examples, job.train, job.seed, job.out, validation)
    for note in result["notes"]:
        say(f"[yellow]note[/]: {note}")
    say(f"{result['steps']} steps in {result['seconds']:.0f} s, mean loss {result['loss']:.2f}; wrote {job.out}")


def _read(path: Path, decisions: Mapping[str, Decision]) -> pl.DataFrame:
    examples = read_examples(path)
    if decisions:
        examples, told = reviewed(examples, decisions, path)
        say(escape(f"{path.name}: {told}"))
    return examples
