"""consistency: contradictions among inferences, settled in favour of the more probable consistent set; the corpus is always right.

Akyurek et al. 2024 (Deductive Closure Training) choose such a set by weighted MaxSAT. Conflicts here are between pairs
(see augment.checks.english.claims), so it is a maximum-weight independent set: exact where up to EXACT statements hang together, and
greedy by weight beyond. Contradictions that take three statements (a over b, b over c, c over a) are not found.
"""

import re
from collections import defaultdict

import polars as pl

from augment.checks.base import Check, Finding, Given
from augment.checks.english.claims import Claim, claim, opposed
from augment.config import CheckConfig
from augment.text.sentences import split_sentences

EXACT = 24
"""Statements in a group of contradictions that is solved exactly."""
LOCAL = re.compile(
    r"\W*(?:the|this|that|these|those|it|he|she|they|its|his|her|their|here|there|i|we|you)\b", re.IGNORECASE
)
"""How a sentence begins whose subject another document may use for something else."""
LEAST = 1e-9
"""Weight of a statement that has none: it stays where nothing speaks against it."""


class Consistency(Check):
    """See `contradictions`."""

    name = "consistency"

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `consistency`."""
        return config.consistency

    def check(self, rows: pl.DataFrame, given: Given) -> list[Finding]:
        """All rows together, weighed by the evidence that entailment found."""
        identities, texts, sources = (rows[name].to_list() for name in ("inference_id", "text", "source_text"))
        weights = [given.figures[identity].get("evidence") or 0.0 for identity in identities]
        found = contradictions(identities, texts, sources, weights, [*given.known], given.language)
        return [Finding(reason) for reason in found]


def contradictions(
    identities: list[str],
    texts: list[str],
    sources: list[str],
    weights: list[float],
    corpus: list[str],
    language: str = "en",
) -> list[str | None]:
    """Why inferences are rejected for a contradiction, or None.

    `weights` are evidence in nats, the more the likelier; inferences that say the same stand and fall together, and their
    weights add up. A statement of the corpus cannot be outweighed, and an inference that states one stays. What speaks of "it" or
    "the drug" is compared only with its own source and with what was inferred from that.
    """
    claims = [_placed(claim(text, language), text, source) for text, source in zip(texts, sources, strict=True)]
    stated = dict[Placed, str]()
    told = {sentence: claim(sentence, language) for sentence in corpus}
    for sentence, content in told.items():
        if content and not LOCAL.match(sentence):
            stated[content, ""] = sentence
    for source in dict.fromkeys(sources):
        for sentence in [source] if source in told else split_sentences(source, language):
            found = told[sentence] if sentence in told else claim(sentence, language)
            if placed := _placed(found, sentence, source):
                stated.setdefault(placed, sentence)
    weight: dict[Placed, float] = defaultdict(float)
    heaviest: dict[Placed, tuple[float, str]] = {}
    refuted: dict[Placed, str] = {}
    for identity, said, own in zip(identities, claims, weights, strict=True):
        if said is None or said in stated:
            continue
        if against := next((other for other in _opposed(said) if other in stated), None):
            refuted[said] = f"contradicts the corpus: {stated[against]}"
            continue
        weight[said] += max(own, LEAST)
        if max(own, LEAST) > heaviest.get(said, (0.0, ""))[0]:
            heaviest[said] = max(own, LEAST), identity
    numbers = {said: number for number, said in enumerate(weight)}
    near = [{numbers[other] for other in _opposed(said) if other in numbers} for said in numbers]
    kept = independent_set([*weight.values()], near)
    order = [*numbers]
    for said, number in numbers.items():
        if number not in kept:
            rivals = sorted(near[number] & kept, key=lambda n: -weight[order[n]])
            identity = heaviest[order[rivals[0]]][1]
            refuted[said] = f"contradicts a likelier inference: {identity}"
    return [refuted.get(said) if said else None for said in claims]


Placed = tuple[Claim, str]
"""A claim, and the source in which its words mean what they say; empty where they mean it everywhere."""


def _placed(said: Claim | None, text: str, source: str) -> Placed | None:
    return (said, source if LOCAL.match(text) else "") if said else None


def _opposed(said: Placed) -> list[Placed]:
    return [(other, said[1]) for other in opposed(said[0])]


def independent_set(weights: list[float], near: list[set[int]]) -> set[int]:
    """Nodes with no edge between them and the largest total weight; `near` lists each node's neighbours.

    Weights are positive. Exact for components of up to EXACT nodes; a larger one is filled from its heaviest node down.
    """
    kept: set[int] = set()
    for nodes in _components(near):
        kept |= _heaviest(frozenset(nodes), weights, near) if len(nodes) <= EXACT else greedy(nodes, weights, near)
    return kept


def greedy(nodes: set[int], weights: list[float], near: list[set[int]]) -> set[int]:
    """Nodes taken from the heaviest down, each unless a neighbour was taken."""
    kept: set[int] = set()
    for node in sorted(nodes, key=lambda n: (-weights[n], n)):
        if not near[node] & kept:
            kept.add(node)
    return kept


def _components(near: list[set[int]]) -> list[set[int]]:
    seen: set[int] = set()
    found = []
    for start in range(len(near)):
        if start in seen:
            continue
        component, waiting = {start}, [start]
        while waiting:
            fresh = near[waiting.pop()] - component
            component |= fresh
            waiting.extend(fresh)
        seen |= component
        found.append(component)
    return found


def _heaviest(nodes: frozenset[int], weights: list[float], near: list[set[int]]) -> set[int]:
    """The exact solution, by branching on the node with most neighbours; the earlier of equals is taken."""
    if not nodes:
        return set()
    node = max(nodes, key=lambda n: (len(near[n] & nodes), -n))
    if not near[node] & nodes:
        return set(nodes)
    taken = {node} | _heaviest(nodes - near[node] - {node}, weights, near)
    left = _heaviest(nodes - {node}, weights, near)
    return taken if sum(weights[n] for n in taken) >= sum(weights[n] for n in left) else left
