"""Checks of one inference that need no model. A rejected one is kept in the table with its reason."""

import re

CJK = r"[\u3040-\u30ff\u3400-\u9fff]"
WORD = re.compile(rf"{CJK}|(?:(?!{CJK})[^\W\d_]){{4,}}")
GROUNDED = 0.3
"""Least share of an inference's content words that its source must contain."""


def normal(text: str) -> str:
    """Text for comparing: lower case, single spaces, no mark at the end."""
    return " ".join(text.casefold().split()).rstrip(".!?。！？ ")


def content_words(text: str) -> set[str]:
    """Words of at least four letters, or single CJK characters."""
    return set(WORD.findall(text.casefold()))


class Verifier:
    """Accepts each statement once: remembers the corpus and what was kept."""

    def __init__(self, corpus: list[str]):
        self.stated = {normal(s) for s in corpus}
        self.kept: set[str] = set()

    def reject(self, text: str, source: str, cut: bool) -> str | None:
        """Why an inference is rejected, or None; `cut` says that the answer ended in it for lack of tokens."""
        reason = self._reason(text, source, cut)
        if reason is None:
            self.kept.add(normal(text))
        return reason

    def _reason(self, text: str, source: str, cut: bool) -> str | None:
        words = content_words(text)
        if cut:
            return "cut off by augment.max_tokens"
        if len(text.split()) < 3 and len(words) < 3:
            return "too short to say anything"
        if len(text) > 4 * len(source) + 200:
            return "much longer than its source"
        if normal(text) in self.stated:
            return "stated in the corpus"
        if len(words & content_words(source)) < GROUNDED * len(words):
            return "shares too few words with its source"
        if normal(text) in self.kept:
            return "duplicate"
        return None
