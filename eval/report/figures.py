"""The bar chart of a run, like the paper's figures: a group of bars per split, one bar per arm."""

import io
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from engine.store.places import write_whole
from eval.measure.accuracy import LEADING, percent
from eval.measure.order import arms_in_order, splits_in_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, darkened where they would vanish on white. Every bar also carries its name and its value.
COLOURS = {
    "ngrams": "#8c7460",
    "pretrained": "#878d96",
    "icl": "#0072b2",
    "finetuned": "#d55e00",
    "finetuned+repeat": "#bd8200",
    "finetuned+local": "#009e73",
    "finetuned+global": "#3391cc",
    "finetuned+all": "#c46a9f",
    "finetuned+paraphrase": "#958d1a",
    "finetuned+shuffled": "#8f7361",
    "finetuned+reverse-training": "#a85f6b",
    "finetuned+masked": "#6d7f3f",
    "adapter": "#4f8a8b",
    "retrieval": "#8674c9",
    "retrieval+oracle": "#5c5fa8",
}
OTHER = "#7d7d7d"
INK, SOFT = "#22272e", "#565d66"


@dataclass(frozen=True)
class Bar:
    """One arm on one split; accuracy and its 95% interval are fractions."""

    arm: str
    accuracy: float
    low: float
    high: float

    @property
    def label(self) -> str:
        """The arm's name without the "finetuned" that most arms share."""
        return self.arm.replace("finetuned+", "+ ", 1)

    @property
    def colour(self) -> str:
        """The arm's colour, the same in every chart."""
        return COLOURS.get(self.arm, OTHER)


@dataclass(frozen=True)
class Panel:
    """One split of the chart; `chance` is None where guessing has no defined accuracy."""

    split: str
    chance: float | None
    bars: list[Bar]

    @property
    def words(self) -> str:
        """The panel for a reader who cannot see it."""
        bars = ", ".join(
            f"{bar.arm} {percent(bar.accuracy)} ({100 * bar.low:.1f} to {100 * bar.high:.1f})" for bar in self.bars
        )
        chance = "" if self.chance is None else f" Chance is {percent(self.chance)}."
        return f"Accuracy on {self.split}: {bars}.{chance}"


@dataclass(frozen=True)
class Dot:
    """A method: tokens that were written for it, and its accuracy."""

    name: str
    tokens: int
    accuracy: float


@dataclass(frozen=True)
class Scatter:
    """Methods on one data set."""

    title: str
    chance: float | None
    dots: list[Dot]


def panels(summary: pl.DataFrame, chance: Mapping[str, float]) -> list[Panel]:
    """The chart's panels in the order of splits, in the leading norms; arms of which nothing was scored are left out."""
    table = summary.filter(pl.col("norm").is_in(LEADING), pl.col("accuracy").is_not_null())
    found = []
    for split in splits_in_order(table["split"].to_list()):
        rows = {row["arm"]: row for row in table.filter(pl.col("split") == split).to_dicts()}
        bars = [Bar(arm, *(rows[arm][key] for key in ("accuracy", "low", "high"))) for arm in arms_in_order([*rows])]
        found.append(Panel(split, chance.get(split), bars))
    return found


def draw(groups: list[Panel], title: str, path: Path) -> None:
    """Writes the chart as an image, two splits to a row; the format is that of `path`'s suffix."""
    from matplotlib.figure import Figure

    columns, rows = min(2, max(1, len(groups))), max(1, math.ceil(len(groups) / 2))
    bars = max((len(group.bars) for group in groups), default=0)
    figure = Figure(figsize=(columns * max(3.6, 1 + 0.5 * bars), 0.4 + 3.7 * rows), dpi=160, layout="constrained")
    figure.suptitle(title, fontsize=11, parse_math=False)
    grid = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, group in itertools.zip_longest(grid, groups):
        if group is None:
            axes.set_axis_off()
        else:
            _draw_panel(axes, group)
    if not groups:
        figure.text(0.5, 0.5, "nothing was scored", ha="center", color=SOFT)
    _save(figure, path)


