"""The paper's results side by side: every data set as a run of its own, figures like the paper's and a table of its claims."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from engine.pool import EnginePool
from engine.store.places import write_whole
from engine.store.records import write_json
from eval.benchmarks.base import SET_A, mean_chance
from eval.benchmarks.registry import load
from eval.config import Name, RunConfig
from eval.measure.accuracy import interval, percent, summarise
from eval.measure.claims import BEHIND, CHANCE, GAIN, NO_CONTROL, Claim, Expected, compare_arms, judge, said
from eval.measure.order import NGRAMS, STATED
from eval.report.figures import Panel, draw, panels
from eval.runs.room import check_room
from eval.runs.run import run_job

ICL = Expected("icl", "above", "finetuned", "In context the model answers more than finetuned.")
AUGMENTED = Expected("finetuned+local", "above", "finetuned", "Augmented finetuning gains.")
GLOBAL = (
    Expected("finetuned+global", "above", "finetuned", "Global augmentation gains most on deductions."),
    Expected("finetuned+global", "above", "finetuned+repeat", NO_CONTROL),
)
REACHES = Expected(
    "finetuned+local", "reaches", "icl", "Augmented finetuning comes to what in-context learning reaches."
)
OTHERS = (
    Expected("finetuned+masked", "above", "finetuned", "Masked finetuning closes the gap on reversals (2510.09885)."),
    Expected("finetuned+reverse-training", "above", "finetuned", "Reverse training helps reversals (2403.13799)."),
)
CURSE = (
    Expected("finetuned", "below", CHANCE, "Finetuning falls to about zero: names that were training targets attract."),
    *(ICL, AUGMENTED, REACHES),
)


class Part(NamedTuple):
    """What the paper finds on one split of a data set."""

    figure: str
    benchmark: Name
    split: str
    expected: tuple[Expected, ...]


PAPER = (
    Part("2", "celebrities", "reversal", CURSE),
    Part("2", "fictional", "reversal", CURSE),
    Part("2", "celebrities", SET_A, (ICL, AUGMENTED, REACHES)),
    Part("2", "fictional", SET_A, (ICL, AUGMENTED, REACHES)),
    Part("3", "reversals", "reversal", (ICL, AUGMENTED, REACHES, *OTHERS)),
    Part(
        "3",
        "syllogisms",
        "syllogism",
        (
            Expected("finetuned", "above", CHANCE, "Finetuned a little above chance."),
            Expected("icl", "above", "finetuned", "In context much stronger."),
            AUGMENTED,
            Expected("finetuned+local", "above", "icl", "Augmented better still."),
        ),
    ),
    Part("4", "semantic", "rephrasing", (ICL, REACHES)),
    Part(
        "4",
        "semantic",
        "reversal",
        (Expected("finetuned", "above", CHANCE, "Here finetuning reverses above chance."), ICL, AUGMENTED, REACHES),
    ),
    Part("4", "semantic", "syllogism", (ICL, AUGMENTED, *GLOBAL, REACHES)),
    Part("4", "semantic", "longer", (ICL, AUGMENTED, *GLOBAL, REACHES)),
    Part(
        "4",
        "semantic",
        "holdout",
        (Expected("finetuned", "reaches", "icl", "In-context learning gains almost nothing over finetuning."), REACHES),
    ),
    Part("-", "derivatoids", "holdout", (ICL, AUGMENTED)),
)
"""The orderings that the paper reports, by figure; `derivatoids` is an analogue of its process data. "Reversal curse" is
the paper's name of what `celebrities` (the original files) and `fictional` (fresh people) ask; with names of set A alone (ours) it is not enough to
have learnt which names come last."""


DEDUCED = {"syllogisms": ("deduce",), "semantic": ("deduce", "connect")}
"""Data sets that ask for deductions, with the operators that are applied too."""
ARMS = {
    "reversals": ("finetuned+masked", "finetuned+reverse-training"),
    "semantic": ("finetuned+global", "finetuned+repeat"),
}
"""Arms that are compared on one data set besides those of all."""


STEPS = {"semantic": 400}
FACTS: dict[str, int] = {"semantic": 24}
"""How much of a data set a small run has where the settings do not say: what a training of minutes can learn."""


def settings_of(name: Name, base: RunConfig, steps: int | None = None) -> RunConfig:
    """The settings of one data set's run: `base` with its operators, and its steps where they are not given."""
    operators = tuple(dict.fromkeys((*base.augment.operators, *DEDUCED.get(name, ()))))
    facts = base.benchmark.facts or (FACTS.get(name) if base.benchmark.size == "small" else None)
    return base.model_copy(
        update={
            "name": name,
            "arms": tuple(dict.fromkeys((*base.arms, *ARMS.get(name, ())))),
            "benchmark": base.benchmark.model_copy(update={"name": name, "facts": facts}),
            "augment": base.augment.model_copy(update={"operators": operators}),
            "train": base.train.model_copy(
                update={} if base.train.tokens else {"steps": steps or STEPS.get(name, 200)}
            ),
        }
    )


def reproduce(runs: Sequence[RunConfig]) -> Path:
    """Do what is missing of the runs, on one pool of engines; writes and returns reproduction.md in the folder above them.

    They differ in their data set, which is their name, and have the folder, model, size and seeds of the first.
    """
    first, found = runs[0], dict[str, Found]()
    for config in runs:  # before the first is trained
        check_room(config, {seed: load(config.benchmark, seed) for seed in config.seeds})
    with EnginePool(first.model, first.engine) as pool:
        for config in runs:
            run = run_job(config, pool)
            found[config.name] = read(run, mean_chance(load(config.benchmark, s) for s in config.seeds))
    return write(first, found)


