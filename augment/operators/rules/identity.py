"""identity: that each name of a sentence is itself (Identity Bridge, arXiv 2509.24653), a rule to compare with.

Such statements say nothing, and are reported to let a model that learns two facts apart join them: each name is then both asked for and said.
"""

from collections.abc import Sequence

from augment.operators.base import Operator, Record
from augment.operators.rules.names import Corpus


class Identity(Operator):
    """For each sentence a statement about each of its names."""

    rule = True

    def derive(self, records: Sequence[Record]) -> list[str | None]:
        """How the whole corpus uses a word tells what is a name (see `augment.operators.rules.names.Corpus`); None for a sentence without any."""
        texts = [record.text for record in records]
        corpus = Corpus(texts, texts)
        named = [dict.fromkeys(s.name for s in corpus.slots(text, text) if s.kind != "number") for text in texts]
        return [" ".join(f"{name} is {name}." for name in names) or None for names in named]
