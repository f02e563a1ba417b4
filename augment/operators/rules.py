"""Operators without a model. They make the texts of control arms; `repeat` and `shuffle` teach nothing new, or falsehoods."""

from collections.abc import Sequence

from augment.operators.base import Operator, Record
from augment.operators.shuffle import shuffled
from augment.text.words import PIECE, Casing, casing, entities


def reverse_words(text: str, case: Casing) -> str:
    """A text from its last word to its first, names and numbers (see `entities`) in their own order.

    Golovneva et al. 2024, "Reverse training to nurse the reversal curse", entity-preserving reversal: with names that are
    several words it does better there than plain word reversal. Marks are words of their own; a space joins all.
    """
    pieces, at = list[str](), 0
    for start, end in [*entities(text, case), (len(text), len(text))]:
        pieces += PIECE.findall(text[at:start])
        if text[start:end]:
            pieces.append(" ".join(text[start:end].split()))
        at = end
    return " ".join(reversed(pieces))


class Repeat(Operator):
    """Each document once more."""

    scope = "document"
    rule = True

    def derive(self, records: Sequence[Record]) -> list[str | None]:
        """The texts themselves."""
        return [record.text for record in records]


class ReverseTraining(Operator):
    """Each document with its words reversed (Golovneva et al. 2024)."""

    scope = "document"
    rule = True

    def derive(self, records: Sequence[Record]) -> list[str | None]:
        """See `reverse_words`; how the whole corpus writes a word tells what is a name."""
        case = casing(record.text for record in records)
        return [reverse_words(record.text, case) for record in records]


class Shuffle(Operator):
    """Each sentence with its names exchanged, so that it is wrong (see `augment.operators.shuffle`); none where that cannot be."""

    rule = True

    def derive(self, records: Sequence[Record]) -> list[str | None]:
        """Names change places within the whole corpus."""
        texts = [record.text for record in records]
        return shuffled(texts, texts, [self.name] * len(texts), self.config.seed)
