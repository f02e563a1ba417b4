"""`forethought show`: where one training line comes from."""

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from augment.results.show import chain, find, lines
from engine.config import Settings
from engine.errors import UserError


class Job(Settings):
    """Print where a training line comes from: example, inference, request, raw answer, source sentence, document."""

    identity: Annotated[str, tyro.conf.Positional] = ""
    """An example_id, inference_id, request_id or doc_id, or its first characters (at least 4)."""
    out: Path = Path("augmented")
    """Output folder of `augment`, or of a run (runs/NAME)."""


def run(job: Job) -> None:
    """Print the chain of an id; raises UserError where there is none or several begin so."""
    if not job.identity:
        raise UserError(
            "show: give an example_id, inference_id, request_id or doc_id, for instance from examples.parquet."
        )
    kind, identity = find(job.out, job.identity)
    console = Console(highlight=False, soft_wrap=True)
    for line in lines(kind, chain(job.out, kind, identity), plain=not console.is_terminal):
        console.print(line)