class Found(NamedTuple):
    """What a finished run holds."""

    answers: pl.DataFrame
    summary: pl.DataFrame
    chance: dict[str, float]
    results: dict[str, Any]


def read(run: Path, chance: dict[str, float]) -> Found:
    """A finished run's answers."""
    answers = pl.read_parquet(run / "answers.parquet", glob=False)
    results = json.loads((run / "results.json").read_text(encoding="utf-8"))
    return Found(answers, summarise(answers), chance, results)


def judged(found: dict[str, Found]) -> list[tuple[Part, Claim]]:
    """Every claim of the paper about the data sets that were run; those about one data set are judged as a family."""
    claims = dict[Part, list[Claim]]()
    for name in dict.fromkeys(part.benchmark for part in PAPER if part.benchmark in found):
        one, parts = found[name], [part for part in PAPER if part.benchmark == name]
        compared = [compare_arms(one.answers, one.chance, part.split, expected=part.expected) for part in parts]
        family = iter(judge([claim for some in compared for claim in some]))
        claims |= {part: [next(family) for _ in part.expected] for part in parts}
    return [(part, claim) for part in PAPER for claim in claims.get(part, [])]


def write(config: RunConfig, found: dict[str, Found]) -> Path:
    """Write the figures, claims.json and reproduction.md in the folder of runs like `config`; returns the path of the latter."""
    folder = config.out
    lines = [
        "# The paper's claims, measured",
        "",
        f"Model `{config.model}`, size `{config.benchmark.size}`, seeds {', '.join(map(str, config.seeds))}. Accuracies and "
        "differences have 95% intervals over facts and trainings. A claim is shown, refuted or undecided by its paired difference, corrected for the "
        f"number of claims about its data set (Holm). Margins: less than {100 * GAIN:.0f} points refutes “above” and “below”, less than {100 * BEHIND:.0f} points behind is “reaches”. "
        "Claims that could hold although nothing was learnt are not counted. Command: `forethought reproduce`.",
        "",
    ]
    figures = list(dict.fromkeys(part.figure for part in PAPER if part.benchmark in found))
    names = {"2": "reversal curse", "3": "simple reversals and syllogisms", "4": "semantic structure"}
    for figure in figures:
        benchmarks = list(dict.fromkeys(p.benchmark for p in PAPER if p.figure == figure and p.benchmark in found))
        groups: list[Panel] = []
        for name in benchmarks:
            one = found[name]
            made = panels(one.summary, one.chance)
            groups += [dataclasses.replace(panel, split=f"{name}: {panel.split}") for panel in made]
        title = (
            f"Counterpart of figure {figure}: {names[figure]}" if figure in names else "Process knowledge (analogue)"
        )
        image = f"figures/figure-{figure}.png" if figure in names else "figures/process.png"
        draw(groups, title, folder / image)
        lines += [f"![{title}]({image})", ""]
    table = judged(found)
    lines += [
        "## The claims",
        "",
        "| figure | data set | split | the paper | claim | ours | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {p.figure} | {p.benchmark} | {p.split} | {c.paper} | {c.text} | {c.ours} | {_verdict(c)} |"
        for p, c in table
    ]
    lines += ["", f"{said([claim for _, claim in table])}.", ""]
    lines += [*_guesses(found), *_augmentations(found)]
    write_json(folder / "claims.json", [_row(part, claim) for part, claim in table])
    path = folder / "reproduction.md"
    write_whole(path, "\n".join(lines).encode())
    return path


def _verdict(claim: Claim) -> str:
    if not claim.measured:
        return "not measured"
    return f"not counted: {claim.vacuous}" if claim.vacuous else f"**{claim.verdict}**"


def _row(part: Part, claim: Claim) -> dict[str, Any]:
    """A claim as in claims.json: differences are shares, not points."""
    row: dict[str, Any] = {"figure": part.figure, "benchmark": part.benchmark, "split": part.split, "claim": claim.text}
    row |= {"verdict": claim.verdict, "difference": claim.difference, "low": claim.low, "high": claim.high}
    return row | {"vacuous": bool(claim.vacuous), "why": claim.vacuous, "paper": claim.paper, "ours": claim.ours}


def _guesses(found: dict[str, Found]) -> list[str]:
    """How the untuned model without documents, and the one that counts words, answer what the corpora imply: guessing, where a data set gives nothing away."""
    lines = [
        "## What can be guessed",
        "",
        "| data set | split | chance | pretrained | counting words |",
        "|---|---|---|---|---|",
    ]
    for name, one in found.items():
        asked = dict.fromkeys(part.split for part in PAPER if part.benchmark == name and part.split not in STATED)
        for split in asked:
            rows = {row["arm"]: interval(row) for row in one.summary.filter(split=split, norm="sum").to_dicts()}
            lines.append(
                f"| {name} | {split} | {percent(one.chance[split])} | {rows.get('pretrained', '-')} | {rows.get(NGRAMS, '-')} |"
            )
    return [*lines, ""]


def _augmentations(found: dict[str, Found]) -> list[str]:
    """What the augmentation of each data set held."""
    lines = ["## The augmentations", "", "| data set | inferences | kept | precision | recall by type | seconds |"]
    lines.append("|---|---|---|---|---|---|")
    for name, one in found.items():
        made, seconds = one.results["augmentation"], sum(one.results["seconds"].values())
        recall = ", ".join(f"{kind} {100 * share:.1f}%" for kind, share in (made.get("recall") or {}).items())
        precision = f"{100 * made['precision']:.1f}%" if made.get("precision") is not None else "-"
        counts = f"{made.get('inferences', 0):,} | {made.get('kept', 0):,}"
        lines.append(f"| {name} | {counts} | {precision} | {recall or '-'} | {seconds:,.0f} |")
    return [*lines, ""]
