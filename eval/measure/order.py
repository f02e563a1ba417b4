"""The order in which arms and splits are shown."""

from collections.abc import Sequence

from eval.config import ADAPTER, ARMS, FURTHER
from train.examples.names import is_trained

NGRAMS = "ngrams"
"""The arm that knows no language (`eval.arms.ngrams`); in every table."""
SHOWN = (NGRAMS, *ARMS, *FURTHER, ADAPTER)
"""Every arm that a run may have, in the order of tables and charts."""
SPLITS = (
    "forward",
    "rephrasing",
    "reversal",
    "reversal_set_a",
    "two-step",
    "syllogism",
    "longer",
    "single",
    "seen",
    "holdout",
)
"""From easy to hard."""
STATED = ("forward", "rephrasing")
"""Splits that ask for what the corpus says outright."""


def is_tuned(arm: str) -> bool:
    """Whether an arm's weights are not the model's own."""
    return arm == ADAPTER or is_trained(arm)


def arms_in_order(arms: Sequence[str]) -> list[str]:
    """Each arm once: the known ones in the order of `SHOWN`, then others by name, `retrieval` last."""
    return sorted(set(arms), key=lambda a: (a.startswith("retrieval"), SHOWN.index(a) if a in SHOWN else len(SHOWN), a))


def splits_in_order(splits: Sequence[str]) -> list[str]:
    """Each split once: the known ones in the order of `SPLITS`, then others by name."""
    return sorted(set(splits), key=lambda split: (SPLITS.index(split) if split in SPLITS else len(SPLITS), split))
