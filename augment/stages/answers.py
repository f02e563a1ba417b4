"""From answers to inferences: parsing and verification; every answer ends as a row, kept or with its reason."""

import json
from typing import Any

import polars as pl

from augment.checks.form import Verifier
from augment.operators.base import Operator, two_step
from augment.operators.registry import kind_of
from augment.stages.requests import records_of
from augment.text.sentences import split_sentences
from engine.store.ids import content_id

INFERENCES: dict[str, Any] = {
    "inference_id": pl.String,
    "text": pl.String,
    "operator": pl.String,
    "doc_ids": pl.List(pl.String),
    "request_id": pl.String,
    "sample": pl.Int32,
    "round": pl.Int32,
    "model": pl.String,
    "source_text": pl.String,
    "verdicts": pl.String,
    "kept": pl.Boolean,
    "reason": pl.String,
}
ASKED = ["request_id", "operator", "scope", "step", "source_text", "doc_ids"]
"""What judging needs of a request."""
ORDER = ["operator", "source_text", "sample", "request_id"]
"""In which answers are judged: of two that say the same the first is kept."""


def make_inferences(
    requests: pl.DataFrame, generations: pl.DataFrame, model: str, language: str = "en"
) -> pl.DataFrame:
    """Parse and verify answers into the `inferences` table, rejected ones with their reason.

    An engine error becomes a rejected row too, so every request is accounted for; a first step is by those that follow.
    """
    verifier = Verifier()
    state(verifier, requests, language)
    joined = requests.select(ASKED).join(generations, on="request_id", how="inner", maintain_order="left").sort(ORDER)
    return judged(joined, model, 1, verifier, followed_by(requests))


def state(verifier: Verifier, requests: pl.DataFrame, language: str) -> None:
    """Tell the verifier what the sources of requests state."""
    for scope, text in requests.select("scope", "source_text").unique().iter_rows():
        verifier.state([text] if scope == "sentence" else [text, *split_sentences(text, language)])


def followed_by(requests: pl.DataFrame) -> set[tuple[str, int]]:
    """Operators and sources of second steps."""
    return {
        (operator, hash(text))
        for operator, text in requests.filter(step=2).select("operator", "source_text").iter_rows()
    }


def judged(
    joined: pl.DataFrame, model: str, number: int, verifier: Verifier, followed: set[tuple[str, int]]
) -> pl.DataFrame:
    """The inferences of rows that hold a request and an answer."""
    operators: dict[str, Operator] = {name: kind_of(name)(name) for name in joined["operator"].unique()}
    rows = []
    for row in joined.iter_rows(named=True):
        name, source, operator = row["operator"], row["source_text"], operators[row["operator"]]
        first = row["step"] == 1 and two_step(type(operator))
        entries: list[tuple[str, str | None]] = []
        if row["error"]:
            entries = [("", f"engine: {row['error']}")]
        elif first and (name, hash(source)) in followed:
            continue
        elif not first:
            lines, cut = operator.parse(row["text"] or ""), row["finish_reason"] == "length"
            close = row["scope"] != "corpus" and not operator.long
            entries = [(text, verifier.reject(text, source, cut and text is lines[-1], close)) for text in lines]
        for place, (text, reason) in enumerate(entries or [("", "the model found nothing to infer")]):
            rows.append(
                {
                    "inference_id": content_id(row["request_id"], row["sample"], place),
                    "text": text,
                    "doc_ids": row["doc_ids"],
                    "request_id": row["request_id"],
                    "sample": row["sample"],
                    **_facts(name, number, model, source, reason),
                }
            )
    return pl.DataFrame(rows, schema=INFERENCES)


def _facts(operator: str, number: int, model: str | None, source: str, reason: str | None) -> dict[str, Any]:
    verdicts = json.dumps({"format": reason or "ok"}, ensure_ascii=False)
    facts = {"operator": operator, "round": number, "model": model, "source_text": source, "verdicts": verdicts}
    return facts | {"kept": reason is None, "reason": reason}


def derived(operator: Operator, documents: pl.DataFrame) -> pl.DataFrame:
    """The `inferences` of an operator that is a rule: no model, no answer, nothing to verify."""
    records, rows = records_of(operator, documents, ""), []
    for record, text in zip(records, operator.derive(records), strict=True):
        identity = content_id("rule", operator.name, operator.config.seed, record.text)
        reason = "the rule gives no text" if text is None else None
        rows.append(
            {
                "inference_id": content_id(identity, 0, 0),
                "text": text or "",
                "doc_ids": list(record.doc_ids),
                "request_id": identity,
                "sample": 0,
                **_facts(operator.name, 1, None, record.text, reason),
            }
        )
    return pl.DataFrame(rows, schema=INFERENCES)
