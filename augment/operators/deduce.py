"""deduce: what two or more sentences that stand together imply."""

from augment.operators.base import Operator
from augment.text.sentences import split_sentences

WINDOW = 3
"""Sentences shown at a time: as many as the examples of the prompt and the embedded model's training have, or one more."""


class Deduce(Operator):
    """A local operator on windows of a document.

    A window begins with the last sentence of the one before, so that every two neighbours stand together in one. A document
    of one sentence is passed by. With `split` none the whole document is one window.
    """

    scope = "document"
    combines = True

    def pieces(self, text: str) -> list[str]:
        """Windows of up to three consecutive sentences."""
        if self.config.split == "none":
            return [text.strip()]
        told = split_sentences(text, self.config.language)
        return [" ".join(told[i : i + WINDOW]) for i in range(0, len(told) - 1, WINDOW - 1)]
