"""The report of a run: one HTML page that works offline, the same as Markdown, and the chart as an image.

What a reader needs who has a minute comes first: the answer, the figure, the table of arms, the cost, what to do next. Then
what a paper has in its appendix: claims, method, examples, audit, training, provenance, and how to repeat the run.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from augment.results.review import TEMPLATES as SHARED
from engine.store.places import write_whole
from eval.measure.accuracy import LEADING, interval, percent
from eval.measure.claims import Claim
from eval.measure.order import arms_in_order, splits_in_order
from eval.report.costs import cost_rows, duration, trained_rows
from eval.report.curves import curves, highest
from eval.report.figures import COLOURS, OTHER, draw, panels
from eval.report.findings import headline, meaning_of, next_steps, tally, warnings
from eval.report.own_tables import own_tables
from eval.report.questions import question_tables
from eval.report.tables import tables

TEMPLATES = Path(__file__).parent / "templates"
SOURCES, PER_SOURCE, REJECTED, MISTAKES = 6, 5, 12, 8
"""How many examples the page shows: sources, inferences of each, rejected inferences, mistakes of each arm."""
CLAIMS = 8
"""Of more claims than these, those that are shown are folded away."""

SECTIONS = (
    ("accuracy", "Accuracy", ()),
    ("questions", "Your questions", ("own",)),
    ("cost", "Cost", ()),
    ("next", "Next", ()),
    ("claims", "Claims", ("open_claims", "held_claims")),
    ("arms", "Method and arms", ()),
    ("examples", "Examples", ("sources", "rejected", "facts", "mistakes")),
    ("audit", "Audit", ("tables", "augmentation_rows")),
    ("training", "Training", ("curves",)),
    ("provenance", "Provenance", ("provenance", "has_config")),
    ("repeat", "Repeat", ("commands",)),
)
"""Anchor, name, and of what the section needs some, of the page's contents."""

NORMS = {
    "sum": "choices compared by total log-likelihood",
    "token": "choices compared by log-likelihood per token",
    "char": "choices compared by log-likelihood per character",
    "byte": "choices compared by log-likelihood per byte",
    "pmi": "choices compared by log-likelihood minus that after a neutral stem (PMI)",
    "normalised": "the written answer compared with the right one, ignoring case, articles, punctuation and number words",
    "exact": "the written answer compared with the right one (exact match)",
    "judge": "the written answer graded by a judge: the untuned model itself, by the likelihood of yes and no",
}
COUNTS = {"inferences": "Inferences generated", "kept": "Inferences kept"}
SHARES = {
    "precision": "Precision: share of kept inferences that the facts imply",
    "test_items_verbatim": "Test items stated verbatim in the augmentation",
}


@dataclass(frozen=True)
class ReportData:
    """All that a report shows. What a run does not have stays empty, and its section is left out."""

    title: str
    benchmark: str
    model: str
    summary: pl.DataFrame
    """What `eval.measure.accuracy.summarise` returns."""
    model_note: str = ""
    claims: list[Claim] = field(default_factory=list)
    chance: Mapping[str, float] = field(default_factory=dict)
    """Accuracy of guessing, per split."""
    steps: list[str] = field(default_factory=list)
    """What was done, a sentence each."""
    results: dict[str, Any] = field(default_factory=dict)
    """The content of results.json; `augmentation`, `seconds`, `tokens`, `training` are shown, `rows` seed by seed."""
    facts: list[dict[str, Any]] = field(default_factory=list)
    """Examples of the corpus: text, source."""
    inferences: list[dict[str, Any]] = field(default_factory=list)
    """Examples of inferences: text, operator, source_text, kept, reason."""
    mistakes: list[dict[str, Any]] = field(default_factory=list)
    """Questions answered wrongly: arm, split, stem, chosen, right."""
    provenance: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)


