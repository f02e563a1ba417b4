"""Checks of one inference that need no model. A rejected one is kept in the table with its reason."""

from collections.abc import Iterable

from augment.text.words import content_words, normal

GROUNDED, TOUCHED = 0.3, 0.1
"""Least share of an inference's content words that its source must contain; of a text that may bring in others' words."""


class Verifier:
    """Accepts each statement once: remembers the corpus and what was kept, as hashes."""

    def __init__(self, corpus: Iterable[str] = ()):
        self.stated: set[int] = set()
        self.kept: set[int] = set()
        self.state(corpus)

    def state(self, corpus: Iterable[str]) -> None:
        """Add sentences of the corpus."""
        self.stated.update(hash(normal(text)) for text in corpus)

    def reject(self, text: str, source: str, cut: bool, close: bool = True) -> str | None:
        """Why an inference is rejected, or None; `cut` says that the answer ended in it for lack of tokens.

        `close`: it restates its source, so it must keep to its words and about its length. Not so what links the source to
        other documents, or is written at length about it: of that only some words must be the source's.
        """
        reason = self._reason(text, source, cut, close)
        if reason is None:
            self.kept.add(hash(normal(text)))
        return reason

    def _reason(self, text: str, source: str, cut: bool, close: bool) -> str | None:
        words, said = content_words(text), hash(normal(text))
        if cut:
            return "cut off by augment.max_tokens" if close else "cut off by augment.max_tokens or text_tokens"
        if len(text.split()) < 3 and len(words) < 3:
            return "too short to say anything"
        if close and len(text) > 4 * len(source) + 200:
            return "much longer than its source"
        if said in self.stated:
            return "stated in the corpus"
        if len(words & content_words(source)) < (GROUNDED if close else TOUCHED) * len(words):
            return "shares too few words with its source"
        if said in self.kept:
            return "duplicate"
        return None
