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
    """Write a benchmark for lm-evaluation-harness, or as a data set for a hub; put that, or a FOLDER, on a hub.

    Nothing leaves this machine without --push.
    """

    folder: Annotated[Path | None, tyro.conf.Positional] = None
    """In place of a benchmark: what to push, an adapter or model that train has written, or hub/ of augment --formats hub."""
    benchmark: BenchmarkConfig = BenchmarkConfig()
    seed: int = 0
    """World of the benchmark."""
    to: Literal["lm-eval", "hub"] = "lm-eval"
    """lm-eval: a task folder of lm-evaluation-harness; hub: Parquet files and a card, for datasets.load_dataset."""
    arm: Literal["pretrained", "icl"] = "pretrained"
    """pretrained: questions alone; icl: behind the documents (lm-eval)."""
    out: Path = Path("exported")
    """Folder for the files; one that holds anything else is left alone."""
    push: str | None = None
    """Repository of the hub (NAME or ORG/NAME) to put it into; the token is that of `hf auth login` or HF_TOKEN."""
    public: bool = False
    """Let everybody see the repository; by default a new one is private, and one that is public is refused."""
    dry_run: bool = False
    """Only say what would be done."""


def run(job: Job) -> None:
    """Draw the world and write its files, or only name them; raises UserError where the folder holds anything else.

    What is to be pushed goes to the hub afterwards.
    """
    if job.folder:
        if not job.push:
            raise UserError(f"export: say where {job.folder} goes: --push ORG/NAME.")
        return pushed(job, found_in(job.folder))
    if job.push and job.to != "hub":
        raise UserError("export: --push needs --to hub; a task folder of lm-evaluation-harness stays a folder.")
    if job.to == "hub" and job.arm == "icl":
        raise UserError("export: --arm icl needs --to lm-eval; a data set for a hub holds the documents apart.")
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