def write_report(run: Path, data: ReportData) -> None:
    """Writes report.html, report.md and figures/accuracy.png into the folder `run`."""
    groups = panels(data.summary, data.chance)
    draw(groups, f"{data.benchmark}: {data.model}", run / "figures" / "accuracy.png")
    view: dict[str, Any] = {
        "data": data,
        "answer": headline(data.summary, data.claims, data.chance, "questions" in data.results),
        "warnings": warnings(data.results),
        "verdict_of_all": tally(data.claims),
        "groups": groups,
        "longest_label": max((len(bar.label) for group in groups for bar in group.bars), default=0),
        "colours": COLOURS,
        "other_colour": OTHER,
        "norms": _norms(data.summary),
        "norm_names": NORMS,
        "meanings": [(arm, meaning_of(arm)) for arm in arms_in_order(data.summary["arm"].to_list())],
        "seeds_apart": _seeds_apart(data.results),
        "augmentation_rows": _augmentation(data.results.get("augmentation") or {}),
        "own": question_tables(data.results),
        "leading": LEADING,
        "tables": own_tables(data.results) + tables(data.results),
        "curves": curves(data.results.get("training") or []),
        "top_loss": highest(data.results.get("training") or []),
        "cost_rows": cost_rows(data.results),
        "trained_rows": trained_rows(data.results),
        "open_claims": [c for c in data.claims if not c.holds] if len(data.claims) > CLAIMS else data.claims,
        "held_claims": [c for c in data.claims if c.holds] if len(data.claims) > CLAIMS else [],
        "facts": data.facts,
        "sources": _by_source(data.inferences),
        "rejected": [row for row in data.inferences if not row["kept"]][:REJECTED],
        "mistakes": _by_arm(data.mistakes),
        "provenance": [(key, _told(value)) for key, value in data.provenance.items()],
        "commands": data.commands,
        "has_config": bool(data.config),
        "config": json.dumps(data.config, indent=2, default=str, ensure_ascii=False),
        "next_steps": next_steps(data.summary, data.claims, data.results),
        "time": duration(sum(data.results["seconds"].values())) if data.results.get("seconds") else "",
    }
    view["sections"] = [
        (anchor, name) for anchor, name, shown in SECTIONS if not shown or any(view[key] for key in shown)
    ]
    for name, page in (("report.html", html_pages()), ("report.md", markdown_pages())):
        text = page.get_template(f"{name}.j2").render(view)
        write_whole(run / name, text.encode())


def table_of_arms(summary: pl.DataFrame, chance: Mapping[str, float] | None = None) -> Table:
    """The summary for a terminal, in the leading norms: a row per arm, a column per split, chance in the caption."""
    rows = summary.filter(pl.col("norm").is_in(LEADING)).to_dicts()
    splits = splits_in_order([row["split"] for row in rows])
    fold = "\n" if len(splits) > 2 else " "  # a terminal of 80 columns has room for two figures on a line
    cells = {(row["arm"], row["split"]): interval(row).replace(" [", f"{fold}[") for row in rows}
    at = ", ".join(f"{split} {percent((chance or {})[split])}" for split in splits if split in (chance or {}))
    caption = "accuracy with 95% interval" + (f"\nchance: {at}" if at else "")
    first = Column("arm", no_wrap=True)
    table = Table(first, caption=caption, caption_justify="left", box=SIMPLE_HEAD, show_edge=False, padding=0)
    for split in splits:
        table.add_column(split, justify="right")
    for arm in arms_in_order([row["arm"] for row in rows]):
        table.add_row(arm, *(cells.get((arm, split), "-") for split in splits))
    return table


def _norms(summary: pl.DataFrame) -> list[tuple[str, list[tuple[str, list[dict[str, Any]]]]]]:
    """(norm, [(split, rows)]), the leading norms first: by them arms are compared."""
    rows = summary.to_dicts()
    norms = sorted({row["norm"] for row in rows}, key=lambda norm: (norm not in LEADING, norm != "sum", norm))
    splits = splits_in_order([row["split"] for row in rows])
    found = [(n, [(s, [r for r in rows if r["norm"] == n and r["split"] == s]) for s in splits]) for n in norms]
    return [(norm, [(split, group) for split, group in groups if group]) for norm, groups in found]


