"""What a whole run will cost: a few steps of training and some questions of every kind of arm, scaled to all of them."""

import time
from math import ceil
from pathlib import Path

import polars as pl

from augment.stages.estimate import Cost, Estimate, calibrate
from augment.teacher import writer_of
from engine.cluster.start import start_ray
from engine.errors import UserError
from engine.models import resolve_model
from engine.pool import EnginePool
from eval.arms.ask import HELD_BACK, whole
from eval.arms.items import forced, items
from eval.benchmarks.base import Benchmark
from eval.config import RunConfig
from train.examples.arms import originals
from train.examples.names import is_trained
from train.sft.device import trains_on_gpu
from train.sft.jobs import TrainJob, train_many

STEPS = (1, 4, 20)
"""Steps of the trainings that are timed: the first also starts Python; the others tell a job's own cost from its steps'."""
ASKED = (24, 96)
"""Questions of an arm that are timed: the difference tells what each costs from what the arm's context costs."""


def calibrate_run(
    config: RunConfig, worlds: dict[int, Benchmark], requests: pl.DataFrame, scratch: Path, sample: int
) -> Estimate:
    """An `Estimate` with the stages of the augmentation and, besides, train and score; writing answers is left out, and so is
    all about questions that the run itself writes."""
    trained = [arm for arm in config.arms if is_trained(arm)]
    writer = writer_of(config.augment, config.model, config.engine)
    with EnginePool(config.model, config.engine, quiet=True) as pool, writer.opened(pool, quiet=True) as writes:
        known = not forced(next(iter(worlds.values())).questions).is_empty()
        if requests.is_empty() and not known:
            raise UserError(
                "--calibrate has nothing to time: the questions are written during the run, and no arm is augmented."
            )
        if requests.is_empty():
            first = items(next(iter(worlds.values())), "pretrained", 0, None, None, config.model)
            pool.score(forced(first).head(2), scratch / "s")
            found = Estimate(0, pool.seconds["start"], {}, 0, 0, {})
        else:
            found = calibrate(requests, writer.config, writer.model, writes, scratch, sample, pool)
        stages, adapter = dict(found.stages), None
        if trained:
            adapter, cost = _training(config, worlds, trained, found.kept / len(worlds), scratch)
            stages["train"] = cost
        if known:  # of own documents those in a file: others are written in the run
            stages["score"] = _scoring(config, worlds, adapter, pool, scratch)
    return found._replace(stages=stages)


def _training(
    config: RunConfig, worlds: dict[int, Benchmark], trained: list[str], kept: float, scratch: Path
) -> tuple[Path, Cost]:
    """An adapter that was trained for some steps, and the cost of all trainings."""
    import ray

    start_ray(config.engine)
    texts = originals(next(iter(worlds.values())).documents)
    gpu = trains_on_gpu(config.train, cluster=True)
    devices = ray.cluster_resources().get("GPU" if gpu else "CPU", 1) / (1 if gpu else config.train.cpus)
    jobs = len(trained) * len(worlds)
    beside = 1 if config.train.workers else max(1, min(jobs, int(devices)))
    seconds = []
    for steps in STEPS:
        settings = config.train.model_copy(update={"steps": steps, "tokens": None})
        some = [
            TrainJob("", resolve_model(config.model), texts, i, scratch / f"train-{steps}-{i}") for i in range(beside)
        ]
        started = time.monotonic()
        for _ in train_many(some, settings):
            pass
        seconds.append(time.monotonic() - started)
    first, short, long = seconds
    step = max(0.0, (long - short) / (STEPS[2] - STEPS[1]))
    job = max(0.0, short - STEPS[1] * step)
    total, each = 0.0, max(1, int(texts["text"].str.len_chars().sum()) // 4 // texts.height)
    for arm in trained:
        rows = texts.height + (0 if arm == "finetuned" else kept)
        total += config.train.steps or ceil(
            rows * config.train.passes(ceil(rows), ceil(each * rows)) / config.train.batch
        )
    total *= len(worlds)
    spent = max(0.0, first - STEPS[0] * step - job) + (total * step + jobs * job) / beside
    return some[0].out, Cost(total, 0, 0, 0, spent)


def _scoring(
    config: RunConfig, worlds: dict[int, Benchmark], adapter: Path | None, pool: EnginePool, scratch: Path
) -> Cost:
    """The cost of scoring all arms and of the gates, from some questions of the first world."""
    seed, world = next(iter(worlds.items()))
    questions = sum(forced(w.questions).height for w in worlds.values())
    tuned = [arm for arm in config.arms if is_trained(arm)]
    models = len(tuned) * len(worlds)
    beside = config.train.method == "lora" and pool.on_gpu()
    costs = list[Cost]()
    for arm in config.arms:
        if arm in tuned[1:]:  # they cost what the first does
            continue
        weights = adapter if arm in tuned and beside else None
        table = items(world, arm, seed, weights, config.benchmark.per_fact, config.model, config.benchmark.retrieved)
        fixed, each = _line(forced(table), pool, scratch / arm)
        times = len(tuned) if arm in tuned else 1
        costs += [fixed.times(len(worlds) * times), each.times(questions * times)]
        if config.gates and arm == "icl":
            costs += [fixed.times(models), each.times(models * config.gate_questions)]
        if config.gates and arm == "pretrained":
            costs.append(each.times(HELD_BACK * (len(worlds) + models)))
    if adapter and not beside:
        started = time.monotonic()
        with whole(adapter, config, scratch) as folder:
            pool.load(folder)
        pool.load(config.model)
        costs.append(Cost(seconds=models * (time.monotonic() - started)))
    return Cost(*(sum(values) for values in zip(*costs, strict=True)))


def _line(table: pl.DataFrame, pool: EnginePool, out: Path) -> tuple[Cost, Cost]:
    """What an arm costs once, and what each of its questions does; the questions are spread over the splits."""
    table = table.sample(fraction=1, shuffle=True, seed=0)
    few, many = (table[sum(ASKED[:i]) % table.height :].head(n) for i, n in enumerate(ASKED))
    found = list[Cost]()
    for number, some in enumerate((table.head(2), few, many)):
        started = time.monotonic()
        pool.score(some.with_columns(item_id=pl.format("{} {}", "item_id", pl.lit(number))), out / str(number))
        last = pool.last
        found.append(Cost(some.height, last.prompt_tokens, last.cached_tokens, 0, time.monotonic() - started))
    rest = max(1, many.height - few.height)
    each = Cost(*((b - a) / rest for a, b in zip(found[1], found[2], strict=True)))
    # the first two questions also computed the context; the others found it in the cache
    first = Cost(*(max(0.0, a - 2 * b) for a, b in zip(found[0], each, strict=True)))
    return first._replace(requests=0), each._replace(requests=1)
