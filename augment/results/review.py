"""The review page: one HTML file to read inferences beside their sources, offline, quick with 10,000 rows."""

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

from engine.store.places import write_whole

TEMPLATES = Path(__file__).parent / "templates"
MOST = 10_000
"""Rows on the page; of more a sample is shown."""
FLOOR = 50
"""Rows of each operator and verdict that a sample holds at least, where there are as many."""
LONGEST = 4_000
"""Characters of a text that are shown."""
KEPT = "kept"


def write_review(out: Path, inferences: pl.DataFrame, documents: pl.DataFrame, model: str, seed: int = 0) -> None:
    """Write review.html into `out`."""
    write_whole(out / "review.html", review_page(inferences, documents, model, seed).encode())


def review_page(inferences: pl.DataFrame, documents: pl.DataFrame, model: str, seed: int = 0) -> str:
    """The page's HTML; every text reaches it as data, none as markup."""
    told = inferences.with_columns(_verdicts(inferences))
    shown = sample(told, MOST, seed)
    script = (TEMPLATES / "review.js").read_text(encoding="utf-8")
    pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    pages.trim_blocks = pages.lstrip_blocks = True
    return pages.get_template("review.html.j2").render(
        documents=documents.height,
        rows=told.height,
        shown=shown.height,
        kept=told.filter(verdict=KEPT).height,
        model=Path(model).name if Path(model).is_dir() else model,
        operators=_operators(told),
        rejected=told.filter(pl.col("verdict") != KEPT)["verdict"].value_counts(sort=True).rows(),
        longest=LONGEST,
        data=Markup(as_script(page_data(shown, documents))),
        script=Markup(script),
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _verdicts(inferences: pl.DataFrame) -> pl.Series:
    """What the filter calls the outcome of each row: kept, or the reason up to a colon, behind which details stand."""
    reasons = inferences.select("kept", "reason").iter_rows()
    outcomes = [KEPT if kept else (reason or "rejected").split(":")[0].strip()[:80] for kept, reason in reasons]
    return pl.Series("verdict", outcomes, dtype=pl.String)


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


def page_data(shown: pl.DataFrame, documents: pl.DataFrame) -> dict[str, Any]:
    """Rows as lists of values and of places in the lists `operators`, `verdicts`, `sources` and `documents`."""
    names = dict(zip(documents["doc_id"], documents["source"], strict=True)) if "source" in documents.columns else {}
    operators, verdicts, sources, cited = Places(), Places(), Places(), Places()
    rows = [
        [
            row["inference_id"],
            _short(row["text"]),
            operators.of(row["operator"] or ""),
            verdicts.of(row["verdict"]),
            None if row["kept"] else row["reason"],
            sources.of(_short("\n".join(source_sentences(row)))),
            [cited.of(names.get(i, i)) for i in (row["doc_ids"] or [])[:20]],
            _checks(row.get("verdicts")),
        ]
        for row in shown.iter_rows(named=True)
    ]
    lists = {"operators": operators, "verdicts": verdicts, "sources": sources, "documents": cited}
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


def _checks(verdicts: str | None) -> list[list[str]]:
    """[name, verdict] of each check beside the first, which the row's outcome tells already."""
    try:
        found = json.loads(verdicts or "{}")
    except ValueError:
        return []
    known = found.items() if isinstance(found, dict) else ()
    return [[name, value if isinstance(value, str) else json.dumps(value)] for name, value in known if name != "format"]


def _short(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


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
