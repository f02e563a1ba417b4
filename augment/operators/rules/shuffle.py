"""shuffle: sentences attached to the wrong facts. Their names change places, so form and vocabulary stay and they become wrong."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from random import Random

from augment.operators.base import Operator, Record
from augment.operators.rules.names import Corpus, Slot
from augment.text.words import PIECE, words

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
