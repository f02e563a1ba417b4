"""Names of a corpus: what in a sentence stands for something, as its form and the words of all sentences tell."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from augment.text.words import WORD, casing, entities, words

RARE = (0.05, 10)
"""A word is rare that stands in at most this share of the distinct sources, or in at most so many."""
GIVEN = 0.75
"""A word is taken from the sources if so large a share of the inferences that have it have it from their source."""
LEAST, MOST = 2, 3
"""Names per sentence: so many at least, and rare words only up to so many."""


class Slot(NamedTuple):
    """A name in an inference, with every span where it stands."""

    name: str
    """As it is written within a sentence."""
    kind: str
    """number, quoted, name or word."""
    spans: tuple[tuple[int, int], ...]


class Corpus:
    """The distinct sources: how words are written, which sources they stand in, and which of them inferences take over."""

    def __init__(self, texts: Sequence[str], sources: Sequence[str]):
        self.sources = sorted(set(sources))
        self.case = casing(self.sources)
        self.rare = max(RARE[0] * len(self.sources), RARE[1])
        self._places: dict[str, set[int]] = defaultdict(set)
        for number, source in enumerate(self.sources):
            for word in words(source):
                self._places[word].add(number)
        self._used: dict[str, int] = defaultdict(int)
        self._taken: dict[str, int] = defaultdict(int)
        for text, source in zip(texts, sources, strict=True):
            given = set(words(source))
            for word in set(words(text)):
                self._used[word] += 1
                self._taken[word] += word in given

    def places(self, name: str) -> set[int]:
        """Numbers of the sources that hold all words of a name."""
        return set.intersection(*(self._places.get(word, set()) for word in words(name)))

    def slots(self, text: str, source: str) -> list[Slot]:
        """The names of an inference, in order.

        Runs of capitalised words and numbers (see `entities`). Where there are fewer than two, also the rarest words that
        are in the source too, up to three names in all; a third only if it is rare. Words that inferences often have without
        their source ("known", "kind") belong to the form.
        """
        found: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        for start, end in entities(text, self.case):
            found[text[start:end], _kind(text, start)].append((start, end))
        proper = [span for spans in found.values() for span in spans]
        given, candidates = set(words(source)), dict[str, list[tuple[int, int]]]()
        for match in WORD.finditer(text):
            word, (start, end) = match.group().casefold(), match.span()
            taken = word in given and self._taken[word] >= GIVEN * self._used[word]
            if taken and not any(a < end and start < b for a, b in proper):
                candidates.setdefault(word, []).append((start, end))
        most = len(found) if len(found) >= LEAST else MOST
        for word in sorted(candidates, key=lambda w: (len(self._places[w]), candidates[w])):
            if len(found) < (most if len(self._places[word]) <= self.rare else LEAST):
                start, end = candidates[word][0]
                found[word if word in self.case.lower else text[start:end], "word"] = candidates[word]
        return sorted((Slot(*key, tuple(spans)) for key, spans in found.items()), key=lambda slot: slot.spans)


def _kind(text: str, start: int) -> str:
    if text[start].isdigit():
        return "number"
    return "quoted" if text[:start].endswith(('"', "“", "'", "‘", "«")) else "name"
