"""Whether an answer that a model has written is the right one: exact match, and match of what both come down to."""

import re
import string
from collections.abc import Callable
from functools import partial

from text_to_num import alpha2digit

from augment.checks.rules.units import SPOKEN
from augment.text.words import folded

ARTICLES = re.compile(r"\b(?:a|an|the)\b")
MARKS = str.maketrans("", "", string.punctuation + "¿¡…")


def judges(language: str) -> dict[str, Callable[[str, str], bool]]:
    """The two matches as norms by name, for answers in a language."""
    return {"exact": exact, "normalised": partial(same, language=language)}


def exact(text: str, answer: str) -> bool:
    """Whether a text is the answer but for space around it."""
    return text.strip() == answer.strip()


def same(text: str, answer: str, language: str = "en") -> bool:
    """Whether a text and the answer come down to the same; an answer of marks or articles alone must be there as it is."""
    wanted = normalised(answer, language)
    return normalised(text, language) == wanted if wanted else exact(text, answer)


def normalised(text: str, language: str = "en") -> str:
    """An answer as SQuAD's evaluation script compares it (Rajpurkar et al. 2016): lower case, no punctuation, no English articles,
    single spaces; and besides number words as figures (`two hundred` is 200), in the languages that text2num reads.
    """
    plain = folded(text).casefold()
    if language in SPOKEN:
        plain = alpha2digit(plain, language, 0.0)
    return " ".join(ARTICLES.sub(" ", plain.translate(MARKS)).split())
