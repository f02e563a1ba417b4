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
    """Run every data set of the paper, and write figures and a table of its claims. Repeat the command to resume; finished runs take seconds."""

    name: str | None = None
    """Folder name; by default reproduction, or methods with --methods. Results go to OUT/NAME, the run of each data set to
    OUT/NAME/BENCHMARK."""
    out: Path = Path("runs")
    """Folder that holds all runs."""
    model: str = "pico"
    """Model: pico (embedded), a folder saved by save_pretrained, or a hub name."""
    size: Size = "small"
    """Size of the benchmarks."""
    benchmarks: tuple[Name, ...] = ()
    """Data sets to run, in order; by default reversals, syllogisms, semantic, derivatoids, and fictional for a model that reads English."""
    data: Path | None = None
    """Folder with the original reversal-curse files; if given, `celebrities` is run too."""
    arms: tuple[str, ...] = ("pretrained", "icl", "finetuned", "finetuned+local")
    """Arms to compare. All are trained for the same `steps`, so no separate control for longer training is needed."""
    gates: bool = True
    """Also measure the side effects of tuning."""
    seeds: tuple[int, ...] = (20, 21, 22, 23, 24)
    """Seeds of the worlds and trainings; the default five were not used to choose any setting."""
    steps: int | None = Field(default=None, ge=1)
    """Steps for every trained arm, which keeps arms matched. By default 200, or 400 for semantic, whose training loss is still high
    after 200 (the paper: 200 to 1,000, depending on data size and loss)."""
    methods: bool = False
    """Instead compare published methods of putting knowledge into weights, with equal numbers of training tokens (docs/methods.md). This
    sets arms, operators and gates, and writes OUT/NAME/league.md. By default on reversals and semantic, and on fictional for a model that
    reads English."""
    dry_run: bool = False
    """Only print what would be done."""
    augment: AugmentConfig = AugmentConfig()
    train: TrainConfig = TrainConfig()
    engine: EngineConfig = EngineConfig()


def runs_of(job: Job) -> list[RunConfig]:
    """A run per data set; raises UserError for settings that do not go together."""
    if job.steps and (job.methods or job.train.tokens):
        raise UserError(
            "--steps cannot be combined with --methods or --train.tokens, which match trainings by tokens: remove --steps and set --train.tokens."
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
