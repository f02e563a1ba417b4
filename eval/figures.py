"""The bar chart of a run, like the paper's figures: a group of bars per split, one bar per arm."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from matplotlib.figure import Figure

from eval.stats import arms_in_order, percent, splits_in_order

# Okabe and Ito's colours, darkened where they would vanish on white. Every bar also carries its name and its value.
COLOURS = {
    "pretrained": "#8c929b",
    "icl": "#0072b2",
    "finetuned": "#d55e00",
    "finetuned+repeat": "#d39200",
    "finetuned+local": "#009e73",
    "finetuned+global": "#3d9fd8",
    "finetuned+all": "#c46a9f",
    "finetuned+paraphrase": "#a39a1d",
    "finetuned+shuffled": "#8f7361",
    "finetuned+reverse-training": "#a85f6b",
    "retrieval": "#8674c9",
}
OTHER = "#7d7d7d"


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


def panels(summary: pl.DataFrame, chance: Mapping[str, float], norm: str = "sum") -> list[Panel]:
    """The chart's panels in the order of splits; arms of which nothing was scored are left out."""
    table = summary.filter(pl.col("norm") == norm, pl.col("accuracy").is_not_null())
    found = []
    for split in splits_in_order(table["split"].to_list()):
        rows = {row["arm"]: row for row in table.filter(pl.col("split") == split).to_dicts()}
        bars = [Bar(arm, *(rows[arm][key] for key in ("accuracy", "low", "high"))) for arm in arms_in_order([*rows])]
        found.append(Panel(split, chance.get(split), bars))
    return found


def draw(groups: list[Panel], title: str, path: Path) -> None:
    """Writes the chart as an image; the format is that of `path`'s suffix."""
    arms = arms_in_order([bar.arm for group in groups for bar in group.bars])
    widths = [len(group.bars) + 1.2 for group in groups] or [4]
    figure = Figure(figsize=(max(6.4, 1.4 + 0.58 * sum(widths)), 4.4), dpi=160, layout="constrained")
    axes = figure.subplots()
    start, ticks, names = 0.0, [], []
    for group, width in zip(groups, widths, strict=False):
        for place, bar in enumerate(group.bars):
            x = start + place
            axes.bar(x, bar.accuracy, width=0.84, color=bar.colour, edgecolor="#22272e", linewidth=0.6)
            axes.errorbar(
                x, bar.accuracy, [[max(0, bar.accuracy - bar.low)], [max(0, bar.high - bar.accuracy)]],
                color="#22272e", linewidth=1.1, capsize=3,
            )  # fmt: skip
            axes.text(x, bar.high + 0.015, f"{100 * bar.accuracy:.0f}", ha="center", va="bottom", fontsize=8.5)
            ticks.append(x)
            names.append(bar.label)
        middle = start + (len(group.bars) - 1) / 2
        axes.text(middle, 1.11, group.split, ha="center", va="bottom", fontsize=11, weight="bold", parse_math=False)
        if group.chance is not None:
            ends = [start - 0.6, start + len(group.bars) - 0.4]
            axes.plot(ends, [group.chance] * 2, color="#22272e", linewidth=1, dashes=(4, 3))
            axes.text(ends[1], group.chance, " chance", va="center", fontsize=7.5, color="#454c56")
        start += width
    axes.set_xticks(ticks, names, rotation=40, ha="right", rotation_mode="anchor", fontsize=9, parse_math=False)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100%"], fontsize=9)
    axes.set(ylim=(0, 1.1), xlim=(-0.9, max(start - 0.4, 1)), ylabel="correct")
    axes.set_title(title, loc="left", fontsize=11, pad=28, parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dfe2e6", linewidth=0.6)
    axes.set_axisbelow(True)
    if not arms:
        axes.text(0.5, 0.5, "nothing was scored", transform=axes.transAxes, ha="center", color="#454c56")
    figure.savefig(path)
