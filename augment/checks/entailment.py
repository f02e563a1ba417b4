"""entailment: does a source entail what was inferred from it? Asked of the engine by likelihoods, with a threshold from no labels.

The figures are those of `augment.checks.evidence`. For the embedded model the threshold of evidence comes from the same statements after the sources of other inferences: of those it lets a share
`rate` pass. The margin must be positive, and the slip at most SLIP, which leaves room for other words for the same thing. Any other model reads statements as they stand, and is only asked whether the
source makes one likelier with two of its parts exchanged: of small models no other figure parted right from wrong on the labelled pairs.
"""

import math
from typing import Any

import polars as pl

from augment.checks.base import Check, Finding, Given, tells_its_source
from augment.checks.evidence import FIGURES, Sources, entailment_items, figures
from augment.config import CheckConfig
from augment.operators.base import Operator
from engine.models import is_embedded
from engine.store.places import join

SLIP = math.log(10)
"""Largest slip: no replacement may make a statement more than ten times as likely."""
EXCHANGED, ELSEWHERE = -0.05, -0.3
"""Least margin over a statement with two parts exchanged, in English and in other languages; from the `dev` half of the labelled
pairs, read by SmolLM2-135M-Instruct, which knows English."""
GAINED = -3.0
"""Least gain of an English statement by a reader's adapter, from the `dev` half as well."""
OWN_THRESHOLD = 200
"""Inferences from which an operator has a threshold of its own."""
SHOWN = ("evidence", "margin", "slip", "null", "gain", "rival")
"""Figures that `verdicts` has, with the threshold."""
RIVAL, AS_LIKELY = "its source makes a rival likelier", "other sources make it as likely"
"""How reasons begin that the margin and the evidence give."""
DOUBTED = "the reader doubts that its source says so"
SLICE = 20_000
"""Inferences that the engine is asked about at a time."""


class Entailment(Check):
    """Asks the engine, and rejects by `not_entailed`."""

    name = "entailment"
    asks_engine = True

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `entailment`."""
        return config.entailment

    def applies(self, operator: type[Operator]) -> bool:
        """Where the source is all there was."""
        return tells_its_source(operator)

    def check(self, rows: pl.DataFrame, given: Given) -> list[Finding]:
        """All rows together, whose figures have one threshold per operator; the engine's answers go to `given.out`."""
        found = asked(rows, given)
        bounds = {} if natural(given) else thresholds(found, given.config.rate)
        ordered = rows.select("inference_id", "language").join(
            found, on="inference_id", how="left", maintain_order="left"
        )
        findings = []
        for row in ordered.iter_rows(named=True):
            bound = bounds.get(row["operator"])
            told = {name: row[name] for name in SHOWN if row[name] is not None} | {"threshold": bound}
            told = {name: round(v, 3) if isinstance(v, float) else v for name, v in told.items()}
            least = 0.0 if not natural(given) else EXCHANGED if row["language"] == "en" else ELSEWHERE
            findings.append(Finding(not_entailed(row, bound, least), told))
        return findings


def asked(rows: pl.DataFrame, given: Given) -> pl.DataFrame:
    """The table FIGURES of some inferences."""
    assert given.pool is not None
    ordered = rows[rows["source_text"].arg_sort()]  # what has one source is asked about together
    sources = Sources(rows["source_text"].unique().sort(), given.config.seed)
    tables = [pl.DataFrame(schema=FIGURES)]
    reader = str(given.config.reader.resolve()) if given.config.reader and natural(given) else None
    for number, some in enumerate(ordered.iter_slices(SLICE)):
        wanted = entailment_items(some, sources, given.language, natural(given), reader)
        items = wanted.select("item_id", "prefix", "stem", "choices", "adapter").unique("item_id", maintain_order=True)
        tables.append(figures(given.pool.score(items, join(given.out, f"{number:04}"), "verify", replace=True), wanted))
    return pl.concat(tables)


def thresholds(found: pl.DataFrame, rate: float) -> dict[str, float]:
    """Per operator the evidence that a share `rate` of statements has after other sources.

    Operators with fewer than OWN_THRESHOLD inferences share one. Empty where nothing has a null.
    """
    nulls = found.drop_nulls("null")
    if nulls.is_empty():
        return {}
    names, common = found["operator"].unique().to_list(), _quantile(nulls["null"], rate)
    own = {name: nulls.filter(operator=name)["null"] for name in names}
    return {name: _quantile(own[name], rate) if len(own[name]) >= OWN_THRESHOLD else common for name in names}


def natural(given: Given) -> bool:
    """Whether the reader is a model of natural language: all but the embedded one, which knows that of its benchmarks, and the fake engine."""
    pool = given.pool
    return pool is not None and pool.config.kind != "fake" and not is_embedded(pool.fleet.model)


def not_entailed(row: dict[str, Any], threshold: float | None, margin: float = 0.0) -> str | None:
    """Why an inference is not entailed, from its row of FIGURES and its operator's threshold; None where it is.

    `margin` is the least that its rivals leave it, in nats per token.
    """
    if row["error"]:
        return f"entailment not scored: {row['error']}"
    if row["margin"] is not None and row["margin"] <= margin:
        return f"{RIVAL}: {row['rival']}"
    if row["gain"] is not None and row["gain"] <= GAINED:
        return DOUBTED
    if threshold is not None and row["evidence"] is not None and row["evidence"] <= threshold:
        return AS_LIKELY
    if row["slip"] is not None and row["slip"] > SLIP:
        return "far likelier with a word of its source"
    return None


def _quantile(values: pl.Series, rate: float) -> float:
    found = values.quantile(1 - rate, interpolation="higher")
    assert found is not None
    return found
