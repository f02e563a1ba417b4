"""connect: what follows from two sentences of different documents, where the one ends in what the other begins with.

A global operator without long contexts: a corpus of any size is asked about in pairs, and a model that can join two facts but not find
them among thousands is shown the two.
"""

from pathlib import Path

from augment.operators.base import Operator
from augment.text.sentences import split_sentences


class Connect(Operator):
    """`deduce` across documents, with its prompt; `augment.stages.together.sentence_pairs` makes the pairs."""

    scope = "pair"
    combines = True

    def pieces(self, text: str) -> list[str]:
        """Sentences."""
        return split_sentences(text, self.config.language)

    def prompt_file(self, name: str) -> Path:
        """That of `deduce`, or a file of its own name in the user's folder."""
        own = self.config.prompts and self.config.prompts / f"{name}.md"
        return own if own and own.is_file() else super().prompt_file("deduce")
