"""Inferences that anybody wrote, checked against their sources: what `forethought verify` does with a table of pairs."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from augment.checks.registry import check_inferences, verdicts_added
from augment.checks.rules.form import misshapen
from augment.checks.rules.language import spoken
from augment.config import CheckConfig
from augment.operators.registry import OPERATORS
from augment.text.words import normal
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.ids import content_id

REQUIRED = ("source", "inference")
ADDED = ("kept", "reason", "verdicts")
"""Columns of the result that a table of pairs does not bring; if it does, they are replaced."""
OPERATOR = "rephrase"
"""Where a row names no operator: a statement that follows from its source alone."""


def verify_pairs(
    pairs: pl.DataFrame, pool: EnginePool | None, out: Path, config: CheckConfig, language: str | None = None
) -> pl.DataFrame:
    """The same rows in the same order, with `kept`, `reason` (null where kept) and `verdicts` (a JSON object).

    `pairs` has source and inference, and may have title, before (a text or a list of texts), operator, language (ISO code) and
    doc_id. A row without a language has that of `language`, else the one that its source can be told to be in, else English.
    Without a pool only rules are made. The engine's answers go to `out`, and calling again resumes.

    Raises UserError for missing columns and for columns of other types.
    """
    missing = [name for name in REQUIRED if name not in pairs.columns]
    if missing:
        raise UserError(
            f"The pairs have no column {missing[0]!r}: they need `source` and `inference`, but have {', '.join(pairs.columns)}."
        )
    rows = _rows(pairs, language)
    faults = [_fault(row) for row in rows.iter_rows(named=True)]
    formed = pl.Series([json.dumps({"format": fault or "ok"}, ensure_ascii=False) for fault in faults], dtype=pl.String)
    rows = rows.with_columns(
        kept=pl.Series([fault is None for fault in faults], dtype=pl.Boolean),
        reason=pl.Series(faults, dtype=pl.String),
        verdicts=formed,
    )
    sound = rows.filter("kept").drop(ADDED)
    known = [*sound["source_text"].unique(maintain_order=True), *filter(None, sound["context"].unique())]
    found = check_inferences(sound, known, pool, out / "verify", config, language or "en")
    (checked,) = verdicts_added(iter([rows]), found)
    return pairs.drop(ADDED, strict=False).with_columns(checked.select(ADDED))


def _rows(pairs: pl.DataFrame, language: str | None) -> pl.DataFrame:
    """What the checks need of pairs, with an id per row."""
    columns: dict[str, list[Any]] = {name: pairs[name].to_list() for name in pairs.columns}
    empty = [None] * pairs.height
    texts = {
        name: _texts(columns.get(name, empty), name)
        for name in ("source", "inference", "title", "operator", "language")
    }
    before = [_joined(one) for one in columns.get("before", empty)]
    context = ["\n".join(filter(None, parts)) for parts in zip(texts["title"], before, strict=True)]
    spoken_in = [
        given or language or spoken(source) or "en"
        for given, source in zip(texts["language"], texts["source"], strict=True)
    ]
    return pl.DataFrame(
        {
            "inference_id": [content_id("pair", number) for number in range(pairs.height)],
            "operator": [name if name in OPERATORS else OPERATOR for name in texts["operator"]],
            "text": texts["inference"],
            "source_text": texts["source"],
            "context": context,
            "language": spoken_in,
        },
        schema=dict.fromkeys(("inference_id", "operator", "text", "source_text", "context", "language"), pl.String),
    )


def _texts(values: list[Any], name: str) -> list[str]:
    odd = next((value for value in values if not (value is None or isinstance(value, str))), None)
    if odd is not None:
        raise UserError(f"Column {name!r} of the pairs holds {type(odd).__name__} values, but must hold text.")
    return [(value or "").strip() for value in values]


def _joined(before: Any) -> str:
    """What stands before a source, as one text; a list may have come through CSV as JSON."""
    if isinstance(before, str) and before.startswith("["):
        try:
            before = json.loads(before)
        except ValueError:
            return before
    return before if isinstance(before, str) else "\n".join(str(one) for one in before or () if one)


def _fault(row: dict[str, Any]) -> str | None:
    """Why there is nothing to check, or the form is wrong."""
    if not row["source_text"] or not row["text"]:
        return "no source" if not row["source_text"] else "no inference"
    source = row["source_text"]
    if normal(row["text"]) == normal(source):
        return "stated in the corpus"
    return misshapen(row["text"], source, False, True, row["context"], row["language"])
