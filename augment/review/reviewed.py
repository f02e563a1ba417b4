"""Inferences as people decided about them: what they reject leaves, what they keep comes back, what they edit has its new text.

The order is: checks, thresholds that the decisions choose, decisions. Decisions have the last word, and all that they overrule stays in
`verdicts`.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from augment.checks.rules.form import Form
from augment.config import AugmentConfig
from augment.operators.registry import kind_of
from augment.review.decisions import STORED, Decision, read_decisions, shown, write_decisions
from augment.review.precision import precision
from augment.review.rewriting import rewritten
from augment.review.thresholds import Threshold, calibrated
from augment.text.sentences import split_sentences
from engine.store.places import write_whole
from engine.store.tables import write_table

REJECTED, KEPT, EDITED = "rejected in review", "kept in review", "edited in review"
FROM_REJECTED = "its source was rejected in review"
KEY, REASON_BEFORE, TEXT_BEFORE = "review", "reason before review", "text before review"
"""Names in `verdicts`."""


@dataclass(frozen=True)
class Reviewed:
    """What a review made of inferences."""

    inferences: pl.DataFrame
    """As they count now."""
    checked: pl.DataFrame
    """As checks and chosen thresholds have them, on which the page is made for further decisions."""
    decisions: dict[str, Decision]
    """All of the file, those about rows that are no longer there too."""
    lines: tuple[str, ...] = ()
    """What came of it, a sentence each; none without decisions."""


def known_decisions(config: AugmentConfig, out: Path) -> dict[str, Decision]:
    """The decisions of the files that the settings name, or else those that were used in this folder last.

    Raises UserError as `read_decisions` does.
    """
    stored = out / STORED
    return read_decisions(config.decisions or ((stored,) if stored.is_file() else ()))


def review(inferences: pl.DataFrame, documents: pl.DataFrame, config: AugmentConfig, out: Path) -> Reviewed:
    """Apply the decisions to the inferences of a folder, which keeps them and so the next call has them too.

    Writes inferences.parquet and decisions.jsonl into `out` where there are decisions. `inferences` are as checks left them.
    """
    before, decisions = known_decisions(AugmentConfig(), out), known_decisions(config, out)
    if not decisions:
        return Reviewed(inferences, inferences, {})
    texts = dict(inferences.select("inference_id", "text").iter_rows())
    binding = {i: one for i, one in decisions.items() if i in texts and one.inference in (None, shown(texts[i]))}
    checked, tried = calibrated(inferences, binding, documents, config.verify.consistency, config.language)
    made, counts = decided(checked, binding, config.language)
    made, left = without_derived(made, set(binding), config.language)
    counts[FROM_REJECTED] = left
    counts["gone"] = sum(i not in texts for i in decisions)
    counts["other"] = len(decisions) - len(binding) - counts["gone"]
    counts["replaced"] = len(before.keys() - decisions.keys())
    write_table(out / "inferences.parquet", made)
    write_whole(out / STORED, write_decisions(decisions.values()))
    return Reviewed(made, checked, decisions, tuple(_told(decisions, binding, counts, tried)))


def decided(
    inferences: pl.DataFrame, decisions: Mapping[str, Decision], language: str
) -> tuple[pl.DataFrame, Counter[str]]:
    """The inferences after decisions, and how many of each kind changed something, or could not.

    An edited text is checked for nothing but its form: whether it is long enough, about its source and not the same.
    """
    changes, counts = dict[str, dict[str, Any]](), Counter[str]()
    rows = inferences.filter(pl.col("inference_id").is_in(list(decisions))).unique("inference_id", maintain_order=True)
    for row in rows.iter_rows(named=True):
        one = decisions[row["inference_id"]]
        verdicts = json.loads(row["verdicts"] or "{}")
        if row["reason"]:
            verdicts[REASON_BEFORE] = row["reason"]
        new = row | {"kept": one.decision != "reject"}
        verdicts[KEY] = {"keep": KEPT, "reject": REJECTED, "edit": EDITED}[one.decision]
        if one.decision == "reject":
            new["reason"] = row["reason"] or REJECTED
        elif one.decision == "keep" and not (row["text"] or "").strip():
            counts["no text"] += 1
            continue
        else:
            new["reason"] = None
        if one.decision == "edit":
            verdicts[TEXT_BEFORE], new["text"] = row["text"], (one.text or "").strip()
            if fault := _form(new, language):
                new |= {"kept": False, "reason": f"{EDITED}: {fault}"}
                counts["form"] += 1
        counts[verdicts[KEY]] += new["kept"] != row["kept"] or one.decision == "edit"
        changes[row["inference_id"]] = new | {"verdicts": json.dumps(verdicts, ensure_ascii=False)}
    return rewritten(inferences, changes), counts


def _form(row: Mapping[str, Any], language: str) -> str | None:
    kind, source = kind_of(row["operator"]), row["source_text"] or ""
    close = kind.scope != "corpus" and not kind.long
    return Form([source], language).fault(row["text"], source, False, close, row.get("context") or "", language)


def without_derived(inferences: pl.DataFrame, decided: set[str], language: str) -> tuple[pl.DataFrame, int]:
    """The inferences without those of later rounds that were drawn from what review left no row with, and how many those are."""
    gone = pl.col("reason").str.starts_with(REJECTED) | pl.col("verdicts").str.contains(
        f'"{TEXT_BEFORE}"', literal=True
    )
    rounds = inferences.select(pl.col("round").max()).item() or 1
    changes, out = dict[str, dict[str, Any]](), set[str]()
    for row in inferences.filter(gone).iter_rows(named=True):
        out.add(json.loads(row["verdicts"]).get(TEXT_BEFORE) or row["text"])
    for number in range(2, rounds + 1) if out else ():
        out -= set(inferences.filter(pl.col("kept") & ~pl.col("inference_id").is_in(list(changes)))["text"])
        for row in inferences.filter(pl.col("kept"), round=number).iter_rows(named=True):
            source = row["source_text"] or ""
            if row["inference_id"] not in decided and out & {source, *split_sentences(source, language)}:
                changes[row["inference_id"]] = row | {"kept": False, "reason": FROM_REJECTED}
                out.add(row["text"])
    return rewritten(inferences, changes), len(changes)


def _told(
    decisions: Mapping[str, Decision],
    binding: Mapping[str, Decision],
    counts: Counter[str],
    tried: list[Threshold],
) -> list[str]:
    """The lines of `Reviewed`."""
    kinds = Counter(one.decision for one in binding.values())
    lines = [
        f"{len(binding):,} decisions used ({kinds['keep']:,} keep, {kinds['reject']:,} reject, {kinds['edit']:,} edit): "
        f"{counts[REJECTED]:,} rows rejected that checks kept, {counts[KEPT]:,} kept that checks rejected, "
        f"{counts[EDITED]:,} edited and checked for nothing but their form"
    ]
    notes = {
        "gone": "are about inferences that are not in this folder; {} keeps them",
        "other": "are about another text than the inference has now, and were not used; {} keeps them",
        "replaced": "that this folder used before are not in the file and no longer count",
        "no text": "would keep what has no text, which stays rejected",
        "form": "are edits that were rejected for their form",
    }
    lines += [f"{counts[name]:,} decisions {note.format(STORED)}" for name, note in notes.items() if counts[name]]
    if counts[FROM_REJECTED]:
        lines.append(f"{counts[FROM_REJECTED]:,} inferences of later rounds rejected: {FROM_REJECTED}, or edited")
    for sample, found in precision(binding.values()).items():
        lines.append(f"precision of what the checks kept, random sample ({sample}): {found}")
    return lines + [f"threshold: {one}" for one in tried]
