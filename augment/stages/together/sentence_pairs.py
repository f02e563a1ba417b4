"""Pairs of sentences for the operator `connect`: one that ends in what another, of another document, begins with.

"grud are a type of abme." and "abme are rony." make a pair, for the name that is late in the one and early in the other. Each sentence is paired with a few others per name, so there are as many pairs as a corpus has sentences, times a number.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from augment.checks.english.vocabulary import LIGHT
from augment.config import AugmentConfig
from augment.operators.base import Record
from augment.text.sentences import joined
from augment.text.words import WORD, Casing, casing, entities, plain_words
from engine.store.ids import content_id

RARE = (0.1, 20)
"""A name is rare that stands in at most this share of the sentences, or in at most so many."""
NAMES, LETTERS = 3, 4
"""Of a sentence with fewer names its other words count too, those of so many letters. Numbers lead nowhere."""


def pairs(records: Sequence[Record], config: AugmentConfig, known: Collection[str] = ()) -> list[Record]:
    """Records of two sentences each: every sentence with up to `config.pairs` others for each rare name that it ends in.

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
    """For each rare name the numbers of the sentences that begin, and of those that end in it.

    A sentence ends in the second half of its names, and in a name that no other word follows. Where it has few names it ends in its last word, and the
    others are those that it begins with: "The teacher says that grud are a type of abme." ends in abme, however rare the teacher is.
    """
    case = casing(record.text for record in records)
    told = [_told(record.text, case) for record in records]
    counts = Counter(name for names, words in told for name in {*names, *words})
    most = max(RARE[0] * len(records), RARE[1])
    early, late = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
    for number, (names, words) in enumerate(told):
        end = max((*names.values(), *words.values()), default=0)
        ends = {name for name, place in (*names.items(), *words.items()) if place == end}
        ends |= set(sorted(names, key=names.__getitem__)[-(-len(names) // 2) :])
        for name in names if len(names) >= NAMES else {**names, **words}:
            if (name in names or len(name) >= LETTERS) and 1 < counts[name] <= most:
                (late if name in ends else early)[name].append(number)
    return [(early[name], late[name]) for name in sorted(early.keys() & late.keys())]


def _told(text: str, case: Casing) -> tuple[dict[str, int], dict[str, int]]:
    """Where in a sentence its names begin, and its other words that may stand for something."""
    spans = entities(text, case)
    names, words = dict[str, int](), dict[str, int]()
    for start, end in spans:
        # by its last word: "Professor Olav Lund" is Lund elsewhere
        if told := [word for word in plain_words(text[start:end]) if word.isalpha()]:
            names.setdefault(told[-1], start)
    for match in WORD.finditer(text):
        word, start = match.group().casefold(), match.start()
        if word[0].isalpha() and word not in LIGHT and not any(a <= start < b for a, b in spans):
            words.setdefault(word, start)
    return names, words


def _apart(one: Record, other: Record) -> bool:
    """Whether two sentences differ, and no document has both."""
    return one.text != other.text and not set(one.doc_ids) & set(other.doc_ids)


def _both(one: Record, other: Record) -> Record:
    docs = tuple(sorted({*one.doc_ids, *other.doc_ids}))
    titles = "; ".join(dict.fromkeys(title for title in (one.title, other.title) if title))
    return Record(joined(one.text, other.text), docs, title=titles)
