"""Answers of a model to inferences: the ways to read one that operators share."""

import re

MARK = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
"""What a list puts in front of a line."""
STOPS = ("Statement:", "Document:")
"""With one of these a base model, which has not learned where to stop, goes on with a next example."""


def parse(answer: str) -> list[str]:
    """The inferences in an answer: one per line, list marks taken off; NONE and empty lines give nothing."""
    found = []
    for line in answer.splitlines():
        text = MARK.sub("", line).strip()
        if text.startswith(STOPS):
            break
        if text and not is_none(text):
            found.append(text)
    return found


def whole(answer: str) -> list[str]:
    """An answer as one text, its lines kept; nothing for NONE."""
    text = own_part(answer)
    return [] if not text or is_none(text) else [text]


def own_part(answer: str) -> str:
    """An answer up to where a base model goes on with a next example."""
    lines = [line.rstrip() for line in answer.strip().splitlines()]
    end = next((i for i, line in enumerate(lines) if line.startswith(STOPS)), len(lines))
    return "\n".join(lines[:end]).strip()


def is_none(text: str) -> bool:
    """Whether the model says that there is nothing to write."""
    return text.rstrip(".").upper() == "NONE"
