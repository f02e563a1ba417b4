"""`forethought bench arms`: arms and seeds trained side by side and scored in one engine, against one after another.

Both do the same with the same code: `train_arms` and `ask` of a run, for all arms and seeds in one process, or in a process with
a Ray and an engine of its own for each. The inferences are made before, once for both.
"""

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from augment.stages.rounds import augment_worlds
from engine.bench.result import check_out, choose_peers, publish
from engine.config import EngineConfig
from engine.pool import EnginePool
from eval.arms.ask import ask
from eval.arms.items import answers
from eval.bench.process import Work, apart
from eval.benchmarks.base import Benchmark
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig, RunConfig
from eval.runs.folder import Clock, stacked
from eval.runs.run import train_arms
from train.config import TrainConfig

ARMS = ("finetuned", "finetuned+local", "finetuned+repeat", "finetuned+paraphrase", "finetuned+shuffled")
SEEDS = (0, 1, 2)
PEER = "one_after_another"


def augmented(work: Work) -> Work:
    """Make the inferences of all seeds; writes FOLDER/inferences.parquet."""
    config, worlds = _job(work)
    with EnginePool(config.model, config.engine, quiet=True) as pool:
        texts = {seed: world.documents for seed, world in worlds.items()}
        made = augment_worlds(texts, pool, config.augment, config.model, Path(work["folder"]) / "augmented")
    stacked(list(made.values()), worlds).write_parquet(Path(work["folder"]) / "inferences.parquet")
    return {}


def answered(work: Work) -> Work:
    """Train and score the arms and seeds of `work`; seconds of both, and accuracy on reversals."""
    began = time.monotonic()
    config, worlds = _job(work)
    inferences = pl.read_parquet(Path(work["folder"]) / "inferences.parquet", glob=False).filter(
        pl.col("seed").is_in(config.seeds)
    )
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        with EnginePool(config.model, config.engine, quiet=True) as pool:  # engines start when they are asked
            train_arms(config, run, worlds, inferences, Clock(run), pool)
            trained = time.monotonic()
            asked = ask(config, run, worlds, pool)
        done = time.monotonic()
        found = answers(asked.scores, asked.items, stacked([w.questions for w in worlds.values()], worlds))
    right = found.filter(norm="sum", split="reversal").sort("arm", "seed", "question_id")["correct"].to_list()
    return {"train": trained - began, "score": done - trained, "right": right}


def _job(work: Work) -> tuple[RunConfig, dict[int, Benchmark]]:
    config = RunConfig.model_validate(work["config"])
    return config, {seed: load(config.benchmark, seed) for seed in config.seeds}


def bench_arms(
    model: str,
    engine: EngineConfig,
    config: TrainConfig,
    rows: int | None,
    peers: tuple[str, ...] | None,
    out: Path | None,
) -> Work:
    """Seconds of five arms and three seeds of simple reversals (`rows` facts), side by side and one after another.

    One timing of each: they take minutes. `score_over_one`: scoring all in one pool, over the median of scoring one in a pool
    of its own; both with the engine's start. Returns, prints and writes the figures.
    """
    chosen = choose_peers((PEER,), peers)
    check_out(out)
    benchmark = BenchmarkConfig(name="reversals", size="small", facts=rows)
    run = RunConfig(model=model, arms=ARMS, seeds=SEEDS, benchmark=benchmark, train=config, engine=engine)

    def work(folder: str, **update: Any) -> Work:
        return {"folder": folder, "config": run.model_copy(update=update).model_dump(mode="json")}

    with tempfile.TemporaryDirectory() as folder:
        apart(augmented, work(folder))
        alone = list[Work]()
        if PEER in chosen:
            for seed in SEEDS:
                alone += [_whole(work(folder, arms=(arm,), seeds=(seed,))) for arm in ARMS]
        beside = _whole(work(folder))
    jobs = len(ARMS) * len(SEEDS)
    result: Work = {
        "work": {"arms": len(ARMS), "seeds": len(SEEDS), "facts": rows, "steps": config.steps, "epochs": config.epochs},
        "ours": {"per_second": jobs / beside["seconds"]} | _told(beside),
        "peers": {},
        "ratio": {},
    }
    if alone:
        total = {key: sum(one[key] for one in alone) for key in ("seconds", "train", "score")}
        total["right"] = [right for one in alone for right in one["right"]]
        result["peers"][PEER] = {"per_second": jobs / total["seconds"]} | _told(total)
        result["ratio"][PEER] = total["seconds"] / beside["seconds"]
        result["share_of_time"] = beside["seconds"] / total["seconds"]
        result["score_over_one"] = beside["score"] / median(one["score"] for one in alone)
    return publish(result, out)


def _whole(work: Work) -> Work:
    """`answered`, with the seconds of the whole process."""
    began = time.monotonic()
    return apart(answered, work) | {"seconds": time.monotonic() - began}


def _told(found: Work) -> Work:
    shown = {key: round(found[key], 1) for key in ("seconds", "train", "score")}
    return shown | {"reversal_accuracy": round(sum(found["right"]) / max(1, len(found["right"])), 4)}
