"""The published ways to put knowledge into weights, side by side: the same data, the same questions, as many tokens of training."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from augment.operators.registry import kind_of
from augment.stages.requests import make_requests
from engine.models import is_embedded
from engine.pool import EnginePool
from engine.store.parts import keys, scan_parts
from engine.store.places import place, write_whole
from engine.store.records import write_json
from eval.benchmarks.base import mean_chance
from eval.benchmarks.registry import load
from eval.config import Name, RunConfig
from eval.measure.accuracy import interval, paired_difference, percent, summarise
from eval.report.figures import Dot, Scatter, scatter
from eval.runs.room import check_room
from eval.runs.run import run_job
from train.config import TrainConfig


class Method(NamedTuple):
    """A way to put knowledge into weights, as an arm of a run."""

    name: str
    arm: str
    source: str
    operators: tuple[str, ...] = ()
    """Those whose inferences it is trained on."""
    embedded: bool = True
    """Whether the embedded model has learned to do it."""


LOCAL, SHUFFLED = ("rephrase", "reverse"), "finetuned+shuffled"
METHODS = (
    Method("documents alone", "finetuned", "plain finetuning, each text the oftener"),
    Method("sentence splitting", "finetuned+split", "Lampinen et al. 2025"),
    Method("reverse training", "finetuned+reverse-training", "Golovneva et al. 2024, 2403.13799"),
    Method("masked", "finetuned+masked", "2510.09885"),
    Method("identity bridge", "finetuned+identity", "2509.24653", ("identity",)),
    Method("shuffled names", SHUFFLED, "control: inferences of all kinds, made wrong"),
    Method("rephrasings", "finetuned+rephrase", "control: nothing turned around", ("rephrase",)),
    Method("local", "finetuned+rephrase+reverse", "Lampinen et al. 2025", LOCAL),
    Method("local, unchecked", "finetuned+rephrase+reverse+unchecked", "control: what checks reject is kept", LOCAL),
    Method("context distillation", "finetuned+rephrase+reverse+distilled", "2412.14964", LOCAL),
    Method("local, behind its source", "finetuned+rephrase+reverse+sourced", "2505.01812: contextual shadowing", LOCAL),
    Method("deductions", "finetuned+rephrase+reverse+deduce", "2401.08574", (*LOCAL, "deduce")),
    Method("global, in pairs", "finetuned+connect", "Lampinen et al. 2025, two sentences at a time", ("connect",)),
    Method(
        "global, in pairs, traces", "finetuned+connect+sourced", "the same, with what it follows from", ("connect",)
    ),
    Method("local and global", "finetuned+rephrase+reverse+connect", "Lampinen et al. 2025", (*LOCAL, "connect")),
    Method("global, conclusions", "finetuned+link", "Lampinen et al. 2025", ("link",), embedded=False),
    Method("global, traces", "finetuned+link-trace", "Lampinen et al. 2025", ("link-trace",), embedded=False),
    Method("closure", "finetuned+gold", "bound: all that follows, from the data set itself"),
    Method("Self-QA", "finetuned+qa", "2505.01812", ("qa",), embedded=False),
    Method("EntiGraph", "finetuned+entities", "2409.07431", ("entities",), embedded=False),
    Method("Active Reading", "finetuned+study", "2508.09494", ("study",), embedded=False),
    Method("fixed prompts", "finetuned+fixed-prompts", "SPA, 2603.22213", ("fixed-prompts",), embedded=False),
)
BENCHMARKS: tuple[Name, ...] = ("reversals", "semantic", "fictional")
TOKENS = {"reversals": 25_000, "semantic": 180_000}
"""Tokens of each training where the settings name none; other data sets take MORE."""
MORE = 80_000
REFERENCES = ("pretrained", "icl")
"""Arms without training, beside which methods are shown."""


def methods_for(model: str) -> list[Method]:
    """The methods that a model can be asked for."""
    return [method for method in METHODS if method.embedded or not is_embedded(model)]


def settings_for(config: RunConfig) -> RunConfig:
    """A data set's run with all methods as its arms; those are left out that have nothing to ask about its documents."""
    world, chosen = load(config.benchmark, config.seeds[0]), methods_for(config.model)
    named = tuple(dict.fromkeys(name for method in chosen for name in method.operators))
    asks = config.augment.model_copy(update={"operators": named})
    asked = set(make_requests(world.documents, asks, config.model)["operator"]) | {n for n in named if kind_of(n).rule}
    chosen = [m for m in chosen if set(m.operators) <= asked and (m.arm != "finetuned+gold" or world.gold)]
    operators = tuple(name for name in named if any(name in method.operators for method in chosen))
    return config.model_copy(
        update={
            "arms": (*REFERENCES, *(method.arm for method in chosen)),
            "augment": config.augment.model_copy(update={"operators": operators}),
            "gates": False,
            "train": config.train if config.train.tokens else _as_long(config),
        }
    )


