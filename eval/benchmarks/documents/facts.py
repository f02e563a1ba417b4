"""What questions about documents are asked about: single sentences, and pairs of them that share a telling word."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from random import Random
from typing import NamedTuple

import polars as pl

from augment.text.sentences import split_sentences
from augment.text.words import Casing, casing, content_words, entities, normal, words
from eval.benchmarks.documents.world import sentence_id

TELLING = 4
"""A word that stands in 2 to so many sentences links them; one that stands in more says little about what they share."""
LEAST_WORDS, MOST_CHARS = 3, 400
"""Content words and characters of a sentence that can be asked about."""
COMMON = 0.05
"""Share of the sentences above which a word is common and tells nothing."""
LONG = 10
"""Most words of an answer, and a tenth of its most characters."""
PLAIN = 0.75
"""Least share of letters and spaces in a sentence: what has fewer is code, a path or a table."""


class Facts(NamedTuple):
    """The sentences of a corpus that can be asked about, and how it writes and uses its words."""

    sentences: dict[str, str]
    """By id (`sentence_id`), in the order of the documents."""
    case: Casing
    frequency: Counter[str]
    """In how many of the sentences a word stands."""

    def telling(self, text: str) -> set[str]:
        """Words of a text that say something: content words and those of names and numbers, without the corpus' common ones."""
        most = max(TELLING, COMMON * len(self.sentences))
        return {word for word in said(text, self.case) if self.frequency[word] <= most}


class Asked(NamedTuple):
    """Sentences to ask about."""

    needs: tuple[str, ...]
    """Their ids."""
    texts: tuple[str, ...]


def facts_in(documents: pl.DataFrame, language: str) -> Facts:
    """The sentences of the documents' passages; each once."""
    told = [s for text in documents["text"] for s in split_sentences(text, language)]
    found: dict[str, str] = {}
    for sentence in filter(askable, told):
        found.setdefault(sentence_id(sentence), sentence)
    case = casing(told)
    return Facts(found, case, Counter(word for sentence in found.values() for word in said(sentence, case)))


def said(text: str, case: Casing) -> set[str]:
    """Content words of a text, and the words of its names and numbers however short."""
    return content_words(text) | _named(text, case)


def _named(text: str, case: Casing) -> set[str]:
    return {word for start, end in entities(text, case) for word in words(text[start:end])}


def askable(sentence: str) -> bool:
    """Whether a sentence is prose of a length that can be asked about."""
    plain = sum(letter.isalpha() or letter.isspace() for letter in sentence) >= PLAIN * len(sentence)
    # a row longer than a passage is cut amid its cells
    return (
        plain
        and " | " not in f" {sentence} "
        and len(sentence) <= MOST_CHARS
        and len(content_words(sentence)) >= LEAST_WORDS
    )


def singles(facts: Facts, most: int, seed: int = 0) -> list[Asked]:
    """At most so many sentences, drawn at random."""
    ids = Random(f"sentences {seed}").sample([*facts.sentences], min(most, len(facts.sentences)))
    return [Asked((identity,), (facts.sentences[identity],)) for identity in ids]


def pairs(facts: Facts, most: int, seed: int = 0) -> list[Asked]:
    """At most so many pairs that share a telling word, drawn at random; first those that share a name or number.

    While there are others, no sentence comes twice.
    """
    drawn = list(_linked(facts, Random(f"pairs {seed}")))
    used, first, again = set[str](), list[tuple[str, str]](), list[tuple[str, str]]()
    for pair in drawn:
        (first if used.isdisjoint(pair) else again).append(pair)
        used.update(pair)
    chosen = [*first, *again][:most]
    return [Asked(pair, (facts.sentences[pair[0]], facts.sentences[pair[1]])) for pair in chosen]


def _linked(facts: Facts, rng: Random) -> Iterator[tuple[str, str]]:
    holders: dict[str, list[str]] = defaultdict(list)
    names = set[str]()
    for identity, sentence in facts.sentences.items():
        for word in sorted(facts.telling(sentence)):
            holders[word].append(identity)
        names |= _named(sentence, facts.case)
    linking = [word for word, ids in holders.items() if 2 <= len(ids) <= TELLING]
    rng.shuffle(linking)
    linking.sort(key=lambda word: word not in names)
    seen = set[tuple[str, str]]()
    for word in linking:
        for one, other in combinations(holders[word], 2):
            a, b = (normal(facts.sentences[i]) for i in (one, other))
            if (one, other) not in seen and a not in b and b not in a:
                seen.add((one, other))
                yield one, other


def place(text: str, part: str) -> int | None:
    """Where a text holds whole words, up to case and spaces; None where it does not."""
    part = normal(part)
    if not part:
        return None
    edges = [
        rf"(?{look}\w)" if letter.isascii() and letter.isalnum() else ""
        for look, letter in (("<!", part[0]), ("!", part[-1]))
    ]
    found = re.search(f"{edges[0]}{re.escape(part)}{edges[1]}", squeezed(text))
    return found.start() if found else None


def squeezed(text: str) -> str:
    """A text in lower case with single spaces."""
    return " ".join(text.casefold().split())


def fault(split: str, question: str, answer: str, texts: Sequence[str], facts: Facts) -> str | None:
    """Why a question does not ask what its split asks for; None where it may: no model is asked whether it is right."""
    with_answer = [text for text in texts if place(text, answer) is not None]
    if not with_answer:
        return "the answer is not in its source"
    if len(answer.split()) > LONG or len(answer) > 10 * LONG:
        return "the answer is long"
    if place(question, answer) is not None:
        return "the question gives the answer away"
    if split == "two-step":
        return _chain_fault(question, with_answer, texts, facts)
    return _direction_fault(split, question, answer, texts[0], facts)


def _direction_fault(split: str, question: str, answer: str, text: str, facts: Facts) -> str | None:
    """A forward question names what stands before its answer, a reversed one what stands behind it."""
    asked = facts.telling(question) - said(answer, facts.case)
    places = [found for word in asked if (found := place(text, word)) is not None]
    if not places:
        return "the question has no telling word of its source"
    answered = place(text, answer) or 0
    before = sum(found < answered for found in places)
    right = before if split == "forward" else len(places) - before
    return None if 2 * right > len(places) else "asks in the other direction"


def _chain_fault(question: str, with_answer: list[str], texts: Sequence[str], facts: Facts) -> str | None:
    """A chain asks for a part of one sentence by what the other one says, without what they share."""
    if len(with_answer) > 1:
        return "both of its sentences hold the answer"
    own, asked = facts.telling(with_answer[0]), facts.telling(question)
    other = facts.telling(next(text for text in texts if text != with_answer[0]))
    if not asked & (other - own):
        return "one of its sentences is enough"
    if any(facts.frequency[word] <= TELLING for word in asked & own & other):
        return "names what its sentences share"
    return None
