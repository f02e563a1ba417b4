"""Verification of inferences after their format: language, additions, near duplicates, connection, entailment, consistency.

Each check sees what the ones before it kept, writes its verdict ("ok" or the reason) and its figures into `verdicts`, and
rejects with a reason. No row is dropped. docs/augmentation.md says what the checks cost and bring.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from augment.config import CheckConfig
from augment.operators.registry import kind_of
from augment.text.words import casing
from engine.pool import EnginePool

CHECKS = ("format", "language", "additions", "near duplicate", "connection", "entailment", "consistency")
"""Names of the checks in their order, as `verdicts` has them."""
NEEDED = ["inference_id", "operator", "text", "source_text"]
SHOWN = ("evidence", "margin", "slip", "null", "rival")
SLICE = 20_000
"""Inferences that the engine is asked about at a time."""


def verify(
    inferences: pl.DataFrame, known: list[str], pool: EnginePool, out: Path, config: CheckConfig, language: str
) -> pl.DataFrame:
    """A row (inference_id, said, reason) for each of `inferences` (NEEDED), all well-formed: what the checks found.

    `said` is a JSON object of the verdicts and figures that were added; `reason` is null where the inference stays.
    `known` holds the corpus' sentences and what was kept before; `language` is theirs, and rules for English are used
    only where it is "en". The engine's answers go to `out`, and calling again resumes.
    """
    said: list[dict[str, Any]] = [{} for _ in range(inferences.height)]
    reasons: list[str | None] = [None] * inferences.height

    def record(
        check: str, rows: list[int], found: list[str | None], figures: list[dict[str, Any]] | None = None
    ) -> None:
        for place, (row, reason) in enumerate(zip(rows, found, strict=True)):
            said[row][check], reasons[row] = reason or "ok", reason
            said[row] |= figures[place] if figures else {}

    def left() -> list[int]:
        return [row for row, reason in enumerate(reasons) if reason is None]

    if config.language:
        from augment.checks.language import other_language

        pairs = inferences.select("text", "source_text").iter_rows()
        record("language", left(), [other_language(text, source) for text, source in pairs])
    short = {name for name in inferences["operator"].unique() if asked_about(name)}
    if config.additions:
        from augment.checks.additions import additions

        case = casing([*known, *inferences["source_text"].unique()])
        rows = [row for row in left() if inferences["operator"][row] in short]
        some = inferences[rows].select("text", "source_text", "operator")
        kinds = {name: kind_of(name) for name in short}
        found = [
            additions(text, source, case, language, not kinds[name].combines, kinds[name].asks)
            for text, source, name in some.iter_rows()
        ]
        record("additions", rows, found)
    if config.near:
        from augment.checks.near import reasons as repeats

        rows = left()
        some = inferences[rows]
        record(
            "near duplicate", rows, repeats(some["inference_id"].to_list(), some["text"].to_list(), known, config.near)
        )
    if config.connection:
        from augment.checks.connection import unconnected

        combining = {name for name in inferences["operator"].unique() if kind_of(name).combines}
        rows = [row for row in left() if inferences["operator"][row] in combining]
        texts = inferences[rows].select("text", "source_text").iter_rows()
        record("connection", rows, [unconnected(text, source, language) for text, source in texts])
    if config.entailment:
        operators = inferences["operator"]
        rows = [row for row in left() if operators[row] in short]
        record("entailment", rows, *entailment(inferences[rows], pool, out, config, language))
    if config.consistency:
        from augment.checks.consistency import contradictions

        rows = left()
        some = inferences[rows]
        weights = [said[row].get("evidence") or 0.0 for row in rows]
        found = contradictions(some["inference_id"].to_list(), some["text"].to_list(), weights, known, language)
        record("consistency", rows, found)
    return pl.DataFrame(
        {
            "inference_id": inferences["inference_id"],
            "said": pl.Series([json.dumps(row, ensure_ascii=False) for row in said], dtype=pl.String),
            "reason": pl.Series(reasons, dtype=pl.String),
        }
    )


def asked_about(operator: str) -> bool:
    """Whether entailment can be asked: a short text, and its source has all that it was inferred from."""
    kind = kind_of(operator)
    return not kind.long and not kind.rule and kind.scope != "corpus"


def entailment(
    inferences: pl.DataFrame, pool: EnginePool, out: Path, config: CheckConfig, language: str
) -> tuple[list[str | None], list[dict[str, Any]]]:
    """Why inferences are not entailed (None where they are), and their figures (see augment/checks/entailment.py)."""
    from augment.checks.entailment import FIGURES, Sources, entailment_items, figures, judge, thresholds

    order = inferences["source_text"].arg_sort()  # what has one source is asked about together
    sources, tables = Sources(inferences["source_text"].unique().sort(), config.seed), [pl.DataFrame(schema=FIGURES)]
    for number, some in enumerate(inferences[order].iter_slices(SLICE)):
        asked = entailment_items(some, sources, language)
        items = asked.select("item_id", "prefix", "stem", "choices", "adapter").unique("item_id", maintain_order=True)
        tables.append(figures(pool.score(items, out / f"{number:04}", label="verify"), asked))
    found = pl.concat(tables)
    bounds = thresholds(found, config.rate)
    ordered = inferences.select("inference_id").join(found, on="inference_id", how="left", maintain_order="left")
    reasons, told = list[str | None](), list[dict[str, Any]]()
    for row in ordered.iter_rows(named=True):
        bound = bounds.get(row["operator"])
        reasons.append(judge(row, bound))
        shown = {name: row[name] for name in SHOWN if row[name] is not None} | {"threshold": bound}
        told.append({name: round(v, 3) if isinstance(v, float) else v for name, v in shown.items()})
    return reasons, told


def verdicts_added(tables: Iterator[pl.DataFrame], found: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The `inferences` in tables, with what `verify` found written into verdicts, kept and reason."""
    for table in tables:
        joined = table.join(found, on="inference_id", how="left", maintain_order="left", suffix="_found")
        verdicts = [
            json.dumps(json.loads(old) | json.loads(new), ensure_ascii=False) if new else old
            for old, new in joined.select("verdicts", "said").iter_rows()
        ]
        yield joined.with_columns(
            verdicts=pl.Series(verdicts, dtype=pl.String),
            reason=pl.coalesce("reason", "reason_found"),
            kept=pl.col("kept") & pl.col("reason_found").is_null(),
        ).select(table.columns)
