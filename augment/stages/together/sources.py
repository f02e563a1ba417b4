"""Which documents of its context a global inference follows from."""

from collections.abc import Sequence

from augment.operators.base import Record
from augment.operators.parsing import Said
from augment.text.words import content_words

MOST = 3
"""Documents that are named where none is cited."""


def sources(said: Said, target: str, members: Sequence[Record]) -> list[Record]:
    """The documents of a context, without the target, that an inference about the target follows from.

    They are those that it cites by their numbers. Where it cites none (a prompt may number none, a model may not do as it is
    told), they are those that have its words: up to `MOST`, one after the other the document with most of the telling words
    that neither the target nor a document before it has. So none of them may be in a validation split while the inference is
    trained on.
    """
    others = [record for record in members if record.text != target]
    cited = [members[n - 1] for n in said.cited if 0 < n <= len(members)]
    if found := [record for record in cited if record.text != target]:
        return found
    missing, found = content_words(said.text) - content_words(target), list[Record]()
    words = [content_words(record.text) for record in others] if missing else []
    while missing and others and len(found) < MOST:
        best = max(range(len(others)), key=lambda i: (len(missing & words[i]), -len(words[i])))
        if not missing & words[best]:
            break
        found.append(others[best])
        missing = missing - words[best]
    return found
