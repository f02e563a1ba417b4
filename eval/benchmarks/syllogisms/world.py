"""Simple syllogisms (paper, section on data sets): two premises about three nonsense words, six possible conclusions.

A document names its words and states both premises: "The relationships between glon, troff and yomp are: All glon are
yomp. All troff are glon." A question names two words ("The relationships between yomp and troff are:") and offers all
six statements {all, some, no} x two directions; "some X are not Y" is left out, as in the paper. Split `syllogism`
asks for the words that no premise relates, `rephrasing` for two that one does. No document states a conclusion.

Choices of this project, where the paper is silent [ours]:
- Existential import: every word names something that exists, so "all X are Y" implies "some X are Y".
- Forms: the premises stand in the traditional order (major first, as in the paper's example), so 3 x 3 quantifiers and
  4 figures make 36 forms, 11 of them with a valid conclusion among the six; a form with none has no right answer
  and is left out.
- Word counts must not answer: in three forms (`logic.PATCHED`) the conclusion is made of neighbouring words of the premises, so they are
  left out. Conclusions with "all" are always made so; they are 27% of the examples, which is what guessing gets. The others
  conclude by halves with some and no, and forms with the same quantifier are used in turn. Single words fall below chance: "all" is the most frequent
  quantifier of premises and not of conclusions.
- Several valid conclusions: only the strongest are right; "some" is wrong where "all" is valid. "Some" and "no" say the
  same in both directions, so both are right: the column `right` lists all right choices, and `answer` is the one whose
  subject is the last premise's end term (for `rephrasing`, the stated one). Guessing is right with probability
  len(right) / 6, and `chance` is its mean; against `answer` alone it is 1/6.
- Words are fresh in every example, their order is random, and they are not inflected.
"""

import json
import re
from collections.abc import Collection
from random import Random
from typing import Any

import polars as pl

from engine.config import PICO
from engine.errors import UserError
from engine.store.ids import content_id
from eval.benchmarks.base import Benchmark, question_id, question_table
from eval.benchmarks.closure import Derivation, Statement
from eval.benchmarks.syllogisms.logic import (
    STATEMENTS,
    Form,
    document,
    draw_forms,
    implied,
    rename,
    sentence,
    stem,
    strongest,
)

SIZES = {"paper": 69, "small": 33}
"""Examples."""
FEWEST, MOST = 6, 341
"""Examples that can be drawn: so that each conclusion occurs, and three words of the lexicon each."""
CLAIM = re.compile(
    r"(?<!\bnot )\b(all|every|each|any|some|no) (\w+) (?:are|is) (?:an? )?(\w+)\b(?! (?:or|and|nor)\b)", re.I
)
WORDS = {"every": "all", "each": "all", "any": "all"}


def load(seed: int, size: str = "paper", examples: int | None = None) -> Benchmark:
    """One world: 69 examples (`small`: 33), each one document and one question per split.

    Raises UserError where the size is unknown, or there are too few words for so many examples.
    """
    if size not in SIZES:
        raise UserError(f"benchmark.size is {size}; choose from {', '.join(SIZES)}.")
    examples = SIZES[size] if examples is None else examples
    if not FEWEST <= examples <= MOST:
        raise UserError(f"benchmark.facts is {examples}; choose from {FEWEST} to {MOST} examples.")
    rng = Random(f"syllogisms-{seed}")
    names = rng.sample((PICO / "lexicon.txt").read_text(encoding="utf-8").split(), 3 * examples)
    forms = draw_forms(rng, examples)
    documents, questions, stated = [], [], {}
    chance = {"rephrasing": 0.0, "syllogism": 0.0}
    derivations: dict[Statement, Derivation] = {}
    for i, form in enumerate(forms):
        name = dict(zip("SMP", names[3 * i : 3 * i + 3], strict=True))
        facts = [sentence(rename(premise, name)) for premise in form.premises]
        derivations |= {rename(s, name): d for s, d in _derivations(form, facts).items()}
        text = document(rng, form, name)
        row = {"doc_id": content_id("syllogisms", seed, text), "text": text, "source": "syllogisms"}
        documents.append(row | {"meta": json.dumps({"facts": facts}), "fact": " ".join(facts)})
        asked = rng.choice(form.premises)
        for split, pair in (("rephrasing", asked[1] + asked[2]), ("syllogism", "SP")):
            right = strongest(form, pair)
            gold = asked if split == "rephrasing" else next((s for s in right if s[1] == "S"), right[0])
            ends = [name[term] for term in rng.sample(pair, 2)]
            statements = rng.sample([s for s in STATEMENTS if {s[1], s[2]} == set(pair)], 6)
            question: dict[str, Any] = {"benchmark": "syllogisms", "split": split, "stem": stem(*ends)}
            question |= {"subtype": f"{form.first} {form.second} {form.figure}", "answer": statements.index(gold)}
            question["choices"] = [f" {sentence(rename(s, name))}" for s in statements]
            question["needs"] = derivations[rename(gold, name)].needs
            question["right"] = sorted(statements.index(s) for s in right)
            stated[question_id(question)] = sentence(rename(gold, name))
            questions.append(question)
            chance[split] += len(right) / 6 / examples
    vocabulary = frozenset(names)
    return Benchmark(
        "syllogisms",
        pl.DataFrame(documents),
        question_table(questions),
        chance,
        derivations,
        lambda text: read(text, vocabulary),
        stated,
        judged=("syllogism",),
        say=lambda claim: None if _weaker(claim, derivations) else sentence(claim),
    )


def _derivations(form: Form, facts: list[str]) -> dict[Statement, Derivation]:
    """What follows from a form's premises, with the fewest premises that it follows from."""
    first, second = form.premises
    found = {first: Derivation("rephrasing", (facts[0],)), second: Derivation("rephrasing", (facts[1],))}
    for premises, needs, kind in (
        ([first], facts[:1], "reversal"),
        ([second], facts[1:], "reversal"),
        ([first, second], facts, "syllogism"),
    ):
        found |= {s: Derivation(kind, tuple(needs)) for s in sorted(implied(*premises)) if s not in found}
    return found


def _weaker(claim: Statement, known: Collection[Statement]) -> bool:
    """Whether a statement with "some" follows from one with "all" that holds too: beside that one it is no right answer."""
    quantifier, x, y = claim
    return quantifier == "some" and (("all", x, y) in known or ("all", y, x) in known)


def read(text: str, names: frozenset[str]) -> Statement | None:
    """A text with one categorical statement about two of the names, as (quantifier, subject, predicate); else None."""
    found = {(WORDS.get(q.lower(), q.lower()), x, y) for q, x, y in CLAIM.findall(text) if {x, y} <= names and x != y}
    return found.pop() if len(found) == 1 else None