SCALE = 240
"""Points of height of a whole unit of accuracy in `scatter`."""
APART, BESIDE = 0.04, 2.0
"""Least difference in height between two names, and how many times more tokens a dot must have to stand beside another."""


def _heights(dots: list[Dot]) -> list[float]:
    """Where the names of dots stand, from 0 to 1: beside them, or so far below the name of a neighbour that both can be read."""
    found, taken = dict[int, float](), list[tuple[int, float]]()
    for number in sorted(range(len(dots)), key=lambda n: (-dots[n].accuracy, dots[n].tokens)):
        dot, height = dots[number], dots[number].accuracy
        near = sorted(
            (h for t, h in taken if max(t, dot.tokens, 1) <= BESIDE * max(1, min(t, dot.tokens))), reverse=True
        )
        for other in near:
            if abs(other - height) < APART:
                height = other - APART
        found[number] = height
        taken.append((dot.tokens, height))
    return [found[number] for number in range(len(dots))]


def scatter(groups: list[Scatter], title: str, path: Path) -> None:
    """Writes accuracy over tokens as an image, a chart per data set; tokens on a scale that is logarithmic but for none at all."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 0.4 + 4.6 * max(1, len(groups))), dpi=160, layout="constrained")
    figure.suptitle(title, fontsize=11)
    for axes, group in zip(figure.subplots(max(1, len(groups)), 1, squeeze=False).flatten(), groups, strict=False):
        for dot, height in zip(group.dots, _heights(group.dots), strict=True):
            axes.plot(dot.tokens, dot.accuracy, "o", color=INK, markersize=5)
            line = {"arrowstyle": "-", "color": SOFT, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3}
            aside = {"xytext": (14, (height - dot.accuracy) * SCALE), "textcoords": "offset points", "arrowprops": line}
            axes.annotate(dot.name, (dot.tokens, dot.accuracy), va="center", fontsize=7.5, color=INK, **aside)
        if group.chance is not None:
            axes.axhline(group.chance, color=INK, linewidth=1, dashes=(4, 3))
        axes.set_xscale("symlog", linthresh=1000)
        axes.set(ylim=(0, 1.05), xlim=(-100, 3 * max([1000, *(dot.tokens for dot in group.dots)])))
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100%"])
        axes.set_xlabel("tokens written", fontsize=9)
        axes.set_title(group.title, loc="left", fontsize=11, weight="bold", parse_math=False)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#dfe2e6", linewidth=0.6)
    _save(figure, path)


def _save(figure: "Figure", path: Path) -> None:
    image = io.BytesIO()
    figure.savefig(image, format=path.suffix.removeprefix("."))
    write_whole(path, image.getvalue())


def _draw_panel(axes: "Axes", group: Panel) -> None:
    for x, bar in enumerate(group.bars):
        reach = [[max(0, bar.accuracy - bar.low)], [max(0, bar.high - bar.accuracy)]]
        axes.bar(x, bar.accuracy, width=0.78, color=bar.colour, edgecolor=INK, linewidth=0.6)
        axes.errorbar(x, bar.accuracy, reach, color=INK, linewidth=1.1, capsize=3)
        axes.text(x, bar.high + 0.015, f"{100 * bar.accuracy:.0f}", ha="center", va="bottom", fontsize=8.5)
    if group.chance is not None:
        axes.axhline(group.chance, color=INK, linewidth=1, dashes=(4, 3))
        note = f"- - chance {percent(group.chance)}"  # short: the split's name stands beside it
        axes.text(1, 1.04, note, transform=axes.transAxes, ha="right", fontsize=8.5, color=SOFT)
    names = [bar.label for bar in group.bars]
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor", parse_math=False)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100%"])
    axes.set(ylim=(0, 1.1), xlim=(-0.7, len(names) - 0.3))
    axes.set_title(group.split, loc="left", fontsize=11, weight="bold", parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dfe2e6", linewidth=0.6)
    axes.set_axisbelow(True)
