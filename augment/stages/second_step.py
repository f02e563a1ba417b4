"""Requests of a second step, from the first answers of operators that have two."""

import polars as pl

from augment.config import AugmentConfig
from augment.operators.base import Record, two_step
from augment.operators.parsing import unfinished
from augment.operators.registry import load_operators
from augment.operators.templates import Prompt
from augment.stages.requests import REQUESTS, merged, request_table


def follow_requests(
    requests: pl.DataFrame, generations: pl.DataFrame, config: AugmentConfig, model: str
) -> pl.DataFrame:
    """The requests of the second step, from the first answers of operators that have two; for the others none."""
    answered = requests.filter(step=1).join(generations, on="request_id").sort("operator", "source_text", "sample")
    return merged(follow_answers(answered, config, model))


def follow_answers(answered: pl.DataFrame, config: AugmentConfig, model: str) -> pl.DataFrame:
    """The same from rows of requests with their answers."""
    tables = [pl.DataFrame(schema=REQUESTS)]
    for operator in (o for o in load_operators(config, model) if two_step(type(o))):
        rows = answered.filter(pl.col("error").is_null(), operator=operator.name, step=1)
        asked = list[tuple[Record, Prompt]]()
        for text, docs, answer, finish in rows.select("source_text", "doc_ids", "text", "finish_reason").iter_rows():
            record, said = Record(text, tuple(docs)), answer or ""
            if finish == "length" and unfinished(said):
                said = said[: max(said.rfind("\n"), said.rfind(",")) + 1]  # a name may be half
            asked += [(record, prompt) for prompt in operator.follow(record, said)]
        tables.append(request_table(operator, asked, 2, config, model))
    return pl.concat(tables)