def _as_long(config: RunConfig) -> TrainConfig:
    return config.train.model_copy(update={"steps": None, "tokens": TOKENS.get(config.benchmark.name, MORE)})


def written_by(run: Path) -> dict[str, int]:
    """Tokens that the model wrote for each operator, in all worlds of a run together."""
    asked = [
        pl.scan_parquet(path, glob=False).select("request_id", "operator")
        for path in sorted(run.glob("requests*.parquet"))
    ]
    made = [scan_parts(folder) for folder in sorted(run.glob("generations*")) if keys(place(folder))]
    if not asked or not made:
        return {}
    tokens = pl.concat(made, how="diagonal").group_by("request_id").agg(pl.col("output_tokens").cast(pl.Int64).sum())
    table = pl.concat(asked).unique("request_id").join(tokens, on="request_id", how="inner")
    return dict(table.group_by("operator").agg(pl.col("output_tokens").sum()).collect().iter_rows())


def rows_of(run: Path, config: RunConfig) -> list[dict[str, Any]]:
    """A row per split and method (and reference) of a finished run; accuracies are shares, their differences to documents alone too.

    `advantage` is in nats: by how much the right choice is likelier than the mean of the wrong ones; `rank` is its place among the choices.
    `written` are tokens of all worlds together, `seconds` those of training per world.
    """
    worlds = [load(config.benchmark, seed) for seed in config.seeds]
    answers = pl.read_parquet(run / "answers.parquet", glob=False).filter(norm="sum")
    results = json.loads((run / "results.json").read_text(encoding="utf-8"))
    summary, chance, written = summarise(answers), mean_chance(worlds), written_by(run)
    placed = answers.group_by("arm", "split").agg(pl.col("rank").mean(), pl.col("advantage").mean())
    seen = results["augmentation"].get("train_tokens") or {}
    jobs = pl.DataFrame(
        results.get("training") or [], schema={"arm": pl.String, "steps": pl.Int64, "seconds": pl.Float64}
    )
    known = {method.arm: method for method in methods_for(config.model)}
    rows = list[dict[str, Any]]()
    for row in summary.to_dicts():
        arm, split = row["arm"], row["split"]
        if arm not in known and arm not in REFERENCES:
            continue
        own, took = (
            placed.row(by_predicate=(pl.col("arm") == arm) & (pl.col("split") == split), named=True),
            jobs.filter(arm=arm),
        )
        method = known.get(arm)
        made = method.operators if method else ()
        found = paired_difference(answers, arm, "finetuned", split, "sum") if arm != "finetuned" else None
        rows.append(
            {"benchmark": config.benchmark.name, "split": split, "judged": split in worlds[0].judged}
            | {"method": method.name if method else arm, "arm": arm, "source": method.source if method else "reference"}
            | {name: row[name] for name in ("accuracy", "low", "high", "n")}
            | {"chance": chance.get(split), "rank": own["rank"], "advantage": own["advantage"]}
            | {"difference": dataclasses.asdict(found) if found else None}
            | {"written": sum(written.values() if arm == SHUFFLED else (written.get(n, 0) for n in made))}
            | {"trained": seen.get(arm, 0), "steps": took["steps"].mean(), "seconds": took["seconds"].mean()}
        )
    return rows


