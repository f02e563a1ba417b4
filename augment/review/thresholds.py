"""Thresholds of entailment that decisions choose: for an operator of one folder, and only where they show that another one is better.

Entailment rejects by figures (`augment.checks.evidence`), with thresholds that know nothing of these documents. Where a person has decided
about LEAST rows of an operator for which a figure was what counted, the threshold is chosen that agrees with most of the decisions. Its
agreement is measured on decisions that did not choose it (cross-validation), and it takes the place of the old one only if it is right
oftener by a sign test. Rows that come back are held against the others and the corpus (`augment.checks.consistency`), as entailment stands
before that check.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from augment.checks.consistency import contradictions
from augment.checks.entailment import AS_LIKELY, RIVAL, not_entailed
from augment.review.decisions import Decision
from augment.review.precision import Share, share, sign_test
from augment.review.rewriting import rewritten
from augment.text.sentences import split_sentences

FIGURES = {"margin": RIVAL, "evidence": AS_LIKELY}
"""Figures that have a threshold, and how the reason begins that they give; a statement passes above it."""
LEAST = 30
"""Decisions about an operator from which a threshold is chosen."""
LEAST_OF_A_KIND = 5
"""Decisions for, and decisions against, that must be among them."""
FOLDS = 10
LEVEL = 0.025
"""Of the sign test, divided by the number of thresholds that are tried."""
KEY = "threshold of review"
"""Name in `verdicts` of what a chosen threshold says of a row that it moves."""


class Threshold(NamedTuple):
    """A threshold that was tried on the decisions about an operator."""

    operator: str
    figure: str
    value: float
    before: Share
    """Decisions with which the check agreed."""
    after: Share
    """Decisions with which the threshold agrees that the others chose."""
    used: bool
    rejected: int = 0
    """Rows, decided or not, that it rejects."""
    returned: int = 0
    """Rows, decided or not, that come back."""

    def __str__(self) -> str:
        """One line."""
        what = f"{self.operator}, {self.figure} of entailment"
        told = f"the check agreed with {self.before} of the decisions; a threshold of {self.value:g} with {self.after} (cross-validated)"
        if not self.used:
            return f"{what}: {told}; no gain shown, so the threshold stays"
        return f"{what}: {told}; it rejects {self.rejected:,} rows and brings back {self.returned:,}"


class Judged(NamedTuple):
    """Rows of an operator in which one figure counts, in the order of their ids, which are hashes."""

    ids: list[str]
    values: np.ndarray
    kept: np.ndarray


def calibrated(
    inferences: pl.DataFrame,
    decisions: Mapping[str, Decision],
    documents: pl.DataFrame,
    consistency: bool,
    language: str,
) -> tuple[pl.DataFrame, list[Threshold]]:
    """The inferences as the chosen thresholds have them, decided ones too, and the thresholds that were tried."""
    decided = inferences.filter(pl.col("inference_id").is_in(list(decisions)))
    counts = decided["operator"].value_counts()
    judged = {
        (operator, figure): found
        for operator in sorted(counts.filter(pl.col("count") >= LEAST)["operator"])
        for figure in FIGURES
        if _enough(found := judged_by(decided.filter(operator=operator), figure), decisions)
    }
    tried = {place: _tried(*place, found, decisions, LEVEL / len(judged)) for place, found in judged.items()}
    changed = dict[str, dict[str, Any]]()
    for operator in dict.fromkeys(operator for operator, _ in tried):
        used = [one for (name, _), one in tried.items() if name == operator and one.used]
        if used:
            best = max(used, key=lambda one: one.after.right)
            moved = _moved(inferences.filter(operator=operator), best)
            back = [identity for identity, row in moved.items() if row["kept"]]
            if consistency and back:
                gone = [identity for identity, row in moved.items() if not row["kept"]]
                for identity in _contradicting(inferences, back, gone, documents, language):
                    del moved[identity]
            returned = sum(row["kept"] for row in moved.values())
            counted = best._replace(rejected=len(moved) - returned, returned=returned)
            tried |= {
                (operator, f): counted if f == best.figure else tried[operator, f]._replace(used=False)
                for f in FIGURES
                if (operator, f) in tried
            }
            changed |= moved
    return rewritten(inferences, changed), list(tried.values())


def judged_by(rows: pl.DataFrame, figure: str) -> Judged:
    """Of the rows of an operator those that a figure keeps or rejects: kept by all checks, or else rejected by it alone."""
    found = []
    for row in rows.sort("inference_id").iter_rows(named=True):
        said = json.loads(row["verdicts"] or "{}")
        value = said.get(figure)
        if not isinstance(value, float | int) or isinstance(value, bool):
            continue
        if row["kept"] or ((row["reason"] or "").startswith(FIGURES[figure]) and _else_entailed(said, figure)):
            found.append((row["inference_id"], value, row["kept"]))
    ids, values, kept = zip(*found, strict=True) if found else ((), (), ())
    return Judged(list(ids), np.array(values, dtype=float), np.array(kept, dtype=bool))


def _else_entailed(said: Mapping[str, Any], figure: str) -> bool:
    """Whether the figures that entailment looks at after this one let a row pass."""
    row = {name: said.get(name) for name in ("margin", "gain", "evidence", "slip", "rival")} | {
        "error": None,
        "margin": None,
    }
    return not_entailed(row | {figure: None}, said.get("threshold")) is None


def _enough(found: Judged, decisions: Mapping[str, Decision]) -> bool:
    right = sum(decisions[identity].decision == "keep" for identity in found.ids)
    return len(found.ids) >= LEAST and min(right, len(found.ids) - right) >= LEAST_OF_A_KIND


def _tried(operator: str, figure: str, found: Judged, decisions: Mapping[str, Decision], level: float) -> Threshold:
    right = np.array([decisions[identity].decision == "keep" for identity in found.ids])
    folds = np.arange(len(right)) % FOLDS
    says = np.zeros_like(right)
    for fold in range(FOLDS):
        inside = folds == fold
        says[inside] = found.values[inside] > best_threshold(found.values[~inside], right[~inside])
    before, after = found.kept == right, says == right
    shown = sign_test(int((after & ~before).sum()), int((before & ~after).sum())) <= level
    was, now = share(int(before.sum()), len(right)), share(int(after.sum()), len(right))
    return Threshold(operator, figure, best_threshold(found.values, right), was, now, shown)


def best_threshold(values: np.ndarray, right: np.ndarray) -> float:
    """The threshold above which most of the right values lie and most of the others below; of several the middle one."""
    order = np.argsort(values, kind="stable")
    values, right = values[order], right[order]
    # with i of them at or below the threshold: the wrong ones there and the right ones above
    agreement = np.concatenate([[0], np.cumsum(~right)]) + right.sum() - np.concatenate([[0], np.cumsum(right)])
    parts = np.concatenate([[True], values[1:] > values[:-1], [True]])
    places = np.flatnonzero(parts & (agreement == agreement[parts].max()))
    place = places[len(places) // 2]
    if place in (0, len(values)):
        return float(values[0] - 0.0005 if place == 0 else values[-1])
    return float(round((values[place - 1] + values[place]) / 2, 4))


def _moved(rows: pl.DataFrame, chosen: Threshold) -> dict[str, dict[str, Any]]:
    """By inference_id the rows that the threshold moves, as they are now."""
    moved, known = dict[str, dict[str, Any]](), {row["inference_id"]: row for row in rows.iter_rows(named=True)}
    for identity, value, kept in zip(*judged_by(rows, chosen.figure), strict=True):
        if kept == (value > chosen.value):
            continue
        said = f"{chosen.figure} {value:g} {'<=' if kept else '>'} {chosen.value:g}"
        verdicts = json.dumps(json.loads(known[identity]["verdicts"]) | {KEY: said}, ensure_ascii=False)
        reason = f"{KEY}: {said}" if kept else None
        moved[identity] = known[identity] | {"verdicts": verdicts, "kept": not kept, "reason": reason}
    return moved


def _contradicting(
    inferences: pl.DataFrame, back: list[str], gone: list[str], documents: pl.DataFrame, language: str
) -> list[str]:
    """Of the rows that come back those that contradict the corpus or a row that stays, which outweighs them."""
    ids = pl.col("inference_id")
    rows = inferences.filter(ids.is_in(back) | (pl.col("kept") & ~ids.is_in(gone))).unique("inference_id")
    corpus = [sentence for text in documents["text"] for sentence in split_sentences(text, language)]
    identities, returning = rows["inference_id"].to_list(), set(back)
    weights = [0.0 if identity in returning else 1.0 for identity in identities]
    texts, sources = rows["text"].to_list(), rows["source_text"].to_list()
    reasons = contradictions(identities, texts, sources, weights, corpus, language)
    return [i for i, reason in zip(identities, reasons, strict=True) if reason and i in returning]
