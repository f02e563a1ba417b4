"""What an augmented corpus holds against the gold closure: what was worked out, what was missed and what was made up."""

from typing import Any

import polars as pl

from eval.benchmarks.base import Benchmark
from eval.measure.leakage import shares
from eval.measure.verification import measured

VERDICTS: dict[str, Any] = {
    "seed": pl.Int64,
    "verdict": pl.String,
    "kind": pl.String,
    "statement": pl.List(pl.String),
    "needs": pl.List(pl.String),
    "inference_id": pl.String,
    "text": pl.String,
    "operator": pl.String,
}


def verdicts(inferences: pl.DataFrame, worlds: dict[int, Benchmark]) -> pl.DataFrame:
    """A row VERDICTS per kept inference, and one per statement of the closure that none makes; empty without closures.

    `verdict` of an inference: worked out (in the closure), made up (not in it) or not understood (it could not be read as
    a statement); of other statements: missed. `kind` and `needs` are the closure's type and the facts of a shortest
    derivation. `inferences` has a column seed.
    """
    rows: list[tuple[Any, ...]] = []
    for seed, world in worlds.items():
        if world.read is None:
            continue
        missed = dict(world.derivations)
        kept = inferences.filter("kept", pl.col("seed") == seed)
        for identity, text, operator in kept.select("inference_id", "text", "operator").iter_rows():
            claim = world.read(text)
            known = world.derivations.get(claim) if claim else None
            if claim:
                missed.pop(claim, None)
            verdict = "worked out" if known else "made up" if claim else "not understood"
            rows.append((seed, verdict, *_gold(known), claim and list(claim), identity, text, operator))
        rows += [(seed, "missed", *_gold(known), list(claim), None, None, None) for claim, known in missed.items()]
    order = ("seed", "verdict", "kind", "needs", "statement", "inference_id", "text", "operator")
    return pl.DataFrame(rows, schema={name: VERDICTS[name] for name in order}, orient="row").select(*VERDICTS)


def _gold(known: tuple[str, tuple[str, ...]] | None) -> tuple[str | None, list[str] | None]:
    return (known[0], list(known[1])) if known else (None, None)


def by_kind(found: pl.DataFrame, examples: int = 3) -> list[dict[str, Any]]:
    """Of every type: how many different statements follow, how many were worked out, and some that were missed."""
    implied = found.drop_nulls("kind").unique(["seed", "statement"], keep="first", maintain_order=True)
    rows = []
    for (kind,), some in implied.group_by("kind", maintain_order=True):
        missed = some.filter(verdict="missed").head(examples)
        row = {"kind": kind, "implied": some.height, "worked out": some.filter(verdict="worked out").height}
        rows.append(row | {"missed": missed.select("seed", "statement", "needs").to_dicts()})
    return rows


def made_up(found: pl.DataFrame, examples: int = 3) -> list[dict[str, Any]]:
    """By operator: how many inferences are understood and not in the closure, of how many, and some of them."""
    rows = []
    for (operator,), some in found.drop_nulls("operator").group_by("operator", maintain_order=True):
        wrong = some.filter(verdict="made up")
        row = {"operator": operator, "kept": some.height, "made up": wrong.height}
        row["not understood"] = some.filter(verdict="not understood").height
        rows.append(row | {"examples": wrong["text"].head(examples).to_list()})
    return rows


def audit(inferences: pl.DataFrame, worlds: dict[int, Benchmark], found: pl.DataFrame, leaked: pl.DataFrame) -> dict:
    """The `augmentation` part of results.json, over all seeds; precision and recall where the benchmark has a closure.

    `found` is what `verdicts` gives and `leaked` what `eval.measure.leakage.leaks` finds. Precision: share of the kept inferences
    that are understood that are in the closure. Recall: share of the closure's statements, by type, that a kept
    inference states in some wording.
    """
    reasons = inferences.filter(~pl.col("kept"))["reason"].fill_null("rejected")
    rejected = reasons.str.split(":").list.first().value_counts(sort=True)  # details stand behind the colon
    made: dict[str, Any] = {"inferences": inferences.height, "kept": int(inferences["kept"].sum())}
    made["rejected"] = dict(rejected.rows())
    counts = dict(found["verdict"].value_counts().rows())
    right = counts.get("worked out", 0)
    if understood := right + counts.get("made up", 0):
        made |= {"understood": understood, "precision": right / understood}
        made["checks"] = measured(inferences, worlds)
    if counts:
        made |= {"worked_out": by_kind(found), "made_up": made_up(found)}
        made["recall"] = {row["kind"]: row["worked out"] / row["implied"] for row in made["worked_out"]}
    judged = next(iter(worlds.values())).judged or leaked["split"].unique()  # own questions: all that were asked
    tested = leaked.filter(pl.col("split").is_in(judged), pl.col("leaked").is_not_null())
    if not tested.is_empty():
        verbatim = tested.filter(leaked="verbatim").height / tested.height
        made |= {"test_items_verbatim": verbatim, "leaked": shares(leaked).to_dicts()}
    return made