def league(runs: Sequence[RunConfig]) -> Path:
    """Do what is missing of the runs (those of `settings_for`) on one pool of engines; writes league.md, league.json and the figure beside
    them, and returns the path of the first."""
    first, rows = runs[0], list[dict[str, Any]]()
    for config in runs:  # before the first is trained
        check_room(config, {seed: load(config.benchmark, seed) for seed in config.seeds})
    with EnginePool(first.model, first.engine) as pool:
        for config in runs:
            rows += rows_of(run_job(config, pool), config)
    write_json(first.out / "league.json", rows)
    figure = first.out / "figures/league.png"
    scatter(
        [_dots(name, rows) for name in dict.fromkeys(row["benchmark"] for row in rows)],
        "Accuracy over tokens written",
        figure,
    )
    path = first.out / "league.md"
    write_whole(path, "\n".join(page(first, rows)).encode())
    return path


def page(config: RunConfig, rows: list[dict[str, Any]]) -> list[str]:
    """The lines of league.md."""
    lines = [
        "# Ways to put knowledge into weights",
        "",
        f"Model `{config.model}`, size `{config.benchmark.size}`, seeds {', '.join(map(str, config.seeds))}. Every training is as long in tokens. "
        "Accuracies have 95% intervals over facts and trainings; *against documents alone* is the paired difference. *Advantage*: nats by "
        "which the right choice is likelier than the mean of the wrong ones; *rank*: its place among the choices, 1 for the first. *Written*: tokens that the model "
        "wrote for the method. Command: `forethought reproduce --methods`.",
        "",
        "![Accuracy over tokens written](figures/league.png)",
        "",
    ]
    for name in dict.fromkeys(row["benchmark"] for row in rows):
        own = [row for row in rows if row["benchmark"] == name]
        for split in dict.fromkeys(row["split"] for row in own):
            some = [row for row in own if row["split"] == split]
            kind = "implied" if some[0]["judged"] else "stated"
            lines += [f"## {name}: {split} ({kind}, chance {percent(some[0]['chance'])})", ""]
            lines += [
                "| method | source | accuracy | against documents alone | advantage | rank | written | trained | seconds |"
            ]
            lines += ["|---|---|---|---|---|---|---|---|---|"]
            lines += [_line(row) for row in sorted(some, key=lambda row: -(row["accuracy"] or 0))]
            lines.append("")
    return lines


def _line(row: dict[str, Any]) -> str:
    gap = row["difference"]
    points = (
        "{:+.1f} [{:+.1f}, {:+.1f}]".format(*(100 * gap[key] for key in ("difference", "low", "high"))) if gap else "-"
    )
    placed = f"{row['advantage']:+.2f} | {row['rank']:.2f}" if row["rank"] is not None else "- | -"
    cost = (
        f"{row['written']:,} | {row['trained']:,} | {row['seconds']:,.0f}"
        if row["seconds"] is not None
        else "- | - | -"
    )
    return f"| {row['method']} | {row['source']} | {interval(row)} | {points} | {placed} | {cost} |"


def _dots(name: str, rows: list[dict[str, Any]]) -> Scatter:
    """A data set's methods, each with the mean of its accuracies on what is implied, over the tokens written for it."""
    judged = [row for row in rows if row["benchmark"] == name and row["judged"] and row["accuracy"] is not None]
    dots = list[Dot]()
    for method in dict.fromkeys(row["method"] for row in judged):
        own = [row for row in judged if row["method"] == method]
        dots.append(Dot(method, own[0]["written"], sum(row["accuracy"] for row in own) / len(own)))
    chances = [row["chance"] for row in judged if row["chance"] is not None]
    return Scatter(f"{name}: what is implied", sum(chances) / len(chances) if chances else None, dots)
