"""connection: does a conclusion join sentences that have something in common? A rule against the likeliest mistake of deductions.

"Gruds are abmes. Terns are rony." does not imply "Gruds are rony": nothing leads from the one sentence to the other. A model
may still write it and, as it wrote it, find it likely. So the telling words that a conclusion takes from its source must all lie
in sentences that hang together, directly or over others of the source, by a telling word that two of them share, or by a pronoun,
which speaks of what stands before it. English only: in other languages words change too much for this.
"""

import re
from collections import defaultdict

from augment.checks.base import RowCheck
from augment.checks.english.vocabulary import LIGHT, PRONOUN, stem
from augment.checks.english.wordings import plain
from augment.config import CheckConfig
from augment.operators.base import Operator
from augment.text.sentences import split_sentences
from augment.text.words import plain_words

REFERS = re.compile(
    r"\b(?:the|we|us|our|you|your|i|me|my|one|another|others?|same|each|who|which)\b|(?-i:(?<=[a-z,] )[A-Z0-9])",
    re.IGNORECASE,
)
"""What may speak of something in another sentence without a word in common: only statements about kinds have none, and no names."""


LONG = 12
"""Words of a sentence that may well speak of another one in other words."""


class Connection(RowCheck):
    """See `unconnected`."""

    name = "connection"

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `connection`."""
        return config.connection

    def applies(self, operator: type[Operator]) -> bool:
        """Where sentences are combined."""
        return operator.combines

    def fault(self, text: str, source: str, context: str, language: str) -> str | None:
        """See `unconnected`."""
        return unconnected(text, source, language)


def unconnected(text: str, source: str, language: str = "en") -> str | None:
    """Why `text` is no conclusion from the sentences of `source`, or None."""
    if language != "en":
        return None
    sentences = split_sentences(source, language)
    if len(sentences) < 2:
        return None
    told = [plain(sentence, language) for sentence in sentences]  # "It is true that" speaks of nothing
    if any(REFERS.search(sentence) or len(sentence.split()) > LONG for sentence in told):
        return None
    words = [telling(sentence) for sentence in told]
    groups = _groups(words, [bool(PRONOUN.search(sentence)) for sentence in told])
    own = telling(plain(text, language)) & set().union(*words)
    if any(own <= set().union(*(words[i] for i in group)) for group in groups):
        return None
    return "joins sentences that have no word in common"


def telling(sentence: str) -> set[str]:
    """The stems of a sentence's words but the light ones."""
    return {stem(word) for word in plain_words(sentence) if word not in LIGHT}


def _groups(words: list[set[str]], refers: list[bool]) -> list[set[int]]:
    """Numbers of sentences that hang together."""
    group = list(range(len(words)))

    def join(a: int, b: int) -> None:
        old, new = group[b], group[a]
        group[:] = [new if g == old else g for g in group]

    for i, own in enumerate(words):
        for j in range(i):
            if own & words[j]:
                join(j, i)
        if i and refers[i]:
            join(i - 1, i)
    found = defaultdict[int, set[int]](set)
    for number, name in enumerate(group):
        found[name].add(number)
    return list(found.values())
