"""Generation within a budget of tokens: what brings most new inferences per generated token is asked first.

An arm is an operator and how many times it was applied to the same text. Each is tried on some texts; then the one whose
last texts brought most goes on. The choices follow from the answers alone, so a run that is started again makes the same.
"""

from collections.abc import Iterable
from math import ceil
from pathlib import Path
from typing import Any

import polars as pl

from augment.checks.rules.form import Form
from augment.operators.base import Operator, two_step
from augment.stages.answers import ASKED, Round, inferences_of
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.ids import content_id
from engine.store.parts import scan_parts
from engine.store.places import Place

TRIAL = 64
"""Requests after which an arm is inferences_of."""
SHARE = 20
"""An arm goes on with at least this part of the requests that were made so far, so that there are few calls."""
SPENT: dict[str, Any] = {
    "operator": pl.String,
    "sample": pl.Int32,
    "requests": pl.Int64,
    "tokens": pl.Int64,
    "new": pl.Int64,
}
"""A row per turn: requests that were made, tokens that were generated, and inferences that no earlier answer had."""


def check_budget(operators: Iterable[Operator], rounds: int) -> None:
    """Raise UserError where a budget cannot be kept."""
    names = [operator.name for operator in operators if two_step(type(operator))]
    if names:
        raise UserError(
            f"augment.budget_tokens cannot be used with {names[0]}, whose first answers only lead to more requests; remove one of the two."
        )
    if rounds > 1:
        raise UserError("augment.budget_tokens works with one round only; set augment.rounds to 1.")


def spend(
    requests: Path, out: Place, pool: EnginePool, model: str, budget: int, form: Form
) -> tuple[pl.DataFrame, list[str]]:
    """Generate answers to some of `requests` until `budget` tokens are generated; returns the table SPENT and their ids.

    `form` knows the corpus. The last turn is made as long as the tokens that are left, inferences_of by the turns before.
    """
    found = pl.read_parquet(requests, columns=["request_id", "operator", "source_text", "context"], glob=False)
    found = found.with_columns(sample=pl.int_range(pl.len()).over("operator", "source_text", "context")).drop(
        "source_text", "context"
    )
    waiting = {
        key: sorted(some["request_id"], key=lambda i: content_id("turn", i))
        for key, some in sorted(found.group_by("operator", "sample"), key=lambda group: group[0])
    }
    yields: dict[tuple[Any, ...], float] = {}
    rows, cost, made = list[tuple[Any, ...]](), dict[str, float](), list[str]()
    while (left := budget - sum(row[3] for row in rows)) > 0:
        open_arms = [key for key, ids in waiting.items() if ids and not waiting.get((key[0], key[1] - 1))]
        if not open_arms:
            break
        arm = max(open_arms, key=lambda key: yields.get(key, float("inf")))
        most = max(TRIAL, sum(row[2] for row in rows) // SHARE)
        if arm[0] in cost:
            most = max(1, min(most, ceil(left / max(1.0, cost[arm[0]]))))
        ids, waiting[arm] = waiting[arm][:most], waiting[arm][most:]
        new, tokens = _ask(ids, requests, out, pool, model, form)
        yields[arm], cost[arm[0]] = new / max(1, tokens), tokens / len(ids)
        rows.append((*arm, len(ids), tokens, new))
        made += ids
    return pl.DataFrame(rows, schema=SPENT, orient="row"), made


def _ask(ids: list[str], requests: Path, out: Place, pool: EnginePool, model: str, form: Form) -> tuple[int, int]:
    """New inferences and tokens of some requests."""
    asked = pl.scan_parquet(requests, glob=False).filter(pl.col("request_id").is_in(ids)).collect()
    pool.run("generate", asked, out, "augment")
    answers = scan_parts(out).filter(pl.col("request_id").is_in(ids)).collect()
    joined = asked.select(ASKED).join(answers, on="request_id").sort("request_id", "sample")
    read = inferences_of(joined, Round(model, 1, form.language, set(), {}))
    new = read["kept"] & form.repeats(read["text_key"], read["kept"]).is_null()
    return int(new.sum()), int(answers["output_tokens"].fill_null(0).sum())


def table(spent: pl.DataFrame) -> list[str]:
    """What was spent on each operator and sample, in words."""
    lines = []
    for (operator, sample), some in spent.group_by("operator", "sample", maintain_order=True):
        tokens, new = int(some["tokens"].sum()), int(some["new"].sum())
        again = f", {sample + 1}. time" if sample else ""
        lines.append(
            f"{operator}{again}: {some['requests'].sum():,} requests, {tokens:,} tokens, {new:,} new inferences "
            f"({1000 * new / max(1, tokens):.1f} per 1,000 tokens)"
        )
    return lines
