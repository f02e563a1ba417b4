"""What is done to each row by itself, as functions from table to table that any process can do (`engine.spread`)."""

from typing import Any, NamedTuple

import polars as pl

from augment.checks.base import NEEDED
from augment.checks.registry import Alone, check_alone, verdicts_added
from augment.config import AugmentConfig
from augment.operators.base import Record
from augment.operators.registry import load_operators
from augment.stages.answers import Round, inferences_of
from augment.stages.records import records_of
from augment.stages.requests import REQUESTS, merged, record_requests


class Asking(NamedTuple):
    """What making requests needs besides the texts: those of all local operators of a scope."""

    config: AugmentConfig
    configs: tuple[AugmentConfig, ...]
    """One for each time that a text is asked about."""
    model: str
    scope: str
    split: bool
    """Whether sentences are to be found in the texts."""


def ask(texts: pl.DataFrame, of: Asking) -> pl.DataFrame:
    """The requests about some texts."""
    shown, tables = dict[Any, list[Record]](), [pl.DataFrame(schema=REQUESTS)]
    for operator in load_operators(of.config, of.model):
        if operator.rule or operator.scope != of.scope:
            continue
        way = type(operator).pieces, operator.contextual  # operators that cut alike are shown the same
        if way not in shown:
            shown[way] = records_of(operator, texts, of.model, of.split)
        tables += [record_requests(operator, shown[way], config, of.model) for config in of.configs]
    return merged(pl.concat(tables))


class Reading(NamedTuple):
    """What reading answers needs besides them."""

    round: Round
    alone: Alone


def read(joined: pl.DataFrame, of: Reading) -> pl.DataFrame:
    """The inferences (READ) in some requests with their answers, after the checks that look at each row by itself."""
    found = inferences_of(joined, of.round)
    (checked,) = verdicts_added(iter([found]), check_alone(found.filter("kept").select(*NEEDED, "context"), of.alone))
    return checked
