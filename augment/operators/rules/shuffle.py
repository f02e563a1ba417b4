"""shuffle: sentences attached to the wrong facts. Their names change places, so form and vocabulary stay and they become wrong."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from random import Random
from typing import NamedTuple

from augment.operators.base import Operator, Record
from augment.text.words import PIECE, WORD, casing, entities, words

RARE = (0.05, 10)
"""A word is rare that stands in at most this share of the distinct sources, or in at most so many."""
GIVEN = 0.75
"""A word is taken from the sources if so large a share of the inferences that have it have it from their source."""
LEAST, MOST = 2, 3
"""Names exchanged per inference: so many at least, and rare words only up to so many."""
FEW = 8
"""Different names that slots of the same form, or between the same words, must have to be a pool of their own."""
PASSES, TRIES = 4, 20
"""How often all inferences that could still be true are gone through, and how many exchanges each is offered."""

Place = tuple[int, int]
"""Numbers of an inference and of a slot in it."""


class Shuffle(Operator):
    """Each sentence with its names exchanged, so that it is wrong (see `shuffled`); none where that cannot be."""

    rule = True

    def derive(self, records: Sequence[Record]) -> list[str | None]:
        """Names change places within the whole corpus."""
        texts = [record.text for record in records]
        return shuffled(texts, texts, [self.name] * len(texts), self.config.seed)


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


def shuffled(texts: Sequence[str], sources: Sequence[str], operators: Sequence[str], seed: int) -> list[str | None]:
    """Each inference with other names than its own; None where none was found that makes it wrong.

    Names change places within an operator between slots that are as alike as can be (see `_pools`). Every slot is dealt
    separately, because the names of one other inference would still belong together. Exchanges go on until no two names of
    an inference stand together in any source, nor with the same third name in two, as far as can be. What is given back
    is wrong as far as the sources tell: at most one name is its own, its names do not all stand together in a source, and
    no source or inference says the same. It may still follow from several sources by chance.
    """
    corpus, rng = Corpus(texts, sources), Random(f"shuffled-{seed}")
    slots = [corpus.slots(text, source) for text, source in zip(texts, sources, strict=True)]
    own = [[slot.name for slot in some] for some in slots]
    dealt = [list(names) for names in own]
    pools = _pools(texts, operators, slots)
    for pool in pools:
        for (i, j), (k, m) in zip(pool, rng.sample(pool, len(pool)), strict=True):
            dealt[i][j] = own[k][m]
    places = cache(corpus.places)
    near = _neighbours({name for names in own for name in names}, places, corpus.rare)

    @cache
    def related(one: str, other: str) -> int:
        if one == other or not places(one).isdisjoint(places(other)):
            return 2
        return int(not near[one].isdisjoint(near[other]))

    def faults(i: int) -> int:
        same = sum(2 * (a == b) for a, b in zip(own[i], dealt[i], strict=True))
        return same + sum(related(*sorted((a, b))) for a, b in combinations(dealt[i], 2))

    _exchange(rng, pools, dealt, faults)
    said = {_plain(text) for text in [*texts, *corpus.sources]}
    found: list[str | None] = []
    for i, text in enumerate(texts):
        told = _filled(text, slots[i], dealt[i])
        kept = sum(a == b for a, b in zip(own[i], dealt[i], strict=True))
        joint = len(dealt[i]) > 1 and bool(set.intersection(*map(places, dealt[i])))
        wrong = kept < min(2, len(dealt[i])) and not joint and _plain(told) not in said
        found.append(told if wrong else None)
    return found


def _kind(text: str, start: int) -> str:
    if text[start].isdigit():
        return "number"
    return "quoted" if text[:start].endswith(('"', "“", "'", "‘", "«")) else "name"


def _neighbours(names: set[str], places: Callable[[str], set[int]], rare: float) -> dict[str, set[str]]:
    """For every name the rare ones that stand in a source with it."""
    held: dict[int, set[str]] = defaultdict(set)
    for name in names:
        if len(places(name)) <= rare:
            for number in places(name):
                held[number].add(name)
    return {name: set().union(*(held[n] for n in places(name) if n in held)) - {name} for name in names}


def _pools(texts: Sequence[str], operators: Sequence[str], slots: list[list[Slot]]) -> list[list[Place]]:
    """Slots whose names may change places.

    Those of the same form (the text without its names) where they have enough different names; else those between the
    same pieces of text, else those after the same piece, else those of the same kind.
    """
    keys: dict[Place, list[tuple[str, ...]]] = {}
    for i, text in enumerate(texts):
        form = _filled(text, slots[i], ["\0"] * len(slots[i]))
        for j, slot in enumerate(slots[i]):
            start, end = slot.spans[0]
            before = PIECE.findall(text[:start])[-1:] or [""]
            after = PIECE.findall(text[end:])[:1] or [""]
            levels = [(form, str(j)), (*before, *after), tuple(before), ()]
            keys[i, j] = [(operators[i], str(n), slot.kind, *level) for n, level in enumerate(levels)]
    pools: list[list[Place]] = []
    for level in range(4):
        groups: dict[tuple[str, ...], list[Place]] = defaultdict(list)
        for place, key in keys.items():
            groups[key[level]].append(place)
        full = [g for g in groups.values() if level == 3 or len({slots[i][j].name for i, j in g}) >= FEW]
        pools += full
        for place in (place for group in full for place in group):
            del keys[place]
    return pools


def _exchange(rng: Random, pools: list[list[Place]], dealt: list[list[str]], faults: Callable[[int], int]) -> None:
    """Let names of inferences with faults change places within their pool wherever that takes faults away.

    An inference that a whole pass did not help is not gone through again.
    """
    pool_of = {place: pool for pool in pools for place in pool}
    visited = list(range(len(dealt)))
    for _ in range(PASSES):
        helped = []
        for i in visited:
            before = first = faults(i)
            for j in rng.sample(range(len(dealt[i])), len(dealt[i])):
                for k, m in rng.choices(pool_of[i, j], k=TRIES) if before else ():
                    others = faults(k) if k != i else 0
                    dealt[i][j], dealt[k][m] = dealt[k][m], dealt[i][j]
                    after = faults(i)
                    if after < before and (k == i or after + faults(k) < before + others):
                        before = after
                        break
                    dealt[i][j], dealt[k][m] = dealt[k][m], dealt[i][j]
            if 0 < before < first:
                helped.append(i)
        visited = helped


def _filled(text: str, slots: list[Slot], names: list[str]) -> str:
    """The text with other names in its slots; with a capital where a word had one that is not its own."""
    spans = sorted((span, slot, name) for slot, name in zip(slots, names, strict=True) for span in slot.spans)
    for (start, end), slot, name in reversed(spans):
        raised = text[start].isupper() and not slot.name[0].isupper()
        text = text[:start] + (name[0].upper() + name[1:] if raised else name) + text[end:]
    return text


def _plain(text: str) -> str:
    return " ".join(words(text))
