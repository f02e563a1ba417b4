"""`forethought reproduce`: every data set of the paper."""

from pathlib import Path

from pydantic import Field
from rich.console import Console

from augment.config import AugmentConfig
from engine.config import EngineConfig, Settings
from engine.errors import UserError
from engine.models import is_embedded
from eval.config import BenchmarkConfig, Name, RunConfig, Size
from eval.runs.league import BENCHMARKS, league, settings_for
from eval.runs.plan import print_stages
from eval.runs.reproduce import reproduce, settings_of
from train.config import TrainConfig

PARTS: tuple[Name, ...] = ("reversals", "syllogisms", "semantic", "derivatoids", "fictional")
PRESET = Path(__file__).parents[1] / "configs/reproduce.yaml"


class Job(Settings):
    """Every data set of the paper: runs, figures and the table of claims. Resumes; finished runs cost seconds."""

    name: str | None = None
    """Name, by default reproduction, or methods with --methods; results go to OUT/NAME, each data set's run to OUT/NAME/BENCHMARK."""
    out: Path = Path("runs")
    """Folder of runs."""
    model: str = "pico"
    """pico (embedded), a folder saved by save_pretrained, or a hub name."""
    size: Size = "small"
    """The benchmarks' size."""
    benchmarks: tuple[Name, ...] = ()
    """Data sets, in this order; by default reversals, syllogisms, semantic, derivatoids, and for a model that reads English fictional."""
    data: Path | None = None
    """Folder with the original reversal-curse files; with it `celebrities` is run too."""
    arms: tuple[str, ...] = ("pretrained", "icl", "finetuned", "finetuned+local")
    """Arms to compare; as all are trained for `steps`, plain finetuning is its own control of more training."""
    gates: bool = True
    """Also measure what tuning cost."""
    seeds: tuple[int, ...] = (20, 21, 22, 23, 24)
    """Worlds and trainings of each data set: by default five that nothing was chosen with."""
    steps: int | None = Field(default=None, ge=1)
    """Steps of every trained arm, so that all are matched; by default 200, and for semantic, whose training loss is still high
    after 200, 400 (the paper: 200 to 1,000 by data size and loss)."""
    methods: bool = False
    """Instead compare the published ways to put knowledge into weights (which sets arms, operators and gates), at as many tokens of training (docs/methods.md), by default on
    reversals, semantic and, for a model that reads English, fictional; OUT/NAME/league.md."""
    dry_run: bool = False
    """Only say what would be done."""
    augment: AugmentConfig = AugmentConfig()
    train: TrainConfig = TrainConfig()
    engine: EngineConfig = EngineConfig()


def runs_of(job: Job) -> list[RunConfig]:
    """A run per data set; raises UserError for settings that do not go together."""
    if job.steps and (job.methods or job.train.tokens):
        raise UserError(
            "--steps and trainings of as many tokens exclude each other: leave --steps out, and set --train.tokens."
        )
    shared = {name: getattr(job, name) for name in ("model", "arms", "gates", "seeds", "augment", "train", "engine")}
    name = job.name or ("methods" if job.methods else "reproduction")
    base = RunConfig(out=job.out / name, benchmark=BenchmarkConfig(size=job.size, data=job.data), **shared)
    names = job.benchmarks or tuple(
        name for name in (BENCHMARKS if job.methods else PARTS) if name != "fictional" or not is_embedded(job.model)
    )
    if job.data and "celebrities" not in names:
        names = (*names, "celebrities")
    runs = [settings_of(name, base, job.steps) for name in names]
    return [settings_for(config) for config in runs] if job.methods else runs


def run(job: Job) -> None:
    """Run what is missing and write OUT/NAME/reproduction.md with its figures and claims.json (with `methods` league.md), or only say what
    would be run."""
    runs = runs_of(job)
    if job.dry_run:
        for config in runs:
            print_stages(config)
        return
    text = league(runs) if job.methods else reproduce(runs)
    told = "methods" if job.methods else "claims and figures"
    Console(soft_wrap=True, highlight=False).print(f"{told}: {text}")
