"""`forethought doctor`: does this machine have what Forethought needs, and what to do where it has not."""

from pathlib import Path
from typing import Annotated

import tyro

from engine.config import Settings
from forethought.doctor.report import examine, report


class Job(Settings):
    """Check machine, versions, GPU, storage, model and cluster, and say what to do. Exit status 0: ready. 1: a check failed."""

    model: str = "pico"
    """Model: pico (embedded), a folder saved by save_pretrained, or a hub name."""
    out: Path = Path("runs")
    """Folder for runs; on a cluster, one that all nodes share."""
    json_file: Annotated[Path | None, tyro.conf.arg(name="json")] = None
    """File to which to write the findings as JSON."""


def run(job: Job) -> int:
    """Print every finding; returns the exit status."""
    return report(list(examine(job.model, job.out)), job.json_file)
