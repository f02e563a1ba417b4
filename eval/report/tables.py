"""Tables of a report beside the arms': what the augmentation gave away, and what tuning cost."""

import re
from collections.abc import Mapping
from itertools import groupby
from typing import Any, NamedTuple

from eval.measure.accuracy import interval, percent
from eval.measure.order import arms_in_order, splits_in_order

PERCENT = {"icl damage", "hallucination"}
GATES = {
    "forgetting": "log-likelihood per token of held-out texts",
    "icl damage": "accuracy with the documents in context",
    "hallucination": "questions where a false statement is clearly preferred",
}


NUMBER = re.compile(r"(?:[-+]?[\d,.]+%?|-|none)(?: \([\d.]+%\))?")


class Small(NamedTuple):
    """A table with its title and a sentence on how to read it."""

    title: str
    note: str
    head: list[str]
    rows: list[list[str]]
    grouped: bool = False
    """Whether rows with the same first cell belong together."""

    @property
    def numbers(self) -> list[bool]:
        """Which columns hold numbers alone."""
        columns = [list(column) for column in zip(*self.rows, strict=True)]
        return [any(c.isdigit() for c in "".join(column)) and all(map(NUMBER.fullmatch, column)) for column in columns]

    @property
    def groups(self) -> list[tuple[str | None, list[list[str]]]]:
        """The rows, each group under its first cell; one group under None where they are not grouped."""
        if not self.grouped:
            return [(None, self.rows)]
        return [(name, [row[1:] for row in rows]) for name, rows in groupby(self.rows, key=lambda row: row[0])]


def tables(results: Mapping[str, Any]) -> list[Small]:
    """The tables that a run's results hold figures for."""
    made = results.get("augmentation") or {}
    found = [_worked_out(made), _made_up(made), _checks(made), _shares(made), _accuracies(results)]
    found += [_ngrams(results), _gates(results)]
    return [table for table in found if table.rows]


def _worked_out(augmentation: Mapping[str, Any]) -> Small:
    rows = []
    for row in augmentation.get("worked_out") or []:
        missed = [f"{' '.join(m['statement'])} (from: {' '.join(m['needs'])})" for m in row["missed"][:1]]
        count, share = row["worked out"], row["worked out"] / row["implied"]
        rows.append([row["kind"], f"{row['implied']:,}", f"{count:,} ({percent(share)})", *(missed or ["none"])])
    note = "All statements that the documents state or imply, by type of inference. The last column has a missed one with the facts that imply it."
    head = ["Type", "Statements", "Worked out", "Example of a miss"]
    return Small("What the augmentation worked out", note, head, rows)


def _made_up(augmentation: Mapping[str, Any]) -> Small:
    rows = [
        [
            row["operator"],
            f"{row['kept']:,}",
            f"{row['made up']:,}",
            f"{row['not understood']:,}",
            *(row["examples"][:1] or ["none"]),
        ]
        for row in augmentation.get("made_up") or []
    ]
    note = "By operator: kept inferences that the documents do not imply, and those that could not be parsed as a statement."
    head = ["Operator", "Kept", "Made up", "Not parsed", "Example, made up"]
    return Small("What the augmentation made up", note, head, rows)


def _checks(augmentation: Mapping[str, Any]) -> Small:
    rows = [
        [
            row["check"],
            f"{row['inferences']:,}",
            percent(row["precision"]) if row["inferences"] else "-",
            percent(row["recall"]) if row["recall"] is not None else "-",
            f"{row['wrong']:,}",
            f"{row['right']:,}",
        ]
        for row in augmentation.get("checks") or []
    ]
    note = (
        "Distinct inferences that can be parsed as statements: how many pass each check, the share of these that the "
        "documents imply (precision), and the share of all correct inferences among them (recall)."
    )
    head = ["After", "Inferences", "Precision", "Recall", "Wrong, rejected", "Right, rejected"]
    return Small("What the checks gained and cost", note, head, rows)


def _shares(augmentation: Mapping[str, Any]) -> Small:
    rows = [
        [row["split"], percent(row["verbatim"]), percent(row["paraphrased"]), percent(row["none"]), str(row["n"])]
        for row in augmentation.get("leaked") or []
        if row["n"]
    ]
    note = "A test item that a kept inference states no longer tests deduction: it was worked out before training."
    head = ["Split", "Verbatim", "In other words", "Not stated", "Questions"]
    return Small("Test items stated in the augmentation", note, head, rows)


def _accuracies(results: Mapping[str, Any]) -> Small:
    known = results.get("leakage") or []
    cells = {(row["arm"], row["split"], row["items"]): row for row in known}
    rows = []
    for split in splits_in_order([row["split"] for row in known]):
        if len({row["items"] for row in known if row["split"] == split}) < 2:
            continue  # all of one kind: the table of arms says it already
        for arm in arms_in_order([row["arm"] for row in known]):
            found = [cells.get((arm, split, items)) for items in ("leaked", "not leaked")]
            if any(found):
                rows.append([split, arm, *(f"{interval(row)}, {row['n']}" if row else "none" for row in found)])
    note = "Accuracy with its 95% interval, and the number of questions. Stated items may also be easier ones: compare with arms that saw no inference."
    return Small("Accuracy on stated and other items", note, ["Split", "Arm", "Stated", "Not stated"], rows, True)


def _ngrams(results: Mapping[str, Any]) -> Small:
    known = results.get("ngrams") or []
    splits, rows = splits_in_order([row["split"] for row in known]), []
    for arm in arms_in_order([row["arm"] for row in known]):
        best = [
            max((r for r in known if (r["arm"], r["split"]) == (arm, s)), key=lambda r: r["accuracy"]) for s in splits
        ]
        rows.append([arm, *(f"{percent(row['accuracy'])} ({row['order']})" for row in best)])
    note = "The best accuracy from counting sequences of one to four words, with the length in brackets: what each arm's training text reveals without any understanding."
    return Small("What counting words can answer", note, ["Counted in the texts of", *splits], rows)


def _gates(results: Mapping[str, Any]) -> Small:
    known = sorted((results.get("gates") or {}).get("rows") or [], key=lambda r: list(GATES).index(r["gate"]))
    rows = []
    for gate, group in groupby(known, key=lambda r: r["gate"]):
        by_arm: dict[str, list[dict[str, Any]]] = {}
        for row in group:
            if row["value"] is not None:
                by_arm.setdefault(row["arm"], []).append(row)
        for arm in arms_in_order([*by_arm]):
            seeds = by_arm[arm]
            before, after = (sum(row[key] for row in seeds) / len(seeds) for key in ("baseline", "value"))
            changes = ", ".join(_difference(gate, row) for row in seeds)
            rows.append([f"{gate}: {GATES[gate]}", arm, _figure(gate, before), _figure(gate, after), changes])
    note = "Before and after are means over seeds; changes are per seed, with 95% intervals. A false statement is clearly preferred if it is more than 1 nat likelier than every right one."
    return Small("What tuning cost", note, ["Gate", "Arm", "Before", "After", "Change per seed"], rows, True)


def _figure(gate: str, value: float) -> str:
    return percent(value) if gate in PERCENT else f"{value:.2f}"


def _difference(gate: str, row: Mapping[str, Any]) -> str:
    scale, digits = (100, 1) if gate in PERCENT else (1, 2)
    shown = [f"{scale * row[key]:+.{digits}f}" for key in ("difference", "low", "high") if row[key] is not None]
    return f"{shown[0]} [{', '.join(shown[1:])}]" if len(shown) == 3 else shown[0]
