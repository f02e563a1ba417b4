"""The order in which arms and splits are shown."""

from collections.abc import Sequence

ARMS = (
    "pretrained",
    "icl",
    "finetuned",
    "finetuned+repeat",
    "finetuned+local",
    "finetuned+global",
    "finetuned+all",
    "finetuned+paraphrase",
    "finetuned+shuffled",
    "finetuned+reverse-training",
    "retrieval",
    "retrieval+oracle",
)
SPLITS = ("forward", "rephrasing", "reversal", "two-step", "syllogism", "longer", "single", "seen", "holdout")
"""From easy to hard."""
STATED = ("forward", "rephrasing")
"""Splits that ask for what the corpus says outright."""


def arms_in_order(arms: Sequence[str]) -> list[str]:
    """Each arm once: the known ones in the order of `ARMS`, then others by name, `retrieval` last."""
    return sorted(set(arms), key=lambda a: (a.startswith("retrieval"), ARMS.index(a) if a in ARMS else len(ARMS), a))


def splits_in_order(splits: Sequence[str]) -> list[str]:
    """Each split once: the known ones in the order of `SPLITS`, then others by name."""
    return sorted(set(splits), key=lambda split: (SPLITS.index(split) if split in SPLITS else len(SPLITS), split))