def _seeds_apart(results: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """(arm, [(split, accuracy of each seed)]) where there are several seeds."""
    rows = [row for row in results.get("rows") or [] if row["norm"] in LEADING]
    splits, found = splits_in_order([row["split"] for row in rows]), dict[tuple[str, str], list[str]]()
    for row in sorted(rows, key=lambda row: row["seed"]):
        figure = "–" if row["accuracy"] is None else f"{100 * row['accuracy']:.1f}"
        found.setdefault((row["arm"], row["split"]), []).append(figure)
    arms = arms_in_order([arm for arm, _ in found]) if len({row["seed"] for row in rows}) > 1 else []
    return [(arm, [(split, " / ".join(found.get((arm, split), ["–"]))) for split in splits]) for arm in arms]


def _augmentation(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is known of the augmentation, as (name, value) pairs; what is absent or null is left out."""
    known = {key: value for key, value in figures.items() if value is not None}
    rows = [(name, f"{known[key]:,}") for key, name in COUNTS.items() if key in known]
    rows += [(name, percent(known[key])) for key, name in SHARES.items() if key in known]
    recall = known.get("recall") or {}
    return rows + [(f"Recall, {split}", percent(recall[split])) for split in splits_in_order([*recall])]


def _by_arm_and_split(groups: list[tuple[str, list[dict[str, Any]]]]) -> list[tuple[str, list[dict[str, Any] | None]]]:
    """(split, rows) of one norm as (arm, a row or None for each split)."""
    cells = {(row["arm"], split): row for split, rows in groups for row in rows}
    return [(arm, [cells.get((arm, split)) for split, _ in groups]) for arm in arms_in_order([arm for arm, _ in cells])]


def _by_source(inferences: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in inferences:
        if row["kept"]:
            groups.setdefault(row["source_text"], []).append(row)
    return [(source, rows[:PER_SOURCE]) for source, rows in list(groups.items())[:SOURCES]]


def _by_arm(mistakes: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    arms = arms_in_order([row["arm"] for row in mistakes])
    return [(arm, [row for row in mistakes if row["arm"] == arm][:MISTAKES]) for arm in arms]


def _told(value: Any) -> str:
    """A record as one line: "vllm 0.25.1, torch 2.10.0"."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_told(item)}" for key, item in value.items())
    return ", ".join(map(_told, value)) if isinstance(value, list | tuple) else str(value)


def html_pages() -> Environment:
    """Templates of pages: everything that is put in is escaped."""
    pages = Environment(loader=FileSystemLoader([TEMPLATES, SHARED]), autoescape=True, undefined=StrictUndefined)
    pages.trim_blocks = pages.lstrip_blocks = True
    pages.filters |= {"percent": percent, "breakable": _breakable, "by_arm": _by_arm_and_split}
    return pages


def markdown_pages() -> Environment:
    """Templates of Markdown: everything that is put in is literal."""
    pages = Environment(loader=FileSystemLoader(TEMPLATES), finalize=_plain, undefined=StrictUndefined)
    pages.trim_blocks = pages.lstrip_blocks = True
    pages.filters |= {"percent": percent, "interval": interval, "code": _code}
    return pages


def _plain(value: Any) -> Any:
    """Data as one line of literal Markdown: no markup, no HTML, no end of a table's cell."""
    if isinstance(value, Markup):
        return value
    text = " ".join(str(value).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", text)


def _code(text: str) -> Markup:
    """An indented block, which no content can close."""
    return Markup("\n".join("    " + line for line in text.splitlines()))


def _breakable(text: str) -> Markup:
    """An arm's name that may break before its "+" in a narrow column; an interval that stays on its figure's line."""
    whole = re.sub(r" \[[-+\d., ]+\]", lambda found: found[0].replace(" ", "\u00a0"), text)
    return Markup(re.sub(r"(?<=[a-z])\+(?=[a-z])", "<wbr>+", escape(whole)))
