"""Tables of a report on a user's own documents: what the tuned model can and cannot answer, the questions, the cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from eval.measure.order import arms_in_order, is_tuned, splits_in_order
from eval.report.tables import Small

SHOWN = 10
"""Questions of a split that are shown of those that the tuned model answers, and of those that it does not."""
BEST = ("finetuned+all", "finetuned+local", "finetuned+global")
"""The tuned arm whose questions are listed: the first of these that the run has, else its first tuned one."""


def own_tables(results: Mapping[str, Any]) -> list[Small]:
    """The tables for which a run's results hold rows; none for other benchmarks."""
    answered = results.get("answered") or []
    splits = splits_in_order([row["split"] for row in answered])
    others = [row for row in answered if not row.get("own")]  # all of the user's own are in `eval.report.questions`
    found = [_changes(answered, splits), *(_listed(others, split) for split in splits)]
    found += [_questions(results.get("questions") or []), _cost(results.get("cost") or [])]
    return [table for table in found if table and table.rows]


def right(row: Mapping[str, Any], arm: str) -> bool | None:
    """Whether an arm answers a question in most seeds; None where it was not asked."""
    known = row["arms"].get(arm)
    return 2 * known["right"] > known["of"] if known else None


def _tuned(answered: Sequence[Mapping[str, Any]]) -> list[str]:
    return arms_in_order([arm for row in answered for arm in row["arms"] if is_tuned(arm)])


def _changes(answered: Sequence[Mapping[str, Any]], splits: Sequence[str]) -> Small:
    rows = []
    for split in splits:
        some = [row for row in answered if row["split"] == split]
        for arm in _tuned(some):
            after = [(right(row, arm), right(row, "pretrained"), right(row, "retrieval")) for row in some]
            known = [one for one in after if one[0] is not None]
            can = sum(bool(own) for own, _, _ in known)
            gained = sum(bool(own) and before is False for own, before, _ in known)
            lost = sum(not own and before is True for own, before, _ in known)
            left = sum(not own and found is True for own, _, found in known)
            rows.append([split, arm, f"{can} of {len(known)}", f"{gained}", f"{lost}", f"{left}"])
    note = (
        "Right: questions that a tuned model answers correctly in most seeds. Gained: the untuned model gets them wrong. Lost: only the untuned "
        "model gets them right. Retrieval alone: retrieval gets them right and the tuned model does not."
    )
    return Small(
        "What tuning gave and took", note, ["Split", "Arm", "Right", "Gained", "Lost", "Retrieval alone"], rows
    )


def _listed(answered: Sequence[Mapping[str, Any]], split: str) -> Small | None:
    some = [row for row in answered if row["split"] == split]
    tuned = _tuned(some)
    if not tuned:
        return None
    arm = next((one for one in BEST if one in tuned), tuned[0])
    can, cannot = ([row for row in some if bool(right(row, arm)) is wanted] for wanted in (True, False))
    arms = arms_in_order([name for row in some for name in row["arms"]])
    rows = [
        [row["question"], row["right"], *(_cell(row["arms"].get(a)) for a in arms)]
        for row in (*can[:SHOWN], *cannot[:SHOWN])
    ]
    note = (
        f"{arm} answers {len(can)} of {len(some)} correctly. Shown are up to {SHOWN} right answers, then up to {SHOWN} wrong ones "
        "with what was chosen instead."
    )
    return Small(f"What {arm} can and cannot answer: {split}", note, ["Question", "Right answer", *arms], rows)


def _cell(known: Mapping[str, Any] | None) -> str:
    if known is None:
        return "not asked"
    if known["right"] == known["of"]:
        return "right"
    share = f"right in {known['right']} of {known['of']}, otherwise" if known["right"] else "wrong:"
    return f"{share} {known['chosen']}"


def _questions(made: Sequence[Mapping[str, Any]]) -> Small:
    rows = []
    for row in made:
        reasons = ", ".join(f"{reason} ({count})" for reason, count in row["rejected"].items())
        rows.append([row["split"], f"{row['asked']:,}", f"{row['used']:,}", reasons or "none"])
    note = (
        "Tried: sentences or pairs that the model was asked to write a question about. questions.md has a sample to read; "
        "questions-rejected.parquet has every rejected question. A question was only used if the model answered it with the source in "
        "context, which favours arms that see the source."
    )
    return Small("The questions", note, ["Split", "Tried", "Used", "Rejected for"], rows)


def _cost(spent: Sequence[Mapping[str, Any]]) -> Small:
    names = ("requests", "prompt_tokens", "cached_tokens", "output_tokens")
    rows = [[row["stage"], *(f"{row[name]:,}" for name in names), f"{row['seconds']:,.1f}"] for row in spent]
    note = "Engine time in seconds, including the checks but not the start of the engine. Reused tokens are prompt tokens served from its cache."
    head = ["Stage", "Requests", "Prompt tokens", "Reused", "New tokens", "Seconds"]
    return Small("Cost of writing questions and inferences", note, head, rows)
