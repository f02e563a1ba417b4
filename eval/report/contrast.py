"""A comparison of runs in words, for a terminal, as a page, as Markdown and as JSON."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Column, Table

from engine.store import records
from eval.measure.accuracy import interval
from eval.report.costs import duration
from eval.report.figures import COLOURS, OTHER
from eval.report.findings import listed
from eval.report.page import html_pages, markdown_pages


class Run(NamedTuple):
    """What a finished run's folder holds."""

    name: str
    config: dict[str, Any]
    results: dict[str, Any]
    origin: dict[str, Any]
    answers: pl.DataFrame
    """Those of the norm `sum`."""


def answer(runs: Sequence[Run], rows: list[dict[str, Any]]) -> str:
    """What differs beyond chance, largest first, in one sentence."""
    gaps = [(row, run.name, gap) for row in rows for run, gap in zip(runs[1:], row["difference"], strict=True) if gap]
    if not gaps:
        return "The runs have no scored arm and split in common, so there is no difference to show."
    apart = sorted((gap for gap in gaps if beyond_chance(gap[2])), key=lambda gap: -abs(gap[2]["difference"]))
    where = f" from {runs[0].name}'s"
    if not apart:
        return f"None of {len(gaps)} accuracies differs{where} by more than chance can explain."
    told = [
        f"{row['arm']} on {row['split']}{f' in {name}' if len(runs) > 2 else ''} by {points(gap)}"
        for row, name, gap in apart[:3]
    ]
    more = f", and {len(apart) - 3} more" if len(apart) > 3 else ""
    return f"{len(apart)} of {len(gaps)} accuracies {'differs' if len(apart) == 1 else 'differ'}{where} by more than chance can explain: {listed(told)}{more}."


def beyond_chance(gap: dict[str, Any]) -> bool:
    """Whether the interval leaves out zero."""
    return gap["low"] > 0 or gap["high"] < 0


def points(gap: dict[str, Any]) -> str:
    """A difference as "+4.0 points [+1.2, +6.8]"."""
    middle, low, high = (f"{100 * gap[key]:+.1f}" for key in ("difference", "low", "high"))
    return f"{middle} points [{low}, {high}]"


def warnings(runs: Sequence[Run]) -> list[str]:
    """What a reader must know before reading any difference."""
    told = []
    for key in ("benchmark", "model"):
        if len({run.results[key] for run in runs}) > 1:
            those = listed([f"{run.name} has {run.results[key]}" for run in runs])
            told.append(f"The runs have different {key}s ({those}), which alone may explain a difference.")
    return told


def notes(runs: Sequence[Run], rows: list[dict[str, Any]]) -> list[str]:
    """How to read the differences, and how many questions they leave out."""
    told = []
    kinds = {gap["paired"] for row in rows for gap in row["difference"] if gap}
    if False in kinds:
        told.append(
            "Differences marked unpaired are between runs that were asked different questions; their intervals are computed from "
            "those of the two accuracies (Newcombe 1998)."
        )
    if True in kinds:
        told.append(
            "Paired differences compare the runs question by question, where both have answered; intervals are over facts and trainings."
        )
    alone = [
        f"{count:,} of {row['arm']} on {row['split']}{f' in {run.name}' if len(runs) > 2 else ''}"
        for row in rows
        for run, gap, count in zip(runs[1:], row["difference"], row["unpaired"], strict=True)
        if gap and gap["paired"] and count
    ]
    if alone:
        told.append(
            f"Paired differences leave out questions that only one of the two runs has scored: {listed(alone)}."
        )
    if sum(row["unscored"] for run in rows for row in run["accuracy"] if row):
        told.append("Questions that could not be scored are left out.")
    return [*told, "About one interval in twenty misses the true value; no correction is made for the number shown."]


def amount(value: float | None, unit: str) -> str:
    """A cost in words."""
    return "–" if value is None else duration(value) if unit == "seconds" else f"{value:,}"


def terminal(found: dict[str, Any]) -> list[Table | str]:
    """The comparison for a terminal: the answer, a table of accuracies per split, settings that differ, cost, notes."""
    names = [run["name"] for run in found["runs"]]
    shown: list[Table | str] = [escape(found["answer"]), *(escape(warning) for warning in found["warnings"]), ""]
    beside, apart = (True, True), ((True, False), (False, True))
    for split in dict.fromkeys(row["split"] for row in found["rows"]):
        # a terminal of 80 columns has room for two runs and their difference
        for accuracies, gaps in [beside] if len(names) == 2 else apart:
            head = [*(names if accuracies else []), *(f"{name} − {names[0]}" for name in names[1:] if gaps)]
            table = _table(split, ["arm", *head], right=True)
            for row in found["rows"]:
                if row["split"] == split:
                    cells = [
                        *map(_accuracy, row["accuracy"] if accuracies else []),
                        *map(_gap, row["difference"] if gaps else []),
                    ]
                    table.add_row(row["arm"], *cells)
            shown += [table, ""]
    table = _table("settings that differ", ["setting", *names])
    for row in found["settings"]:
        table.add_row(*map(escape, (row["setting"], *row["values"])))
    shown += [table, ""] if found["settings"] else ["No setting differs.", ""]
    table = _table("cost", ["what", *names], right=True)
    for row in found["cost"]:
        table.add_row(row["what"], *(amount(value, row["unit"]) for value in row["values"]))
    return [*shown, table, "", *(escape(note) for note in found["notes"])]


def _table(title: str, head: Sequence[str], right: bool = False) -> Table:
    columns = [Column(escape(head[0]), no_wrap=True)]
    columns += [Column(escape(name), justify="right" if right else "left", overflow="fold") for name in head[1:]]
    return Table(*columns, title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, padding=(0, 2, 0, 0))


def _accuracy(row: dict[str, Any] | None) -> str:
    return "–" if row is None else interval(row).replace(" [", "\n[")


def _gap(gap: dict[str, Any] | None) -> str:
    if gap is None:
        return "–"
    told = points(gap).replace(" points [", "\n[") + ("" if gap["paired"] else "\nunpaired")
    return f"[bold]{escape(told)}[/]" if beyond_chance(gap) else escape(told)


def html(found: dict[str, Any]) -> str:
    """The page."""
    pages = html_pages()
    pages.filters |= FILTERS
    return pages.get_template("compare.html.j2").render(found | {"colours": COLOURS, "other_colour": OTHER})


def markdown(found: dict[str, Any]) -> str:
    """The same as Markdown."""
    pages = markdown_pages()
    pages.filters |= FILTERS
    return pages.get_template("compare.md.j2").render(found)


def as_json(found: dict[str, Any]) -> str:
    """The same as JSON."""
    return records.as_json(found)


FILTERS: dict[str, Any] = {"points": points, "beyond_chance": beyond_chance, "amount": amount}
