"""From texts to rows of the `requests` table, in tables of any number of documents."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import polars as pl

from augment.config import AugmentConfig
from augment.operators.base import Operator, Prompt, Record, cumulative, two_step
from augment.operators.registry import load_operators
from augment.operators.templates import as_messages
from augment.stages.contexts import Group, groups
from augment.text.passages import passages
from augment.text.sentences import split_sentences, targets
from engine.errors import UserError
from engine.models import resolve_model
from engine.store.ids import content_id

REQUESTS: dict[str, Any] = {
    "request_id": pl.String,
    "prefix_key": pl.String,
    "messages": pl.String,
    "sampling": pl.String,
    "n": pl.Int32,
    "operator": pl.String,
    "scope": pl.String,
    "step": pl.Int32,
    "source_text": pl.String,
    "doc_ids": pl.List(pl.String),
}
NO_SENTENCE = (
    "The documents have no sentence, only headings, tables or code; with augment.split none they are used whole. "
    "`deduce` needs two sentences in a document, and a global operator two documents that fit augment.context_chars."
)


def make_requests(documents: pl.DataFrame, config: AugmentConfig, model: str) -> pl.DataFrame:
    """The `requests` table of the first step, all in memory: one row per operator and different text that it is shown.

    `documents` has doc_id and text. Operators that are a rule ask nothing. Raises UserError where no operator finds a text.
    """
    operators = load_operators(config)
    tables = []
    for operator in operators:
        records = records_of(operator, documents, model)
        if operator.scope == "corpus" and not operator.rule:
            tables += [group_requests(operator, group, config, model) for group in groups(records, config, model)]
        elif not operator.rule:
            tables.append(record_requests(operator, records, config, model))
    table = pl.concat([pl.DataFrame(schema=REQUESTS), *tables])
    if table.is_empty() and not any(operator.rule for operator in operators):
        raise UserError(NO_SENTENCE)
    return merged(table)


def records_of(operator: Operator, texts: pl.DataFrame, model: str, split: bool = True) -> list[Record]:
    """What an operator is shown of `texts` (text, and doc_id or doc_ids): every different piece once, with all its documents.

    Without `split` the texts are pieces already. Operators on documents are shown long ones in passages, which are cut by
    the tokens of `model`.
    """
    found: dict[tuple[str, str], set[str]] = {}
    column = "doc_ids" if "doc_ids" in texts.columns else "doc_id"
    for text, docs in texts.select("text", column).iter_rows():
        for before, piece in _pieces(operator, text, model) if split else [("", text)]:
            if piece:
                found.setdefault((before, piece), set()).update([docs] if isinstance(docs, str) else docs)
    return [Record(text, tuple(sorted(docs)), before=before) for (before, text), docs in found.items()]


def _pieces(operator: Operator, text: str, model: str) -> Iterator[tuple[str, str]]:
    """The texts that an operator is shown of a document, each with what stands before it where it is shown that too."""
    if cumulative(operator):
        seen = set[str]()
        for part in fitting(text, operator.config, model):
            for before, sentence in targets(part, "cumulative", operator.config.language):
                if sentence not in seen:  # passages overlap
                    seen.add(sentence)
                    yield before, sentence
        return
    for piece in operator.pieces(text):
        cut = operator.scope == "document" and not operator.rule
        for part in fitting(piece, operator.config, model) if cut else [piece]:
            yield "", part


def fitting(text: str, config: AugmentConfig, model: str) -> list[str]:
    """A text, or its passages of at most `config.passage_tokens` tokens."""
    if len(text.encode(errors="replace")) <= config.passage_tokens:  # a token has at least a byte
        return [text]
    found = passages(text, token_counter(model), config.passage_tokens, config.overlap_tokens, config.language)
    return [passage.text for passage in found]


@cache
def token_counter(model: str) -> Callable[[str], int]:
    """Counts the tokens of a text for a model, without special ones; for a fake engine characters."""
    if model.startswith("fake"):
        return len
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(resolve_model(model))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False))


def record_requests(operator: Operator, records: Sequence[Record], config: AugmentConfig, model: str) -> pl.DataFrame:
    """What an operator asks about records."""
    asked = [(record, prompt) for record in records for prompt in operator.requests(record)]
    return request_table(operator, asked, 1, config, model)


def group_requests(operator: Operator, group: Group, config: AugmentConfig, model: str) -> pl.DataFrame:
    """What a global operator asks about the targets of a context: prompts that begin alike, and so have one prefix_key."""
    context = group.context
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
    sampling = {"temperature": config.temperature, "max_tokens": config.text_tokens if long else config.max_tokens}
    keys, rows = {"": operator.name}, []
    for record, prompt in asked:
        identity = content_id(model, prompt, sampling, config.seed, config.samples)
        if record.context not in keys:  # long, and the same for many
            keys[record.context] = context_key(record.context)
        rows.append(
            {
                "request_id": identity,
                "prefix_key": keys[record.context],
                "messages": json.dumps(as_messages(prompt), ensure_ascii=False),
                "sampling": json.dumps(sampling | {"seed": int(identity, 16) % 2**31}),
                "n": config.samples,
                "operator": operator.name,
                "scope": "document" if record.before else operator.scope,  # the source is several sentences
                "step": step,
                "source_text": record.source,
                "doc_ids": list(record.doc_ids),
            }
        )
    return pl.DataFrame(rows, schema=REQUESTS)


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
