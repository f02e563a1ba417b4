"""`forethought plan`: what a run would do, and what it would cost."""

from forethought.verbs.run import Job
from forethought.verbs.run import run as dry_run

__all__ = ["Job", "run"]


def run(job: Job) -> int:
    """Print the plan, with or without --dry-run; returns the exit status of `run`'s dry run."""
    return dry_run(job.model_copy(update={"dry_run": True}))
