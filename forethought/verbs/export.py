"""`forethought export`: a benchmark for lm-evaluation-harness, or as a data set; a data set or adapter to a hub."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from engine.config import Settings
from engine.console import say
from engine.errors import UserError
from eval.benchmarks.base import context, ready
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig
from eval.export.data_set import data_set
from eval.export.files import lacking, write
from eval.export.harness import task_folder
from eval.export.hub import Upload, found_in, of_files, push, told


class Job(Settings):
    """Export a benchmark for lm-evaluation-harness or as a data set; push that data set, or a FOLDER, to a hub.

    Nothing leaves this machine without --push.
    """

    folder: Annotated[Path | None, tyro.conf.Positional] = None
    """Folder to push instead of a benchmark: an adapter or model written by train, or the hub/ folder of augment --formats hub."""
    benchmark: BenchmarkConfig = BenchmarkConfig()
    seed: int = 0
    """Seed of the benchmark's world."""
    to: Literal["lm-eval", "hub"] = "lm-eval"
    """lm-eval: a task folder for lm-evaluation-harness; hub: Parquet files and a card, for datasets.load_dataset."""
    arm: Literal["pretrained", "icl"] = "pretrained"
    """pretrained: the questions alone; icl: the questions after the documents (lm-eval only)."""
    out: Path = Path("exported")
    """Folder for the files; a folder that holds anything else is refused."""
    push: str | None = None
    """Hub repository (NAME or ORG/NAME) to push to; the token comes from `hf auth login` or HF_TOKEN."""
    public: bool = False
    """Make the repository public; by default a new one is private, and an existing public one is refused."""
    dry_run: bool = False
    """Only print what would be done."""


def run(job: Job) -> None:
    """Draw the world and write its files, or only name them; raises UserError where the folder holds anything else.

    What is to be pushed goes to the hub afterwards.
    """
    if job.folder:
        if not job.push:
            raise UserError(f"export: give the repository for {job.folder}: --push ORG/NAME.")
        return pushed(job, found_in(job.folder))
    if job.push and job.to != "hub":
        raise UserError("export: --push needs --to hub; a task folder for lm-evaluation-harness cannot be pushed.")
    if job.to == "hub" and job.arm == "icl":
        raise UserError(
            "export: --arm icl needs --to lm-eval; a data set for a hub keeps documents and questions separate."
        )
    world = ready(load(job.benchmark, job.seed))
    if job.to == "hub":
        files = data_set(world, job.seed, command(job))
        use = f"datasets.load_dataset({str(job.out)!r}, 'questions')"
    else:
        prefix = context(world.documents, job.seed, job.benchmark.per_fact) if job.arm == "icl" else ""
        group = f"forethought_{world.name}{'_icl' if prefix else ''}_seed{job.seed}"
        files = task_folder(world, group, prefix, command(job))
        use = f"lm_eval --model hf --model_args pretrained=M --include_path {job.out} --tasks {group}"
    if job.dry_run:
        left = lacking(job.out, files)
        say(
            f"{world.documents.height:,} documents, {world.questions.height:,} questions: would write "
            f"{len(left)} of {len(files)} files into {job.out} ({', '.join(left) or 'all are there'})"
        )
    else:
        write(job.out, files)
        say(f"wrote {job.out}\nnext: {use}")
    return pushed(job, of_files(files)) if job.push else None


def pushed(job: Job, upload: Upload) -> None:
    """Put files on the hub, or only say so."""
    assert job.push is not None
    if job.dry_run:
        say(f"would push the {told(upload, job.push, job.public)}")
    else:
        say(f"pushed the {told(upload, job.push, job.public)}\n{push(upload, job.push, job.public)}")


def command(job: Job) -> str:
    """The command that writes the same files, without the folders of this machine."""
    settings = job.benchmark.model_dump(mode="json", exclude_defaults=True, exclude={"name", "data"})
    words = [f"forethought export --to {job.to} --benchmark {job.benchmark.name}"]
    words += ["--data FOLDER"] if job.benchmark.data else []
    words += [f"--benchmark.{name.replace('_', '-')} {value}" for name, value in settings.items()]
    words += ["--arm icl"] if job.arm == "icl" else []
    return " ".join([*words, f"--seed {job.seed}"])
