"""From texts to rows of the `requests` table, in tables of any number of documents."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from augment.config import AugmentConfig
from augment.operators.base import Operator, Prompt, Record, two_step
from augment.operators.registry import load_operators
from augment.operators.templates import as_messages
from augment.stages.records import records_of
from augment.stages.together.contexts import Group, groups
from augment.stages.together.sentence_pairs import pairs
from augment.text.sentences import split_sentences
from engine.errors import UserError
from engine.store.ids import content_id

REQUESTS: dict[str, Any] = {
    "request_id": pl.String,
    "prefix_key": pl.String,
    "messages": pl.String,
    "sampling": pl.String,
    "chat_template_kwargs": pl.String,
    "n": pl.Int32,
    "operator": pl.String,
    "scope": pl.String,
    "step": pl.Int32,
    "source_text": pl.String,
    "context": pl.String,
    "doc_ids": pl.List(pl.String),
}
NO_SENTENCE = (
    "The documents have no sentences, only headings, tables or code; set augment.split none to use them whole. "
    "`deduce` needs two sentences in a document, and a global operator two documents that fit augment.context_chars or share a name."
)


def make_requests(documents: pl.DataFrame, config: AugmentConfig, model: str) -> pl.DataFrame:
    """The `requests` table of the first step, all in memory: one row per operator and different text that it is shown.

    `documents` has doc_id and text. Operators that are a rule ask nothing. Raises UserError where no operator finds a text.
    """
    operators = load_operators(config, model)
    tables = []
    for operator in operators:
        records = records_of(operator, documents, model)
        if operator.scope == "corpus" and not operator.rule:
            tables += [group_requests(operator, group, config, model) for group in groups(records, config, model)]
        elif operator.scope == "pair":
            tables.append(record_requests(operator, pairs(records, config), config, model))
        elif not operator.rule:
            tables.append(record_requests(operator, records, config, model))
    table = pl.concat([pl.DataFrame(schema=REQUESTS), *tables])
    if table.is_empty() and not any(operator.rule for operator in operators):
        raise UserError(NO_SENTENCE)
    return merged(table)


def record_requests(operator: Operator, records: Sequence[Record], config: AugmentConfig, model: str) -> pl.DataFrame:
    """What an operator asks about records."""
    asked = [(record, prompt) for record in records for prompt in operator.requests(record)]
    return request_table(operator, asked, 1, config, model)


def group_requests(operator: Operator, group: Group, config: AugmentConfig, model: str) -> pl.DataFrame:
    """What a global operator asks about the targets of a context: prompts that begin alike, and so have one prefix_key."""
    context = group.context if operator.trained else group.numbered
    records = [Record(record.text, record.doc_ids, context) for record in group.targets]
    return record_requests(operator, records, config, model)


def merged(requests: pl.DataFrame) -> pl.DataFrame:
    """Each request once, with the documents of all its rows."""
    if requests["request_id"].is_unique().all():
        return requests.with_columns(pl.col("doc_ids").list.unique().list.sort()).select(list(REQUESTS))
    docs = (
        requests.select("request_id", "doc_ids")
        .explode("doc_ids")
        .group_by("request_id")
        .agg(pl.col("doc_ids").unique())
    )
    first = requests.drop("doc_ids").unique("request_id", keep="first", maintain_order=True)
    found = first.join(docs, on="request_id", how="left", maintain_order="left")
    return found.with_columns(pl.col("doc_ids").list.sort()).select(list(REQUESTS))


def request_table(
    operator: Operator, asked: Sequence[tuple[Record, Prompt]], step: int, config: AugmentConfig, model: str
) -> pl.DataFrame:
    """What was asked, as rows of the table; `step` is 2 for what follows a first answer."""
    # a first step only makes a list, whatever the operator writes in the end
    long = operator.long and step == 1 + two_step(type(operator))
    sampling = sampling_of(operator, config, long)
    template = {"chat_template_kwargs": config.chat_template_kwargs} if config.chat_template_kwargs else {}
    keys, rows = {"": operator.name}, []
    for record, prompt in asked:
        identity = content_id(model, prompt, sampling, config.seed, config.samples, *template.items())
        if record.context not in keys:  # long, and the same for many
            keys[record.context] = context_key(record.context)
        rows.append(
            {
                "request_id": identity,
                "prefix_key": keys[record.context],
                "messages": json.dumps(as_messages(prompt), ensure_ascii=False),
                "sampling": json.dumps(sampling | {"seed": int(identity, 16) % 2**31}),
                "chat_template_kwargs": json.dumps(config.chat_template_kwargs) if template else None,
                "n": config.samples,
                "operator": operator.name,
                "scope": operator.scope,
                "step": step,
                "source_text": record.text,
                "context": record.around,
                "doc_ids": list(record.doc_ids),
            }
        )
    return pl.DataFrame(rows, schema=REQUESTS)


def sampling_of(operator: Operator, config: AugmentConfig, long: bool) -> dict[str, Any]:
    """vLLM's sampling parameters for an operator; `long` where it writes a whole text. What is not set is not in it."""
    found: dict[str, Any] = {
        "temperature": config.temperature,
        "max_tokens": config.text_tokens if long else config.max_tokens,
    }
    found |= {name: value for name in ("top_p", "top_k", "min_p") if (value := getattr(config, name)) is not None}
    if operator.structured and not long:
        found["structured_outputs"] = {"json": dict(operator.schema or {}), "disable_any_whitespace": True}
    return found | config.sampling.get(operator.name, {})


def sentences_of(requests: pl.DataFrame, language: str) -> Iterator[str]:
    """The sentences of what was asked about."""
    for scope, text in requests.select("scope", "source_text").iter_rows():
        yield from [text] if scope == "sentence" else split_sentences(text, language)


MESSAGES = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))


def prompt_chars(requests: pl.DataFrame) -> int:
    """Characters of all prompts."""
    said = requests["messages"].str.json_decode(MESSAGES).explode().struct.field("content")
    return int(said.str.len_chars().sum())


def context_key(context: str) -> str:
    """The prefix_key of the requests that share a context."""
    return content_id("context", context)
