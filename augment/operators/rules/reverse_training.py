"""reverse-training: each document with its words in reverse order (Golovneva et al. 2024), a method to compare with."""

from collections.abc import Sequence

from augment.operators.base import Operator, Record
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


class ReverseTraining(Operator):
    """Each document with its words reversed (Golovneva et al. 2024)."""

    scope = "document"
    rule = True

    def derive(self, records: Sequence[Record]) -> list[str | None]:
        """See `reverse_words`; how the whole corpus writes a word tells what is a name."""
        case = casing(record.text for record in records)
        return [reverse_words(record.text, case) for record in records]
