"""The exact logic of six statements about two of three words, and the sentences that say them.

Frozen with the benchmark, which is whole without the recipe of the embedded model.
"""

from functools import cache
from itertools import permutations, product
from random import Random
from typing import NamedTuple

from eval.benchmarks.closure import Statement

QUANTIFIERS = ("all", "some", "no")
FIGURES = {1: ("MP", "SM"), 2: ("PM", "SM"), 3: ("MP", "MS"), 4: ("PM", "MS")}
"""Subject and predicate of both premises, in the traditional terms: S and P are the ends, M is the middle."""


class Form(NamedTuple):
    """A pair of premises: their quantifiers and the figure."""

    first: str
    second: str
    figure: int

    @property
    def premises(self) -> tuple[Statement, Statement]:
        """Both premises over the terms S, M and P, for instance ("all", "M", "P")."""
        first, second = FIGURES[self.figure]
        return (self.first, *first), (self.second, *second)


REGIONS = range(1, 8)
"""Regions of a Venn diagram of S, M and P, as bits; where none of the three holds nothing is ever said."""
BIT = {"S": 1, "M": 2, "P": 4}


def holds(statement: Statement, inhabited: frozenset[int]) -> bool:
    """Whether a statement over S, M and P is true where exactly these regions are inhabited."""
    quantifier, x, y = statement
    of_x = [region for region in inhabited if region & BIT[x]]
    if quantifier == "all":
        return all(region & BIT[y] for region in of_x)
    return any(region & BIT[y] for region in of_x) == (quantifier == "some")


def _models() -> list[frozenset[int]]:
    every = (frozenset(r for r in REGIONS if chosen >> r & 1) for chosen in range(0, 256, 2))
    return [model for model in every if all(any(r & bit for r in model) for bit in BIT.values())]


MODELS = _models()
"""Every way to inhabit the regions so that all three words name something. The statements only say which regions are
inhabited, so what holds in all of these that satisfy the premises follows, and nothing else does."""
STATEMENTS: list[Statement] = [(q, x, y) for q, (x, y) in product(QUANTIFIERS, permutations(BIT, 2))]


@cache
def implied(*premises: Statement) -> frozenset[Statement]:
    """All statements over S, M and P that follow from the premises."""
    models = [m for m in MODELS if all(holds(p, m) for p in premises)]
    return frozenset(s for s in STATEMENTS if all(holds(s, m) for m in models))


@cache
def strongest(form: Form, pair: str) -> list[Statement]:
    """Of what follows about two terms, what nothing stronger implies: one statement, two that say the same, or none."""
    found = sorted(s for s in implied(*form.premises) if {s[1], s[2]} == set(pair))
    return [s for s in found if all(t in implied(s) for t in found if s in implied(t))]


FORMS = [Form(*form) for form in product(QUANTIFIERS, QUANTIFIERS, FIGURES)]
VALID = [form for form in FORMS if strongest(form, "SP")]
"""The 11 forms with a conclusion among the six statements."""


PATCHED = (Form("all", "some", 1), Form("some", "all", 4), Form("no", "all", 2))
"""Forms whose conclusion is patched together from neighbouring words of the premises ("Some S", "are P"; "are: No P"), which needs no deduction."""
WITH_ALL = 3 / 11
"""Share of the examples that conclude with "all": these are all patched together, so they are no more than guessing gets."""


def draw_forms(rng: Random, n: int) -> list[Form]:
    """`n` valid forms without PATCHED ones: WITH_ALL of them conclude with all, the others by halves with some and no; those with the
    same one are used in turn."""
    forms: list[Form] = []
    with_all = round(n * WITH_ALL)
    counts = {"all": with_all, "some": (n - with_all + 1) // 2, "no": (n - with_all) // 2}
    for quantifier in QUANTIFIERS:
        concluding = [form for form in VALID if strongest(form, "SP")[0][0] == quantifier and form not in PATCHED]
        rng.shuffle(concluding)
        forms += [concluding[i % len(concluding)] for i in range(counts[quantifier])]
    rng.shuffle(forms)
    return forms


def rename(statement: Statement, name: dict[str, str]) -> Statement:
    """A statement over S, M and P as one over words."""
    return statement[0], name[statement[1]], name[statement[2]]


def sentence(statement: Statement) -> str:
    """The sentence of the paper: "All glon are yomp."."""
    quantifier, x, y = statement
    return f"{quantifier.capitalize()} {x} are {y}."


def document(rng: Random, form: Form, name: dict[str, str]) -> str:
    """A text that names the three words in random order and states both premises."""
    x, y, z = rng.sample(list(name.values()), 3)
    facts = " ".join(sentence(rename(premise, name)) for premise in form.premises)
    return f"The relationships between {x}, {y} and {z} are: {facts}"


def stem(x: str, y: str) -> str:
    """What a question says before its six choices."""
    return f"The relationships between {x} and {y} are:"
