"""Forced choices: the right answer of a question among answers of others that look like it."""

from collections.abc import Sequence
from random import Random
from typing import Any

from augment.text.words import normal
from eval.benchmarks.documents.facts import squeezed
from eval.benchmarks.documents.world import CHOICES, SPLITS


def add_choices(rows: list[dict[str, Any]]) -> None:
    """Give every row without a fault its choices, or a reason where too few answers can stand beside its own."""
    for split in SPLITS:
        some = [row for row in rows if row["split"] == split and row["reason"] is None]
        answers = [(row["subtype"], row["right_answer"]) for row in some]
        for row in some:
            wrong = distractors((row["subtype"], row["right_answer"]), row["sources"], answers, row["question_id"])
            if len(wrong) < CHOICES - 1:
                row["reason"] = "too few answers of other questions can stand beside its own"
                continue
            choices = [row["right_answer"], *wrong]
            Random(row["question_id"]).shuffle(choices)
            row |= {"choices": [f" {choice}" for choice in choices], "answer": choices.index(row["right_answer"])}


def distractors(
    own: tuple[str, str], sources: Sequence[str], others: Sequence[tuple[str, str]], seed: str, count: int = CHOICES - 1
) -> list[str]:
    """At most `count` answers of other questions, as much like one's own as can be: (question word, answer) each.

    Never one that a source holds or that holds or equals the own answer or another one, up to case and the mark at its end.
    """
    told = [squeezed(source) for source in sources]
    different: dict[str, tuple[str, str]] = {}
    for word, answer in others:
        if normal(answer) and not any(normal(answer) in source for source in told):
            different.setdefault(normal(answer), (word, answer))
    drawn = Random(seed).sample(sorted(different.values()), len(different))
    drawn.sort(
        key=lambda other: (
            (other[0] != own[0]) + sum(a != b for a, b in zip(shape(own[1]), shape(other[1]), strict=True))
        )
    )
    chosen = list[str]()
    for _, answer in drawn:
        if not any(normal(answer) in normal(text) or normal(text) in normal(answer) for text in (own[1], *chosen)):
            chosen.append(answer)
    return chosen[:count]


def shape(answer: str) -> tuple[Any, ...]:
    """What makes answers look alike: digits, a capital, marks such as those of code, and about how many words."""
    words = answer.split()
    marks = any(not (letter.isalnum() or letter in " ,.'’") for letter in answer)
    return any(map(str.isdigit, answer)), answer[:1].isupper(), marks, min(len(words), 4)
