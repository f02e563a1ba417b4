"""`forethought run`: a whole job from a config: augment, train, evaluate, report."""

from pydantic import Field

from eval.benchmarks.documents.own import own_questions
from eval.config import RunConfig
from eval.runs.plan import print_plan
from eval.runs.run import run_job


class Job(RunConfig):
    """Do a whole job: augment, train and evaluate every arm, for every seed."""

    dry_run: bool = False
    """Only print the plan and the resolved config."""
    calibrate: int | None = Field(default=None, ge=1)
    """For plan: try this many requests (512 is a good number), some steps and some questions, and extrapolate tokens, time and yield."""

    @property
    def config(self) -> RunConfig:
        """What the results depend on."""
        return RunConfig(**{name: getattr(self, name) for name in RunConfig.model_fields})


def run(job: Job) -> int:
    """Do the whole job, or print its plan; returns the exit status: 3 where rows of the user's own questions were left out."""
    if job.dry_run:
        print_plan(job.config, job.calibrate)
    else:
        run_job(job.config)
    return 3 if own_questions(job.benchmark.own_questions).left_out else 0
