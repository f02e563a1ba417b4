"""`forethought eval`: a model, or an adapter on it, on a benchmark."""

from pathlib import Path

from pydantic import Field

from augment.config import AugmentConfig
from engine.config import EngineConfig, Settings
from eval.benchmarks.documents.own import own_questions
from eval.config import BenchmarkConfig, EvalConfig
from eval.runs.evaluate import evaluate, with_arms
from eval.runs.plan import print_stages


class Job(Settings):
    """Measure a model on a benchmark: without context, with the corpus in context, and with an adapter."""

    model: str = "pico"
    """Model: pico (embedded), a folder saved by save_pretrained, or a hub name."""
    adapter: Path | None = None
    """LoRA adapter to measure too, as the arm `finetuned`."""
    name: str = "eval"
    """Name of the run; results go to OUT/NAME."""
    out: Path = Path("runs")
    """Folder that holds all runs."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds of the benchmark's worlds. To measure an adapter on the worlds it was trained on, use the same seeds."""
    teacher: str | None = None
    """Model that writes the questions on your own documents: a model or an address http(s)://HOST/v1 (see augment.teacher); by default
    the measured model."""
    teacher_model: str | None = None
    """Name of the model at the teacher's address."""
    dry_run: bool = False
    """Only print what would be done."""
    benchmark: BenchmarkConfig = BenchmarkConfig()
    engine: EngineConfig = Field(default_factory=EngineConfig)


def run(job: Job) -> int:
    """Measure, or only say what would be measured; results are like a run's. Returns the exit status as `run` does."""
    own = ("dry_run", "teacher", "teacher_model")
    augment = AugmentConfig(teacher=job.teacher, teacher_model=job.teacher_model)
    config = EvalConfig(**{name: getattr(job, name) for name in Job.model_fields if name not in own}, augment=augment)
    if job.dry_run:
        print_stages(with_arms(config))
    else:
        evaluate(config)
    return 3 if own_questions(job.benchmark.own_questions).left_out else 0
