"""`forethought bench`: throughput, ours and the peers'."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from engine.bench.peers import PEERS
from engine.bench.result import check_out, choose_peers
from engine.bench.throughput import CONTEXT, ROWS, bench
from engine.config import EngineConfig, Settings
from engine.console import say
from engine.models import check_model
from eval.bench.arms import PEER, bench_arms
from eval.bench.augment import DOCUMENTS, bench_augment
from eval.bench.train import bench_train
from train.config import TrainConfig


class Job(Settings):
    """Measure throughput on this machine."""

    what: Annotated[Literal["generate", "score", "train", "arms", "plane", "augment"], tyro.conf.Positional] = "score"
    """What to measure. generate, score: against other tools (extra `bench`); train: against plain TRL; arms: training and scoring arms
    concurrently against one after another; plane: rows through the pool with the fake engine; augment: documents to examples with
    the fake engine."""
    json_file: Annotated[Path | None, tyro.conf.arg(name="json")] = None
    """File to which to write the figures as JSON."""
    model: str = "pico"
    """Model: pico (embedded), a folder saved by save_pretrained, or a hub name."""
    rows: int | None = None
    """Number of rows: generate, prompts (default 1000); score, questions (100); train, texts (1000); arms, facts (40); augment, documents
    (1000); plane, rows (20,000)."""
    context: int | None = None
    """Length in words of the text that questions or prompts share; by default 4000 for score, none for generate. For plane: words per prompt."""
    store: str | None = None
    """For plane: folder or URL for rows and results. slow://20/tmp is a local folder where every call takes 20 ms more, like an object store."""
    peers: tuple[str, ...] | None = None
    """Tools to compare with. By default all: lm_eval and llm_generate for score; llm_generate, ray_data_llm and transformers for generate;
    trl for train; one_after_another for arms."""
    repeats: int = 3
    """Number of timings for each; the median is reported."""
    dry_run: bool = False
    """Only print what would be done."""
    engine: EngineConfig = EngineConfig()
    train: TrainConfig = TrainConfig()


PEERS_OF = PEERS | {"train": ("trl",), "arms": (PEER,)}
UNITS = {
    "generate": "prompts",
    "score": "questions",
    "train": "texts",
    "arms": "facts",
    "plane": "rows",
    "augment": "documents",
}


def run(job: Job) -> None:
    """Measure, print and write the figures, or only say what would be measured."""
    if job.dry_run:
        say_bench(job)
    elif job.what == "train":
        bench_train(job.model, job.train, job.repeats, job.rows, job.peers, job.json_file)
    elif job.what == "arms":
        bench_arms(job.model, job.engine, job.train, job.rows, job.peers, job.json_file)
    elif job.what == "augment":
        choose_peers((), job.peers)
        bench_augment(job.engine, job.rows, job.repeats, job.json_file)
    else:
        bench(job.what, job.model, job.engine, job.rows, job.context, job.repeats, job.peers, job.json_file, job.store)


def say_bench(job: Job) -> None:
    """Print what would be measured; raises UserError for what cannot be."""
    check_out(job.json_file)
    peers = choose_peers(PEERS_OF.get(job.what, ()), job.peers)
    if job.what not in ("plane", "augment") and job.engine.kind == "vllm":
        check_model(job.model)
    rows = job.rows or (ROWS | {"train": 1000, "arms": 40, "augment": DOCUMENTS})[job.what]
    words = CONTEXT.get(job.what, 0) if job.context is None else job.context
    timings = 1 if job.what == "arms" else job.repeats
    say(
        f"{job.what}: {rows:,} {UNITS[job.what]}{f' behind {words:,} words' if words else ''}, {timings} {'timing' if timings == 1 else 'timings'} each of ours"
        + "".join(f", {peer}" for peer in peers)
        + (f"; would write {job.json_file}" if job.json_file else "")
    )
