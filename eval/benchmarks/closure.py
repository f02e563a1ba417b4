"""Exact reasoning over a benchmark's facts: every statement that follows, with its shortest derivation.

Benchmarks give their facts and rules; nothing here knows a language. The closure is the gold of the audit (precision
and recall per type of inference), and a derivation names the facts that a question needs.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import NamedTuple

Statement = tuple[str, ...]
"""What a sentence says whatever its wording, for instance (subject, relation, object)."""


class Derivation(NamedTuple):
    """How a statement follows from the corpus."""

    kind: str
    """Type of the inference: the split that asks for such statements."""
    needs: tuple[str, ...]
    """Ids of the facts of the shortest derivation, in its order; a stated fact needs itself."""


class Known:
    """Statements that are settled, found by their first or last term."""

    def __init__(self) -> None:
        self.about: dict[str, list[Statement]] = defaultdict(list)
        self.to: dict[str, list[Statement]] = defaultdict(list)

    def add(self, statement: Statement) -> None:
        """Settle one statement."""
        self.about[statement[0]].append(statement)
        self.to[statement[-1]].append(statement)


Rule = Callable[[Statement, Known], Iterator[tuple[Statement, tuple[Statement, ...]]]]
"""Gives what a newly settled statement and settled ones imply: conclusions, each with all its premises in order."""


def derive(facts: Iterable[Statement], rules: Iterable[Rule]) -> dict[Statement, tuple[Statement, ...]]:
    """Every statement that the facts imply under the rules, with the facts of a shortest derivation in order.

    The length of a derivation is the number of facts it uses, a fact used twice counted twice. Statements are settled
    in order of that length (Knuth 1977, "A generalization of Dijkstra's algorithm"), so the first derivation is a
    shortest; ties fall to the order of the facts. Rules must be monotone: more facts never take a conclusion back.
    """
    rules, known, order = list(rules), Known(), count()
    settled: dict[Statement, tuple[Statement, ...]] = {}
    waiting: list[tuple[int, int, Statement, tuple[Statement, ...]]] = [
        (1, next(order), fact, (fact,)) for fact in facts
    ]
    heapq.heapify(waiting)
    while waiting:
        _, _, statement, used = heapq.heappop(waiting)
        if statement in settled:
            continue
        settled[statement] = used
        known.add(statement)
        for rule in rules:
            for conclusion, premises in rule(statement, known):
                if conclusion not in settled:
                    whole = tuple(fact for premise in premises for fact in settled[premise])
                    heapq.heappush(waiting, (len(whole), next(order), conclusion, whole))
    return {statement: tuple(dict.fromkeys(used)) for statement, used in settled.items()}


def by_kind(derivations: dict[Statement, Derivation]) -> dict[str, frozenset[Statement]]:
    """The closure of a Benchmark: its statements by type."""
    kinds = defaultdict(list)
    for statement, derivation in derivations.items():
        kinds[derivation.kind].append(statement)
    return {kind: frozenset(statements) for kind, statements in kinds.items()}
