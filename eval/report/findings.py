"""A run in words: its answer in one sentence, what to do next, and what each arm is."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from eval.measure.accuracy import LEADING, percent
from eval.measure.claims import CHANCE, ORDERING, Claim, counted, said
from eval.measure.order import NGRAMS, SPLITS, STATED
from train.examples.names import is_trained

ARM_MEANINGS = {
    NGRAMS: "No model: counts sequences of up to four words in the documents and picks the likeliest choice. Whatever it answers takes no "
    "understanding.",
    "pretrained": "The untuned model, without the documents.",
    "icl": "In-context learning: the untuned model with the documents in its context window.",
    "finetuned": "The model finetuned on the documents alone.",
    "finetuned+repeat": "Control: finetuned on the documents, repeated until there are as many training tokens as in "
    "the augmented arms. It shows the effect of more training alone.",
    "finetuned+local": "Finetuned on the documents and on what the model inferred from one item at a time: "
    "rephrasings and reversals.",
    "finetuned+global": "Finetuned on the documents and on what the model inferred with all of them in view: "
    "conclusions that link one document to others.",
    "finetuned+all": "Finetuned on the documents and on both the local and the global inferences.",
    "finetuned+paraphrase": "Control: augmented with rephrasings only, without reversals or deductions.",
    "finetuned+shuffled": "Control: the same number of inferences in the same form, but shuffled so that they do not follow.",
    "finetuned+reverse-training": "Baseline without inferences: the documents and, in addition, the documents with their "
    "words in reverse order, entities kept whole (Golovneva et al. 2024).",
    "finetuned+masked": "Method without inferences: the model learns to restore each document from a copy in which words are masked "
    "(arXiv 2510.09885).",
    "adapter": "The model with an adapter trained elsewhere, which was given to the run.",
    "retrieval": "The untuned model with the documents that a search finds for each question in its context.",
    "retrieval+oracle": "The untuned model with exactly the documents that each question needs, as if search never missed.",
}
WAYS_MEAN = {
    "split": "the documents are split into sentences",
    "unchecked": "inferences that the checks rejected are kept",
    "sourced": "each inference follows the text that it was made from",
    "distilled": "the loss is the divergence from the untuned model with the documents of each text in context",
}
HEADLINE_ARMS = {
    "pretrained": "without the documents (pretrained)",
    "icl": "with the documents in its context (icl)",
    "finetuned": "finetuned on the documents (finetuned)",
    "finetuned+local": "finetuned on the documents and on what it inferred from them (finetuned+local)",
}
"""The arms that the answer names, in words that need no glossary."""
NAMED = 4
"""Claims that the answer names; the section on claims has all."""
FEW = 30
"""Questions of a kind below which its accuracy is a first look: with 30, an interval spans some 35 points."""
NEEDED = {arm for one in ORDERING for arm in (one.arm, one.other)} - {CHANCE}


def meaning_of(arm: str) -> str:
    """What an arm is, in a sentence or two; of one whose name is put together, from the parts of its name."""
    if arm in ARM_MEANINGS or not is_trained(arm):
        return ARM_MEANINGS.get(arm, "")
    parts = arm.split("+")[1:]
    groups = {"local": "the local inferences", "global": "the global inferences", "all": "all inferences"}
    groups |= {"gold": "everything that follows according to the benchmark"}
    told = [groups[part] for part in parts if part in groups]
    if operators := [part for part in parts if part not in groups and part not in WAYS_MEAN]:
        told.append(f"what {listed(operators)} made of them")
    ways = [WAYS_MEAN[part] for part in parts if part in WAYS_MEAN]
    meaning = f"Finetuned on the documents{' and on ' + listed(told) if told else ''}"
    return f"{meaning}{'; ' + listed(ways) if ways else ''}."


def tally(claims: list[Claim]) -> str:
    """ "holds" where every claim that counts is shown, "mixed" where one is refuted, else "open"."""
    verdicts = {claim.verdict for claim in counted(claims)}
    return "mixed" if "refuted" in verdicts else "holds" if verdicts == {"shown"} else "open"


def headline(summary: pl.DataFrame, claims: list[Claim], chance: Mapping[str, float], own: bool = False) -> str:
    """The answer in one sentence; says plainly which claims of the paper's ordering are refuted in this run. Of a user's `own` documents
    the paper says nothing.
    """
    scored = summary.filter(pl.col("norm").is_in(LEADING), pl.col("accuracy").is_not_null())
    if scored.is_empty():
        return "No question was scored in this run, so there is no answer yet."
    split = next((s for s in SPLITS if s not in STATED and s in scored["split"]), scored["split"][0])
    rows = {row["arm"]: row["accuracy"] for row in scored.filter(pl.col("split") == split).to_dicts()}
    shown = [arm for arm in HEADLINE_ARMS if arm in rows] or list(rows)
    guess = f" (chance {percent(chance[split])})" if split in chance else ""
    figures = [
        f"{percent(rows[arm])} {'' if place else 'of cases '}{HEADLINE_ARMS.get(arm, f'as {arm}')}"
        for place, arm in enumerate(shown)
    ]
    return (
        f"On {split} questions{guess} the model is right in {listed(figures)}{'' if own else f': {_ordering(claims)}'}."
    )


def _ordering(claims: list[Claim]) -> str:
    some = counted(claims)
    missing = sum(not claim.measured for claim in claims)
    lacking = f", and {missing} could not be judged because an arm is missing" if missing else ""
    if not any(claim.measured for claim in claims):
        return "the paper's ordering cannot be judged because this run lacks the arms for it"
    if not some:
        return "none of the paper's claims can be tested here" + lacking
    refuted = [claim for claim in some if claim.verdict == "refuted"]
    if all(claim.verdict == "shown" for claim in some):
        return f"the paper's ordering is shown (all {len(some)} claims{lacking})"
    names = f" for {listed([f'“{claim.text}”' for claim in refuted])}" if 0 < len(refuted) <= NAMED else ""
    outcome = f"the paper's ordering is refuted here{names}" if refuted else "the paper's ordering is not decided"
    return f"{outcome} ({said(claims)}{lacking})"


def warnings(results: Mapping[str, Any]) -> list[str]:
    """What a reader must know before reading any figure."""
    augmentation, found = results.get("augmentation") or {}, []
    if augmentation.get("inferences") and not augmentation.get("kept"):
        found.append(
            f"None of the {augmentation['inferences']:,} inferences passed the checks, so every augmented arm was trained on "
            "the documents alone; comparisons with these arms are meaningless."
        )
    few = [f"{count} {split}" for split, count in _asked(results).items() if count < FEW]
    if few:
        found.append(f"Only {listed(few)} questions were asked: these figures are a first look, not a result.")
    return found


def _asked(results: Mapping[str, Any]) -> dict[str, int]:
    """Different questions of each split: every seed has its own, but for own documents, whose seeds ask the same."""
    seen: dict[str, dict[tuple[str, int], int]] = {}
    for row in results.get("rows") or []:
        if row["norm"] in LEADING:
            seen.setdefault(row["split"], {})[row["arm"], row["seed"]] = row["n"] + row.get("unscored", 0)
    count = max if "questions" in results else sum
    return {
        split: max(count(n for (a, _), n in told.items() if a == arm) for arm, _ in told)
        for split, told in seen.items()
    }


def next_steps(summary: pl.DataFrame, claims: list[Claim], results: Mapping[str, Any]) -> list[str]:
    """What would make this run's answer firmer, most pressing first."""
    steps = []
    rows = summary.to_dicts()
    augmentation = results.get("augmentation") or {}
    if sum(row["unscored"] for row in rows):
        steps.append("Read the errors of the unscored questions, which are excluded from every accuracy above.")
    missing = sorted(NEEDED - {row["arm"] for row in rows})
    if claims and missing:
        steps.append(
            f"Add the {'arm' if len(missing) == 1 else 'arms'} {listed(missing)}: some claims cannot be judged without {'it' if len(missing) == 1 else 'them'}."
        )
    if any(claim.verdict == "undecided" for claim in counted(claims)):
        steps.append("Add seeds or questions: this run cannot decide every claim.")
    if any(claim.text.startswith("pretrained is at") and claim.verdict == "refuted" for claim in claims):
        steps.append(
            "Look at the questions that pretrained answers correctly: it should know nothing about these documents."
        )
    if any("has not learnt" in claim.vacuous for claim in claims):
        steps.append(
            "Train longer: an arm has not learnt what the documents state, so its answers about what they imply mean nothing."
        )
    if any(claim.verdict == "refuted" for claim in counted(claims)):
        steps.append("Before changing any setting, read the mistakes of the arms in the refuted claims.")
    if rows and max(row["seeds"] for row in rows) < 3:
        steps.append("Repeat with at least three seeds: training varies from seed to seed.")
    if (precision := augmentation.get("precision")) is not None and precision < 0.95:
        steps.append("Verify inferences more strictly, or use a stronger model: false inferences are learnt as facts.")
    if (augmentation.get("test_items_verbatim") or 0) > 0.5:
        steps.append("Compare accuracy with and without the test items that the augmentation states verbatim.")
    return steps or ["Nothing is left open here: try a larger model or your own documents."]


def listed(parts: list[str]) -> str:
    """Parts as "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
