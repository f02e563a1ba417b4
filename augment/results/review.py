"""The review page: one HTML file to read inferences beside their sources and to decide about them, offline, quick with 10,000 rows.

What it saves is read by `augment.review`.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from augment.review.decisions import LONGEST, Decision, shown
from engine.store.places import write_whole

TEMPLATES = Path(__file__).parent / "templates"
MOST = 10_000
"""Rows on the page; of more a sample is shown."""
FLOOR = 50
"""Rows of each operator and verdict that a sample holds at least, where there are as many."""
DRAWN = 1_000
"""Of more rows than MOST so many kept ones on the page are drawn from all kept ones alike: the random samples are taken from them."""
KEPT = "kept"
SCRIPTS = ("decisions.js", "sample.js", "review.js")
"""One after the other they are the page's script."""


def write_review(
    out: Path,
    inferences: pl.DataFrame,
    documents: pl.DataFrame,
    model: str,
    seed: int = 0,
    decisions: Iterable[Decision] = (),
) -> None:
    """Write review.html into `out`; it begins with the decisions that there are."""
    write_whole(out / "review.html", review_page(inferences, documents, model, seed, decisions).encode())


def review_page(
    inferences: pl.DataFrame,
    documents: pl.DataFrame,
    model: str,
    seed: int = 0,
    decisions: Iterable[Decision] = (),
) -> str:
    """The page's HTML; every text reaches it as data, none as markup."""
    told = inferences.with_columns(_verdicts(inferences))
    on_page, drawn = chosen(told, seed)
    data = page_data(on_page, documents) | {"drawn": drawn, "decisions": [_known(one) for one in decisions]}
    script = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS)
    pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    pages.trim_blocks = pages.lstrip_blocks = True
    return pages.get_template("review.html.j2").render(
        documents=documents.height,
        rows=told.height,
        shown=on_page.height,
        kept=told.filter(verdict=KEPT).height,
        model=Path(model).name if Path(model).is_dir() else model,
        operators=_operators(told),
        rejected=told.filter(pl.col("verdict") != KEPT)["verdict"].value_counts(sort=True).rows(),
        longest=LONGEST,
        data=Markup(as_script(data)),
        script=Markup(script),
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _verdicts(inferences: pl.DataFrame) -> pl.Series:
    """What the filter calls the outcome of each row: kept, or the reason up to a colon, behind which details stand."""
    reasons = inferences.select("kept", "reason").iter_rows()
    outcomes = [KEPT if kept else (reason or "rejected").split(":")[0].strip()[:80] for kept, reason in reasons]
    return pl.Series("verdict", outcomes, dtype=pl.String)


def _known(decision: Decision) -> dict[str, str]:
    return {name: value for name, value in decision._asdict().items() if value is not None}


def chosen(told: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, list[int] | None]:
    """The rows of the page, and where they are not all, the places of those that are drawn from all kept ones alike.

    The others are drawn by operator and verdict, with more of the rare ones: they cannot say how many of all are right.
    """
    if told.height <= MOST:
        return told, None
    rows = told.with_row_index("number")
    kept = rows.filter(verdict=KEPT)["number"].to_list()
    drawn = set(Random(f"drawn {seed}").sample(kept, min(DRAWN, len(kept), MOST // 2)))
    others = sample(rows.filter(~pl.col("number").is_in(list(drawn))), MOST - len(drawn), seed)
    places = sorted({*drawn, *others["number"]})
    return told[places], [place for place, row in enumerate(places) if row in drawn]


def sample(told: pl.DataFrame, most: int, seed: int) -> pl.DataFrame:
    """At most `most` rows: of each operator and verdict its share, but at least `FLOOR` where there are as many."""
    if told.height <= most:
        return told
    strata = told.with_row_index("row").group_by("operator", "verdict", maintain_order=True).agg("row")["row"].to_list()
    sizes = [len(rows) for rows in strata]
    floor = min(FLOOR, most // len(strata))
    least = [min(size, floor) for size in sizes]
    left = most - sum(least)
    share = left / max(1, told.height - sum(least))
    rng = Random(seed)
    chosen = [
        row
        for rows, size, low in zip(strata, sizes, least, strict=True)
        for row in rng.sample(rows, low + int(share * (size - low)))
    ]
    return told[sorted(chosen)]


def page_data(on_page: pl.DataFrame, documents: pl.DataFrame) -> dict[str, Any]:
    """Rows as lists of values and of places in the lists `operators`, `verdicts`, `checks`, `sources` and `documents`."""
    names = dict(zip(documents["doc_id"], documents["source"], strict=True)) if "source" in documents.columns else {}
    operators, verdicts, checks, sources, cited = Places(), Places(), Places(), Places(), Places()
    rows = [
        [
            row["inference_id"],
            shown(row["text"]),
            operators.of(row["operator"] or ""),
            verdicts.of(row["verdict"]),
            None if row["kept"] else row["reason"],
            sources.of(shown("\n".join(source_sentences(row)))),
            [cited.of(names.get(i, i)) for i in (row["doc_ids"] or [])[:20]],
            _checks(found := _said(row.get("verdicts"))),
            checks.of("" if row["kept"] else _rejected_by(found, row["reason"])),
            int(len(row["text"] or "") > LONGEST),
        ]
        for row in on_page.iter_rows(named=True)
    ]
    lists = {"operators": operators, "verdicts": verdicts, "checks": checks, "sources": sources, "documents": cited}
    return {"rows": rows} | {name: list(places.seen) for name, places in lists.items()}


class Places:
    """Values in the order in which they first came."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}

    def of(self, value: str) -> int:
        """The value's place."""
        return self.seen.setdefault(value, len(self.seen))


def source_sentences(row: dict[str, Any]) -> list[str]:
    """The sentences that an inference or request comes from, whether the table has one column of them or a list."""
    found = row.get("source_texts") or row.get("source_text") or []
    return [found] if isinstance(found, str) else list(found)


def _said(verdicts: str | None) -> dict[str, Any]:
    try:
        found = json.loads(verdicts or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _checks(said: dict[str, Any]) -> list[list[str]]:
    """[name, verdict] of each check beside the first, which the row's outcome tells already."""
    known = ((name, value) for name, value in said.items() if name != "format")
    return [[name, value if isinstance(value, str) else json.dumps(value)] for name, value in known]


def _rejected_by(said: dict[str, Any], reason: str | None) -> str:
    """The check whose verdict is why a row was rejected."""
    return next((name for name, value in said.items() if reason in (value, f"{name}: {value}")), "")


def _operators(told: pl.DataFrame) -> Iterable[tuple[str, int, int]]:
    """(operator, inferences, kept)."""
    counts = told.group_by("operator").agg(pl.len(), (pl.col("verdict") == KEPT).sum().alias("kept"))
    return counts.sort("operator").rows()


def as_script(data: Any) -> str:
    """JSON that can stand in a script element: nothing in it can end the element or open a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "replace").decode()
