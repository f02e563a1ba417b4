"""`forethought plan`: what a run would do, and what it would cost."""

from eval.runs.plan import print_plan
from forethought.verbs.run import Job

__all__ = ["Job", "run"]


def run(job: Job) -> None:
    """Print the plan, with or without --dry-run."""
    print_plan(job.config, job.calibrate)
