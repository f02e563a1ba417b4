"""Worlds of syllogisms: "All glon are yomp. All troff are glon.", with the exact logic of six statements.

Existential import: every word names something that exists, so "all X are Y" implies "some X are Y". Forms are pairs of
premises in the traditional order (major first): 3 x 3 quantifiers and 4 figures make 36.
"""

from functools import cache
from itertools import permutations, product
from random import Random
from typing import NamedTuple

from train.pico.worlds.base import Asked, Question, Use

Statement = tuple[str, ...]
"""Quantifier, subject, predicate."""
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


def draw_forms(rng: Random, n: int) -> list[Form]:
    """`n` valid forms, a third each concluding with all, some and no; those with the same one are used in turn."""
    forms: list[Form] = []
    for quantifier in QUANTIFIERS:
        concluding = [form for form in VALID if strongest(form, "SP")[0][0] == quantifier]
        rng.shuffle(concluding)
        forms += [concluding[i % len(concluding)] for i in range(n // len(QUANTIFIERS))]
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


def rewordings(statement: Statement) -> list[str]:
    """Other sentences that say the same of the same subject."""
    plain = sentence(statement)
    plain = plain[0].lower() + plain[1:]
    return [f"{start} {plain}" for start in ("It is true that", "It holds that", "In other words,", "To be sure,")]


def turned(statement: Statement) -> Statement:
    """What a statement says of its predicate; "all" becomes "some"."""
    quantifier, x, y = statement
    return "no" if quantifier == "no" else "some", y, x


OPERATORS = ("rephrase", "reverse", "deduce", "qa")
MOST = 69
"""Documents in the largest training context: those of the paper."""


def english() -> str:
    """Every word and mark that may stand in a sentence beside names."""
    said = [text for q in QUANTIFIERS for text in (sentence((q, "", "")), *rewordings((q, "", "")))]
    return " ".join([document(Random(0), VALID[0], dict.fromkeys("SMP", "")), stem("", ""), *said])


def _draw(rng: Random, words: list[str], n: int) -> tuple[list[tuple[Form, dict[str, str]]], str]:
    forms = (draw_forms(rng, 3 * (n // 3 + 1)))[:n]
    names = rng.sample(words, 3 * n)
    drawn = [(form, dict(zip("SMP", names[3 * i : 3 * i + 3], strict=True))) for i, form in enumerate(forms)]
    return drawn, "".join(document(rng, *one) + "\n" for one in drawn)


def lookup(rng: Random, words: list[str], n: int) -> tuple[str, Asked]:
    """`n` documents and questions about up to 24: about the ends in both orders and about a pair that a premise relates."""
    drawn, context = _draw(rng, words, n)
    asked = []
    for form, name in rng.sample(drawn, min(24, n)):
        x, y = rng.choice(form.premises)[1:]
        for pair in ("SP", "PS", rng.choice((x + y, y + x))):
            told = rename(rng.choice(strongest(form, pair)), name)
            asked.append((stem(*(name[term] for term in pair)), f" {sentence(told)}"))
    return context, asked


def exam(rng: Random, words: list[str], n: int, most: int) -> tuple[str, list[Question]]:
    """A context of `n` documents and up to `most` questions per split."""
    drawn, context = _draw(rng, words, n)
    questions = []
    for form, name in drawn[:most]:
        asked = rng.choice(form.premises)
        for split, pair in (("rephrasing", asked[1] + asked[2]), ("syllogism", "SP")):
            offered = [s for s in STATEMENTS if {s[1], s[2]} == set(pair)]
            right = frozenset(map(offered.index, strongest(form, pair)))
            choices = [f" {sentence(rename(s, name))}" for s in offered]
            questions.append(Question(split, stem(*(name[t] for t in rng.sample(pair, 2))), choices, right))
    return context, questions


def operator(rng: Random, words: list[str], name: str) -> Use:
    """One use of a local operator: a premise for `rephrase` and `reverse`, with the list of words or alone; both
    premises for `deduce`, a quarter of them without a conclusion."""
    form = rng.choice(FORMS) if name == "deduce" and rng.random() < 0.4 else draw_forms(rng, 3)[0]
    term = dict(zip("SMP", rng.sample(words, 3), strict=True))
    text = document(rng, form, term)
    premises = [rename(p, term) for p in form.premises]
    if name == "deduce":
        if rng.random() < 0.3:
            text = " ".join(map(sentence, premises))
        lines = [sentence(rename(s, term)) for s in strongest(form, "SP")]
        return Use(text, lines, frozenset(lines))
    if name == "qa":
        sides = [side for premise in premises for side in (premise, turned(premise))]
        lines = [
            f"Q: What are {subject} and {other}? A: {sentence((q, subject, other))}" for q, subject, other in sides
        ]
        return Use(text, lines, frozenset(lines))
    told = rng.choice(premises)
    if told == premises[0] and rng.random() < 0.5:
        text = text.removesuffix(" " + sentence(premises[1]))
    else:
        text = rng.choice([sentence(told), *rewordings(told)])
    if name == "rephrase":
        allowed = [s for s in rewordings(told) if s != text]
        return Use(text, rng.sample(allowed, 2), frozenset(allowed))
    allowed = [sentence(turned(told)), *rewordings(turned(told))]
    return Use(text, [allowed[0], rng.choice(allowed[1:])], frozenset(allowed))
