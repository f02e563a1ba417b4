"""From answers to inferences: they are read and their form is checked; every answer ends as a row, kept or with its reason."""

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl

from augment.checks.rules.form import Form, text_keys
from augment.operators.base import Operator, Record, two_step
from augment.operators.parsing import Said, says_nothing
from augment.operators.registry import kind_of
from augment.stages.records import records_of
from augment.stages.together.sources import sources
from augment.text.sentences import split_sentences
from engine.store.ids import content_id
from engine.tasks.reasoning import part

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
    "context": pl.String,
    "verdicts": pl.String,
    "kept": pl.Boolean,
    "reason": pl.String,
}
READ = INFERENCES | {"text_key": pl.UInt64}
"""The same with the number by which what says the same is found (see `augment.checks.rules.form.text_keys`)."""
ASKED = ["request_id", "prefix_key", "operator", "scope", "step", "source_text", "context", "doc_ids"]
"""What reading an answer needs of its request."""
ORDER = ["operator", "source_text", "sample", "request_id"]
"""In which answers are read: of two that say the same the first is kept."""
NOTHING, UNREADABLE = "the model found nothing to infer", "unreadable"
"""Why an answer gives no inference: the model said so or said nothing, or what it said is no statement."""
IN_REASONING = "cut off in its reasoning"
TOO_LITTLE = "its first step names too little to go on with"


def make_inferences(
    requests: pl.DataFrame,
    generations: pl.DataFrame,
    model: str,
    language: str = "en",
    shown: Mapping[str, Sequence[Record]] = MappingProxyType({}),
) -> pl.DataFrame:
    """Read answers into the `inferences` table and check their form; rejected ones have their reason.

    An engine error becomes a rejected row too, so every request is accounted for; a first step is by those that follow.
    `shown` has the documents of each context of a global operator, by its prefix_key, in the order of their numbers.
    """
    form = Form(language=language)
    state(form, requests, language)
    joined = requests.select(ASKED).join(generations, on="request_id", how="inner", maintain_order="left").sort(ORDER)
    read = inferences_of(joined, Round(model, 1, language, followed_by(requests), dict(shown)))
    return repeated(read, form.repeats(read["text_key"], read["kept"])).select(list(INFERENCES))


def state(form: Form, requests: pl.DataFrame, language: str) -> None:
    """Tell the check of form what the sources of requests state."""
    told = list[str]()
    for scope, text in requests.select("scope", "source_text").unique().iter_rows():
        told += [text] if scope == "sentence" else [text, *split_sentences(text, language)]
    form.state(told)


def followed_by(requests: pl.DataFrame) -> set[str]:
    """Operators and sources of second steps, as ids."""
    return {content_id(*row) for row in requests.filter(step=2).select("operator", "source_text").iter_rows()}


class Round(NamedTuple):
    """What reading the answers of a round needs besides them."""

    model: str
    number: int
    language: str
    followed: Set[str]
    """See `followed_by`."""
    shown: Mapping[str, Sequence[Record]]
    """The documents of each context of a global operator, by its prefix_key, in the order of their numbers."""


def inferences_of(joined: pl.DataFrame, of: Round) -> pl.DataFrame:
    """The inferences (READ) in rows that hold a request and an answer, each looked at by itself.

    Those of a global operator have as their sources the target and, of its context, what they cite (see `sources`).
    """
    operators: dict[str, Operator] = {name: kind_of(name)(name) for name in joined["operator"].unique()}
    found = [
        (_sourced(row, one, of.shown.get(row["prefix_key"], ())), place, one)
        for row in joined.iter_rows(named=True)
        for place, one in enumerate(_statements(row, operators[row["operator"]], of.followed))
    ]
    columns: dict[str, Any] = dict.fromkeys(("operator", "text", "source_text", "context"), pl.String) | {
        "cut": pl.Boolean
    }
    statements = [
        (row["operator"], s.text, row["source_text"], row["context"] or "", s.open)
        for row, _, s in found
        if s.reason is None
    ]
    form = Form(language=of.language)
    faults = (finding.reason for finding in form.check(pl.DataFrame(statements, schema=columns, orient="row")))
    rows = [
        {
            "inference_id": content_id(row["request_id"], row["sample"], place),
            "text": one.text,
            "doc_ids": row["doc_ids"],
            "request_id": row["request_id"],
            "sample": row["sample"],
            "context": row["context"] or "",
            **_facts(row["operator"], of.number, of.model, row["source_text"], one.reason or next(faults)),
        }
        for row, place, one in found
    ]
    return pl.DataFrame(rows, schema=INFERENCES).with_columns(text_key=text_keys(one.text for _, _, one in found))


def repeated(table: pl.DataFrame, reasons: pl.Series) -> pl.DataFrame:
    """The rows with what `Form.repeats` found, which is part of the verdict on their form."""
    told = [
        json.dumps(json.loads(verdicts) | {Form.name: reason}, ensure_ascii=False) if reason else verdicts
        for verdicts, reason in zip(table["verdicts"], reasons, strict=True)
    ]
    return table.with_columns(
        verdicts=pl.Series(told, dtype=pl.String),
        kept=pl.col("kept") & reasons.is_null(),
        reason=pl.coalesce("reason", reasons),
    )


def _sourced(row: dict[str, Any], said: Said, members: Sequence[Record]) -> dict[str, Any]:
    """The row with all documents and texts that a statement follows from."""
    if not members or not said.text:
        return row
    used = sources(said, row["source_text"], members)
    docs = {doc for record in used for doc in record.doc_ids} | set(row["doc_ids"])
    return row | {
        "doc_ids": sorted(docs),
        "source_text": "\n\n".join([row["source_text"], *(record.text for record in used)]),
    }


def _statements(row: dict[str, Any], operator: Operator, followed: Set[str]) -> Iterator[Said]:
    """What an answer says; at least one row, but for a first step that others follow. What is open is cut off."""
    if row["error"]:
        yield Said("", f"engine: {row['error']}")
        return
    if row["text"] is None or part(row["text"]).answer is None:
        yield Said("", IN_REASONING)
        return
    if row["step"] == 1 and two_step(type(operator)):
        if content_id(operator.name, row["source_text"]) in followed:
            return
        yield Said("", NOTHING if says_nothing(row["text"]) else TOO_LITTLE)
        return
    found = operator.read(row["text"])
    cut = row["finish_reason"] == "length"
    for said in found:
        half = cut and said.open
        yield said._replace(open=half, reason=None if half else said.reason)  # that it is half is why it cannot be read
    if not found:
        yield Said("", NOTHING if says_nothing(row["text"]) else UNREADABLE)


def _facts(operator: str, number: int, model: str | None, source: str, reason: str | None) -> dict[str, Any]:
    verdicts = json.dumps({"format": reason or "ok"}, ensure_ascii=False)
    facts = {"operator": operator, "round": number, "model": model, "source_text": source, "verdicts": verdicts}
    return facts | {"kept": reason is None, "reason": reason}


def derived(operator: Operator, documents: pl.DataFrame) -> pl.DataFrame:
    """The `inferences` of an operator that is a rule: no model, no answer, nothing to check."""
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
                "context": "",
                **_facts(operator.name, 1, None, record.text, reason),
            }
        )
    return pl.DataFrame(rows, schema=INFERENCES)
