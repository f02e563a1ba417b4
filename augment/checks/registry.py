"""Which checks there are, in their order, and the loop that makes them.

Each check sees what the ones before it let through, writes its verdict ("ok" or the reason) and its figures into `verdicts`,
and rejects with a reason. No row is dropped. Those that look at each row by itself come first, and are made of some rows in one
process and of others in another. docs/augmentation.md says what the checks cost and bring.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any, NamedTuple

import polars as pl

from augment.checks.base import Check, Given, offered
from augment.checks.consistency import Consistency
from augment.checks.entailment import Entailment
from augment.checks.rules.additions import Additions
from augment.checks.rules.certainty import Certainty
from augment.checks.rules.connection import Connection
from augment.checks.rules.form import Form
from augment.checks.rules.language import Language
from augment.checks.rules.near import NearDuplicate
from augment.checks.rules.polarity import Polarity
from augment.checks.rules.quantities import Quantities
from augment.checks.rules.reference import Reference
from augment.checks.rules.roles import Roles
from augment.config import CheckConfig
from augment.operators.registry import kind_of
from augment.plugins import plugins
from augment.text.words import Casing, casing
from engine.errors import UserError
from engine.pool import EnginePool
from engine.spread import spread
from engine.store.places import Place

SLICE = 500
"""Rows that are checked at a time: what one check made of a text the next ones find again."""
GROUP = "forethought.checks"
"""Entry point group of plug-ins; each names a subclass of `Check`. An installed one is made unless its `wanted` says no."""
RULES: tuple[type[Check], ...] = (
    Language,
    Reference,
    Additions,
    Quantities,
    Polarity,
    Certainty,
    Roles,
    Connection,
    NearDuplicate,
)
"""Checks of well-formed inferences before those of plug-ins; the last one needs all rows."""
WHOLE: tuple[type[Check], ...] = (Entailment, Consistency)
"""Checks after them: what asks the engine is made of as few rows as can be, and the last one weighs by its answers."""


def check_names() -> list[str]:
    """Names of all checks in their order, as `verdicts` has them. `format` is made where answers are read (see `Form`)."""
    added = [point.name for point in plugins(GROUP)]
    return [Form.name, *(kind.name for kind in RULES), *added, *(kind.name for kind in WHOLE)]


def load_checks(config: CheckConfig) -> list[Check]:
    """The checks that are wanted, in their order, without `format`; raises UserError for a plug-in that is no check."""
    found = [*(kind() for kind in RULES), *map(_loaded, plugins(GROUP)), *(kind() for kind in WHOLE)]
    return [check for check in found if check.wanted(config)]


class Alone(NamedTuple):
    """What the checks of single rows need besides them."""

    config: CheckConfig
    language: str
    case: Casing
    """How the corpus writes its words."""


def check_inferences(
    inferences: pl.DataFrame,
    known: Sequence[str],
    pool: EnginePool | None,
    out: Place,
    config: CheckConfig,
    language: str,
) -> pl.DataFrame:
    """A row (inference_id, said, reason) for each of `inferences` (NEEDED), all well-formed: what the checks found.

    `said` is a JSON object of the verdicts and figures that were added; `reason` is null where the inference stays.
    `known` holds the corpus' sentences and what was kept before. The engine's answers go to `out`, and calling again resumes;
    without a pool only rules are made.
    """
    rows, sources = offered(inferences, language), inferences["source_text"].unique()
    alone = Alone(config, language, casing([*known, *sources]))
    first = pl.concat([_nothing(), *spread(check_alone, rows.iter_slices(SLICE), alone)])
    left = rows.filter(first["reason"].is_null())
    then = check_together(left, known, pool, out, config, language)
    joined = first.join(then, on="inference_id", how="left", maintain_order="left", suffix="_then")
    both = [_both(one, other) if other else one for one, other in joined.select("said", "said_then").iter_rows()]
    return joined.select(
        "inference_id", said=pl.Series(both, dtype=pl.String), reason=pl.coalesce("reason", "reason_then")
    )


def check_alone(inferences: pl.DataFrame, alone: Alone) -> pl.DataFrame:
    """What the checks find that look at each row by itself, as in `check_inferences`; of any rows, in any process."""
    given = Given((), (), alone.config, alone.language, None, "", cased=alone.case)
    return _checked(inferences, [check for check in load_checks(alone.config) if _by_row(check)], given)


def check_together(
    inferences: pl.DataFrame,
    known: Sequence[str],
    pool: EnginePool | None,
    out: Place,
    config: CheckConfig,
    language: str,
) -> pl.DataFrame:
    """What the others find, which need all rows, the corpus or the engine, of those that `check_alone` lets through."""
    given = Given(known, inferences["source_text"].unique().to_list(), config, language, pool, out)
    checks = [check for check in load_checks(config) if not _by_row(check) and not (check.asks_engine and pool is None)]
    return _checked(inferences, checks, given)


def _by_row(check: Check) -> bool:
    """Whether a check can be made of any rows in any process; engines are asked by the driver alone."""
    return check.alone and not check.asks_engine


def _checked(inferences: pl.DataFrame, checks: Sequence[Check], given: Given) -> pl.DataFrame:
    """One check after another, each on what the ones before let through."""
    said: dict[str, dict[str, Any]] = {identity: {} for identity in inferences["inference_id"]}
    given = replace(given, figures=said)
    reasons: dict[str, str] = {}
    kinds = {name: kind_of(name) for name in inferences["operator"].unique()}
    left = offered(inferences, given.language)
    for check in checks:
        rows = left.filter(pl.col("operator").is_in([name for name, kind in kinds.items() if check.applies(kind)]))
        if rows.is_empty():
            continue
        rejected = list[str]()
        for identity, finding in zip(rows["inference_id"], check.check(rows, given), strict=True):
            said[identity] |= {check.name: finding.reason or "ok", **finding.figures}
            if finding.reason:
                reasons[identity] = finding.reason
                rejected.append(identity)
        if rejected:
            left = left.filter(~pl.col("inference_id").is_in(rejected))
    return pl.DataFrame(
        {
            "inference_id": inferences["inference_id"],
            "said": pl.Series([json.dumps(one, ensure_ascii=False) for one in said.values()], dtype=pl.String),
            "reason": pl.Series([reasons.get(identity) for identity in said], dtype=pl.String),
        }
    )


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(("inference_id", "said", "reason"), pl.String))


def _both(one: str, other: str) -> str:
    """Two JSON objects as one."""
    return json.dumps(json.loads(one) | json.loads(other), ensure_ascii=False)


def verdicts_added(tables: Iterator[pl.DataFrame], found: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The `inferences` in tables, with what `check_inferences` found written into verdicts, kept and reason."""
    for table in tables:
        joined = table.join(found, on="inference_id", how="left", maintain_order="left", suffix="_found")
        verdicts = [_both(old, new) if new else old for old, new in joined.select("verdicts", "said").iter_rows()]
        yield joined.with_columns(
            verdicts=pl.Series(verdicts, dtype=pl.String),
            reason=pl.coalesce("reason", "reason_found"),
            kept=pl.col("kept") & pl.col("reason_found").is_null(),
        ).select(table.columns)


def _loaded(point: EntryPoint) -> Check:
    if point.name == Form.name or point.name in [kind.name for kind in (*RULES, *WHOLE)]:
        raise UserError(
            f"The check {point.name} ({point.value}) has the name of a built-in check; rename its entry point."
        )
    try:
        kind = point.load()
    except Exception as error:  # a plug-in may raise anything
        raise UserError(
            f"The check {point.name} ({point.value}) cannot be loaded: {error}; fix its package."
        ) from error
    if not (isinstance(kind, type) and issubclass(kind, Check)):
        raise UserError(f"The check {point.name} ({point.value}) is not a subclass of augment.checks.base.Check.")
    check = kind()
    check.name = point.name
    return check
