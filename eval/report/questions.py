"""Tables of a report on questions of the user's own: which arm answers which, and what the bare model knew before."""

from collections.abc import Mapping, Sequence
from typing import Any

from eval.measure.accuracy import interval
from eval.measure.known import KNOWN, PARTS
from eval.measure.order import arms_in_order, splits_in_order
from eval.report.tables import Small

MOST = 200
"""Questions that the page shows; the table that it names has all."""
LONG = 80
"""Characters of a wrong answer that are shown."""

UNDECIDED = "tied or not scored"
"""Of an arm that finds several choices equally likely, or whose answer has no score."""


def question_tables(results: Mapping[str, Any]) -> list[Small]:
    """The tables for which a run's results hold rows; none where no question is the user's own."""
    rows = [row for row in results.get("answered") or [] if row.get("own")]
    if not rows:
        return []
    found = [_answered(rows, results["own"]["table"]), _known(results.get("known") or [])]
    return [table for table in found if table.rows]


def _answered(rows: Sequence[Mapping[str, Any]], file: str) -> Small:
    arms = arms_in_order([arm for row in rows for arm in row["arms"]])
    shown = sorted(rows, key=lambda row: splits_in_order([row["split"] for row in rows]).index(row["split"]))[:MOST]
    table = [
        [
            row["question"],
            row["right"],
            _before(row[KNOWN]),
            *(_cell(row["arms"].get(arm), row["free"]) for arm in arms),
        ]
        for row in shown
    ]
    first = (
        f"Only the first {MOST} of {len(rows)} questions are shown here; {file} has all of them"
        if len(rows) > MOST
        else f"{file} has the same table"
    )
    note = (
        "Wrong answers show what was chosen, or for free answers what was written. Known before: the untuned model (pretrained) answers the "
        "question without the documents, so it does not show what was learnt; a choice may also be right by chance. "
        f"{first}."
    )
    return Small("Which arm answers which question", note, ["Question", "Right answer", "Known before", *arms], table)


def _before(known: bool | None) -> str:
    return UNDECIDED if known is None else "yes" if known else "no"


def _cell(told: Mapping[str, Any] | None, free: bool) -> str:
    """How an arm answered: "right", or what it answered instead; where the judge says otherwise, that too."""
    if told is None:
        return UNDECIDED
    times = f" in {told['right']} of {told['of']}" if 0 < told["right"] < told["of"] else ""
    text = (
        "right"
        if told["right"] == told["of"]
        else f"{f'right{times}, otherwise' if times else 'no match:' if free else 'wrong:'} {_short(told['chosen'])}"
    )
    judged = told.get("judge")
    return text if judged is None or judged == told["right"] else f"{text} (the judge: {_verdict(judged, told['of'])})"


def _verdict(right: int, of: int) -> str:
    return "right" if right == of else "wrong" if not right else f"right in {right} of {of}"


def _short(answer: str | None) -> str:
    if not answer:
        return "(nothing)"
    return answer if len(answer) <= LONG else f"{answer[:LONG]}…"


def _known(rows: Sequence[Mapping[str, Any]]) -> Small:
    cells = {(row["split"], row["arm"], row["items"]): row for row in rows}
    table = []
    for split in splits_in_order([row["split"] for row in rows]):
        for arm in arms_in_order([row["arm"] for row in rows]):
            found = [cells.get((split, arm, items)) for items in PARTS.values()]
            table.append([split, arm, *(f"{interval(row)}, {row['n']}" if row else "none" for row in found)])
    note = (
        "Accuracy with its 95% interval, and the number of answers. The new questions, which the untuned model gets wrong, show what tuning "
        "added."
    )
    return Small(
        "Questions that the untuned model knew, and new ones",
        note,
        ["Split", "Arm", "Known before", "New"],
        table,
        True,
    )
