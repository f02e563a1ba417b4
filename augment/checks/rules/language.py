"""language: rejects an inference that is written in another language than its source, where both can be told with confidence."""

import unicodedata
from collections import Counter
from functools import cache, lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from augment.checks.base import RowCheck
from augment.config import CheckConfig

SURE = 0.9
"""Least probability, by the detector, of the language of either text."""
LETTERS = 8
"""Letters from which the script of a text is compared."""
WORDS, SHARE = 4, 0.8
"""Least words, and the least share of them, that only a text in its source's language takes from it."""
SCRIPTS = {"HIRAGANA": "CJK", "KATAKANA": "CJK"}
ALIKE = {
    "pcm": "en",
    "wuu": "zh",
    "yue": "zh",
    "nn": "no",
    "nb": "no",
    "bs": "hr",
    "sr": "hr",
    "ms": "id",
    "arz": "ar",
    "ary": "ar",
}
"""Languages that short texts do not tell apart."""


class Language(RowCheck):
    """See `other_language`."""

    name = "language"

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `language`."""
        return config.language

    def fault(self, text: str, source: str, context: str, language: str) -> str | None:
        """See `other_language`."""
        return other_language(text, source)


def other_language(text: str, source: str) -> str | None:
    """Why an inference is rejected for its language, or None.

    Scripts are compared first. Then py3langid (Lui and Baldwin 2012, with its model inside) names both languages; short
    texts and nonsense words leave it unsure, and nothing is rejected.
    """
    written, given = script(text), script(source)
    if written and given and written != given:
        return f"in another script than its source: {written.lower()}, not {given.lower()}"
    if written == "LATIN" and _same_words(text, source):
        return None
    spoken = _language(text)
    expected = _language(source) if spoken else None
    if spoken and expected and spoken != expected:
        return f"in another language than its source: {spoken}, not {expected}"
    return None


def _same_words(text: str, source: str) -> bool:
    """Whether nearly all words of a text that are no names are its source's, so that nobody need be asked about its language."""
    own = [word for word in text.split() if word.islower()]
    return len(own) >= WORDS and SHARE * len(own) <= len([word for word in own if word in source])


def script(text: str) -> str | None:
    """The script of most letters (LATIN, CYRILLIC, CJK ...); None for a text with fewer than LETTERS of it.

    A Chinese or Japanese character counts as three letters.
    """
    if text.isascii():
        return "LATIN" if sum(map(str.isalpha, text)) >= LETTERS else None
    names = (unicodedata.name(letter, "").split(" ")[0] for letter in text if letter.isalpha())
    counts: Counter[str] = Counter()
    for name in names:
        kind = SCRIPTS.get(name, name)
        counts[kind] += 3 if kind == "CJK" else 1
    (kind, count), *_ = counts.most_common(1) or [("", 0)]
    return kind if kind and count >= LETTERS else None


def spoken(text: str) -> str | None:
    """The language of a text (ISO code), where it can be told with confidence."""
    return _language(text)


@cache
def _detector() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@lru_cache(maxsize=10_000)  # a source has several inferences
def _language(text: str) -> str | None:
    language, probability = _detector().classify(text)
    return ALIKE.get(language, language) if probability >= SURE else None
