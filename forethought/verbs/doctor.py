"""`forethought doctor`: does this machine have what Forethought needs, and what to do where it has not."""

from pathlib import Path
from typing import Annotated

import tyro

from engine.config import Settings
from forethought.doctor.report import examine, report


class Job(Settings):
    """Check machine, versions, GPU, storage, model and cluster, and say what to do. Exit status: 0, 1 where something fails."""

    model: str = "pico"
    """pico (embedded), a folder saved by save_pretrained, or a hub name."""
    out: Path = Path("runs")
    """Folder that runs will be written to; on a cluster one that all nodes share."""
    json_file: Annotated[Path | None, tyro.conf.arg(name="json")] = None
    """Where to write the findings."""


def run(job: Job) -> int:
    """Print every finding; returns the exit status."""
    return report(list(examine(job.model, job.out)), job.json_file)
