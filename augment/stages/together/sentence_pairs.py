"""Pairs of sentences for the operator `connect`: one that ends in what another, of another document, begins with.

"grud are a type of abme." and "abme are rony." make a pair, for the rare word that is late in the one and early in the other. Each sentence is paired with a few others per word, so there are as many pairs as a corpus has sentences, times a number.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from augment.checks.english.vocabulary import LIGHT
from augment.config import AugmentConfig
from augment.operators.base import Record
from augment.text.sentences import joined
from augment.text.words import plain_words
from engine.store.ids import content_id

RARE = (0.05, 20)
"""A word is rare that stands in at most this share of the sentences, or in at most so many."""
LETTERS = 4
"""Of a word that is not written with a capital; shorter ones are seldom names of anything."""


def pairs(records: Sequence[Record], config: AugmentConfig, known: Collection[str] = ()) -> list[Record]:
    """Records of two sentences each: every sentence with up to `config.pairs` others for each rare word that it ends in.

    Neither depends on the order of the records. Two sentences of the same document make no pair: `deduce` shows these; nor do two of the
    texts that are `known`, for an earlier round had these.
    """
    asked = (record for record in records if not record.text.rstrip().endswith(("?", "？")))
    order = sorted(asked, key=lambda record: content_id(config.seed, "pair", record.text))
    found = dict[tuple[int, int], None]()
    for early, late in _places(order):
        for first in late:
            # each sentence begins at another place, so that all get their turn
            turn = int(content_id(first, order[first].text)[:8], 16) % len(early)
            others = (
                second
                for second in early[turn:] + early[:turn]
                if _apart(order[first], order[second])
                and not (order[first].text in known and order[second].text in known)
            )
            found |= {(first, second): None for second, _ in zip(others, range(config.pairs), strict=False)}
    return [_both(order[first], order[second]) for first, second in found]


def _places(records: Sequence[Record]) -> list[tuple[list[int], list[int]]]:
    """For each rare word the numbers of the sentences that begin, and of those that end in it: of a sentence's rare words it is in the first, or
    in the second half."""
    telling = [_telling(record.text) for record in records]
    counts = Counter(word for words in telling for word in words)
    rare = {word for word, count in counts.items() if count <= max(RARE[0] * len(records), RARE[1])}
    early, late = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for number, words in enumerate(telling):
        named = [word for word in words if word in rare]
        for place, word in enumerate(named):
            (early if 2 * place < len(named) else late)[word].append(number)
    return [(early[word], late[word]) for word in sorted(early.keys() & late.keys())]


def _telling(text: str) -> list[str]:
    """The words of a sentence that may name something, each where it stands first."""
    words = dict.fromkeys(plain_words(text))
    return [word for word in words if word not in LIGHT and (len(word) >= LETTERS or word.capitalize() in text)]


def _apart(one: Record, other: Record) -> bool:
    """Whether two sentences differ, and no document has both."""
    return one.text != other.text and not set(one.doc_ids) & set(other.doc_ids)


def _both(one: Record, other: Record) -> Record:
    docs = tuple(sorted({*one.doc_ids, *other.doc_ids}))
    titles = "; ".join(dict.fromkeys(title for title in (one.title, other.title) if title))
    return Record(joined(one.text, other.text), docs, title=titles)
