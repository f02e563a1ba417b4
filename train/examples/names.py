"""Names of the arms that are trained: "finetuned", and what it is trained on besides the documents, joined by +. Loads in no time."""

TUNED = "finetuned"
CONTROLS = ("repeat", "paraphrase", "shuffled", "reverse-training", "masked")
"""finetuned+CONTROL: the documents and other texts, matched in rows and tokens to finetuned+all."""
GROUPS = ("local", "global", "all", "gold")
"""Which operators' inferences an arm has, by what they are shown; an operator's own name does it too. gold: what a benchmark knows to follow."""
WAYS = ("split", "unchecked", "sourced", "distilled")
"""How an arm's examples are made or trained on: see `examples_of`."""


def is_trained(arm: str) -> bool:
    """Whether an arm's weights are trained in a run."""
    return arm.split("+")[0] == TUNED


def needs_inferences(arm: str) -> bool:
    """Whether an arm is trained on inferences, or matched in amount to what is."""
    return is_trained(arm) and bool(set(arm.split("+")[1:]) - {*WAYS, "gold"})
