"""Fresh fictional celebrities in the structure of the original reversal-curse files (Berglund et al. 2024).

Every seed invents 90 people with one description each and tells them in three ways, 30 people and 30 templates per
order: set A by name -> description (900 examples), 30 people by description -> name (900), set B in both orders
(1,800). The splits are those of `celebrities`: `reversal` asks for set A's names after their descriptions,
`rephrasing` for their descriptions after their names, both by 10 templates that training does not use, with four
choices. Wrong ones come from all 90 people: with names of set A alone, plain finetuning could not fall to about zero. Who only knows that set A's
names were never training targets, and takes such a one, is right in 60%; so `reversal_set_a` asks the same with names of set A alone.

The original names, descriptions and templates may be known to a model before it is trained; these are not [ours]. As in
the originals, a description has the forms that templates call for ("the director of ...", "directed ...", "directing
...").
"""

import re
from random import Random
from typing import Any

import polars as pl

from engine.store.ids import content_id
from eval.benchmarks.base import SET_A, Benchmark, question_id, question_table
from eval.benchmarks.closure import Derivation, Statement
from eval.benchmarks.fictional.people import SETS, SIZES, Person, invent
from eval.benchmarks.fictional.templates import TEST, TRAIN, told


def files(seed: int, size: str = "paper") -> dict[str, list[dict[str, str]]]:
    """The rows {prompt, completion} under the names of the original files, so that `celebrities` can read them too."""
    people, templates = invent(seed, size), SIZES[size].templates
    rows: dict[str, list[dict[str, str]]] = {"all_prompts_train.jsonl": []}
    for kind, orders in SETS.items():
        train = [told(p, t) for p in people[kind] for order in orders for t in TRAIN[order][:templates]]
        rows[f"{kind}_prompts_train.jsonl"] = train
        rows["all_prompts_train.jsonl"] += train
        rows[f"{kind}_prompts_test.jsonl"] = [told(p, t) for p in people[kind] for order in orders for t in TEST[order]]
    for kind, other in (("p2d", "d2p"), ("d2p", "p2d")):
        rows[f"{kind}_reverse_prompts_test.jsonl"] = [told(p, t) for p in people[kind] for t in TEST[other]]
    return rows


def load(seed: int, size: str = "paper") -> Benchmark:
    """One world: 3,600 examples about 90 people, 300 questions per split (`small`: 320 about 24, and 80).

    Raises UserError where the size is unknown.
    """
    people = invent(seed, size)
    everyone, set_a = [p for some in people.values() for p in some], people["p2d"]
    rng = Random(f"fictional-choices-{seed}")
    documents, stated, sides = [], {}, dict[Statement, str]()
    derivations: dict[Statement, Derivation] = {}
    for kind, orders in SETS.items():
        for person in people[kind]:
            for order in ("p2d", "d2p"):
                claim = (person.name, person.work) if order == "p2d" else (person.work, person.name)
                sides[claim] = person.fact if order == "p2d" else person.reverse
                derivations[claim] = Derivation("rephrasing" if order in orders else "reversal", (person.fact,))
            for template in (t for order in orders for t in TRAIN[order][: SIZES[size].templates]):
                text = "".join(told(person, template).values())
                row = {
                    "doc_id": content_id("fictional", seed, text),
                    "text": text,
                    "source": f"{kind}_prompts_train.jsonl",
                }
                documents.append(row | {"meta": "{}", "fact": person.fact})
    questions: list[dict[str, Any]] = []
    for split, order in (("reversal", "d2p"), (SET_A, "d2p"), ("rephrasing", "p2d")):
        for person in set_a:
            for template in TEST[order]:
                rivals = set_a if split == SET_A else everyone
                choices = [person, *rng.sample([p for p in rivals if p != person], 3)]
                rng.shuffle(choices)
                stem = told(person, template)["prompt"]
                entry: dict[str, Any] = {"benchmark": "fictional", "split": split}
                entry |= {"subtype": split, "stem": stem, "answer": choices.index(person), "needs": [person.fact]}
                entry["choices"] = [told(p, template)["completion"] for p in choices]
                stated[question_id(entry)] = person.fact if split == "rephrasing" else person.reverse
                questions.append(entry)
    return Benchmark(
        "fictional",
        pl.DataFrame(documents),
        question_table(questions),
        dict.fromkeys(("rephrasing", "reversal", SET_A), 0.25),
        derivations,
        lambda text: read(text, everyone),
        stated,
        say=lambda claim: sides[claim],
    )


def read(text: str, people: list[Person]) -> Statement | None:
    """A text about one person as (name, work), or (work, name) where the work comes first; else None.

    The work stands for the whole description; quotation marks and case do not matter.
    """
    bare = text.replace('"', "").lower()
    names = {p.name: bare.find(p.name.lower()) for p in people if p.name.lower() in bare}
    works = {p.work: bare.find(plain) for p in people if (plain := p.work.replace('"', "").lower()) in bare}
    if len(names) != 1 or len(works) != 1 or re.search(r"\b(not|never)\b|n't\b", bare):
        return None
    (name, i), (work, j) = *names.items(), *works.items()
    return (name, work) if i < j else (work, name)
