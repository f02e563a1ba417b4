"""Asks every arm its questions in one warm pool: choices scored, answers written where they are judged, gates."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from engine.fingerprint import model_digest
from engine.models import resolve_model
from engine.pool import EnginePool
from engine.store.parts import read_parts
from engine.store.places import remove
from engine.tasks.generate import GENERATIONS
from engine.tasks.score import SCORES
from eval.arms.items import forced, items, premises, to_write, weights_digest, writing
from eval.benchmarks.base import Benchmark
from eval.benchmarks.registry import others
from eval.config import ADAPTER, RunConfig
from eval.measure.gates import forgetting, gate_table, hallucination, held_back, icl_damage, icl_items, text_items
from eval.measure.order import is_tuned
from train.examples.names import is_trained
from train.sft.outputs import merge

HELD_BACK = 50
"""Texts on which forgetting is measured, per seed."""
OTHER_WORLD = 1_000_003
"""Added to a seed: the world whose documents are held back from all training."""


class Asked(NamedTuple):
    """What was asked and what came back."""

    items: pl.DataFrame
    scores: pl.DataFrame
    texts: pl.DataFrame | None
    """Generations, where the benchmark judges what is written."""
    gates: pl.DataFrame
    """The items of the gates: those of `text_items` and `icl_items`; empty without gates."""


def folder_of(run: Path, arm: str, seed: int) -> Path:
    """Where a trained arm's adapter or model lies."""
    return run / "adapters" / arm / f"seed-{seed}"


def weights_of(config: RunConfig, run: Path, arm: str, seed: int) -> Path | None:
    """The same, and the folder of the adapter that a run was given; None for an arm with the model's own weights."""
    if arm == ADAPTER and config.adapter:
        return config.adapter.absolute()
    return folder_of(run, arm, seed) if is_trained(arm) else None


def ask(config: RunConfig, run: Path, worlds: dict[int, Benchmark], pool: EnginePool) -> Asked:
    """Ask every arm and seed: adapters side by side on a GPU; else, and full weights, swapped in one after another.

    vLLM applies adapters on a CPU by gathering their weights for every token, which took ten times as long as scoring
    with weights that they are merged into.
    """
    beside, writes = config.train.method == "lora" and pool.on_gpu(), bool(next(iter(worlds.values())).judges)
    tables: dict[tuple[str, int], pl.DataFrame] = {}
    for seed, world in worlds.items():
        for arm in config.arms:
            weights, drawn = weights_of(config, run, arm, seed), config.benchmark
            table = items(world, arm, seed, weights, drawn.per_fact, config.model, drawn.retrieved)
            tables[arm, seed] = table.with_columns(adapter=pl.lit(None, dtype=pl.String)) if not beside else table
    extra = _gate_items(config, run, worlds, tables, beside) if config.gates else {}

    def ask_about(keys: list[tuple[str, int]], label: str) -> None:
        table = pl.concat(tables[key] for key in keys)
        chosen = forced(table)
        asked = [chosen, premises(chosen)] if config.pmi and not chosen.is_empty() else [chosen]
        asked += [more.select(table.columns) for key in keys for more in extra.get(key, [])]
        if not (scored := pl.concat(asked)).is_empty():
            pool.run("score", scored, run / "scores", f"score{label}", replace=True)
        if writes:
            pool.run("generate", writing(to_write(table)), run / "texts", f"write{label}", replace=True)

    swapped = [key for key in tables if not beside and is_tuned(key[0])]
    if together := [key for key in tables if key not in swapped]:
        ask_about(together, "")
    base = model_digest(config.model, config.engine.kind) if swapped else ""
    for arm, seed in swapped:
        weights = weights_of(config, run, arm, seed)
        assert weights is not None
        with whole(weights, config, run) as folder:
            # merged weights are made anew each time, and not to the last bit: what they are made of says what they are
            pool.load(folder, None if folder == str(weights) else f"{base} {weights_digest(weights)}")
            ask_about([(arm, seed)], f" {arm}, seed {seed}")
    if swapped:
        pool.load(config.model)
    gates = [table for more in extra.values() for table in more]
    return Asked(
        pl.concat(tables.values()),
        read_parts(run / "scores", SCORES),
        read_parts(run / "texts", GENERATIONS) if writes else None,
        pl.concat(gates, how="diagonal_relaxed") if gates else pl.DataFrame(),
    )


@contextlib.contextmanager
def whole(folder: Path, config: RunConfig, room: Path) -> Iterator[str]:
    """A folder with all weights of a tuned arm: its own, or the model's with its adapter merged in, for as long as needed.

    `room` is where the merged weights lie: the run's folder, which engines on other machines see too.
    """
    if config.train.method == "full" and not (folder / "adapter_config.json").exists():
        yield str(folder)
        return
    for left in room.glob(".merged-*"):  # by a run that was killed
        remove(left)
    with tempfile.TemporaryDirectory(dir=room, prefix=".merged-") as scratch:
        merge(resolve_model(config.model), folder, Path(scratch))
        yield scratch


def _gate_items(
    config: RunConfig,
    run: Path,
    worlds: dict[int, Benchmark],
    tables: dict[tuple[str, int], pl.DataFrame],
    beside: bool,
) -> dict[tuple[str, int], list[pl.DataFrame]]:
    """What the gates ask besides, per arm and seed."""
    found: dict[tuple[str, int], list[pl.DataFrame]] = {}
    for seed, world in worlds.items():
        other = others(config.benchmark, seed + OTHER_WORLD)
        texts = held_back(other, world.documents["text"].to_list(), HELD_BACK, seed)
        for arm in config.arms:
            weights = weights_of(config, run, arm, seed)
            if weights is None and arm != "pretrained":
                continue
            adapter = str(weights) if weights and beside else None
            asked = text_items(texts, arm, seed, adapter, f"{config.model} {weights_digest(weights)}")
            more = [asked.with_columns(question_id="text_id")]
            if weights and ("icl", seed) in tables:
                shown = forced(tables["icl", seed])
                more.append(icl_items(shown, forced(tables[arm, seed]), config.gate_questions, seed))
            found[arm, seed] = more
    return found


def read_gates(config: RunConfig, asked: Asked, questions: pl.DataFrame) -> pl.DataFrame:
    """The table of gates (eval.measure.gates.GATES): each trained arm and seed against the model as it was."""
    rows: list[dict[str, Any]] = []
    for arm, seed in asked.items.select("arm", "seed").unique(maintain_order=True).iter_rows():
        if not is_tuned(arm) or asked.gates.is_empty():
            continue
        own, base = (forced(asked.items.filter(arm=name, seed=seed)) for name in (arm, "pretrained"))
        texts = asked.gates.filter(pl.col("text_id").is_not_null(), seed=seed)
        if not texts.filter(arm="pretrained").is_empty():
            rows.append(forgetting(asked.scores, texts.filter(arm=arm), texts.filter(arm="pretrained")))
        in_context = asked.gates.filter(pl.col("text_id").is_null(), arm=arm, seed=seed).select(own.columns)
        if not in_context.is_empty():
            icl = asked.items.filter(arm="icl", seed=seed)
            rows.append(icl_damage(asked.scores, in_context, icl, questions))
        if not base.is_empty():
            rows.append(hallucination(asked.scores, own, base, questions))
    return gate_table(rows)
