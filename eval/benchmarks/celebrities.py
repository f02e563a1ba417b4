"""The original reversal-curse files (Berglund et al. 2024), read as they are from a folder.

Training texts are prompt + completion of `all_prompts_train.jsonl`. Questions: set A's descriptions, whose training order
was name to description, with four names to choose from: the right one and three from **all** training names (paper).
The split `rephrasing` asks in the trained order: a name, and four descriptions with the grammar that the template calls for. In `reversal_set_a` the wrong
names are of set A too, none of which was ever a training target: a model that has only learnt which names come last gains nothing.
"""

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from engine.errors import UserError
from engine.store.ids import content_id
from eval.benchmarks.base import SET_A, Benchmark, question_table

FILES = {
    "train": ("all_prompts_train.jsonl",),
    "reversal": ("p2d_reverse_prompts_test.jsonl",),
    "rephrasing": ("p2d_prompts_test.jsonl",),
    "names": ("p2d_reverse_prompts_test.jsonl", "d2p_prompts_test.jsonl", "both_prompts_test.jsonl"),
}
NAME = re.compile(r"^[A-Z][\w'’.-]+(?: [A-Z][\w'’.-]+)+$")

INTRODUCED = re.compile(r"^The trailblazer known as (.+) was once$")


def read(folder: Path, name: str) -> list[dict[str, str]]:
    """Rows {prompt, completion} of one file; raises UserError where it is missing or malformed."""
    path = folder / name
    if not path.is_file():
        raise UserError(
            f"benchmark.data: {folder} has no {name}; give the folder with the original reversal-curse files."
        )
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            row = json.loads(line)
            if not isinstance(row["prompt"] + row["completion"], str):
                raise TypeError("not texts")
            rows.append({"prompt": row["prompt"], "completion": row["completion"]})
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{name}, line {number} is not a JSON object with prompt and completion ({error})."
            ) from error
    return rows


SMALL = 5
"""People of set A, and as many others, in the size `small`."""


def load(seed: int, folder: Path | None, facts: int | None = None, size: str = "paper") -> Benchmark:
    """The benchmark with distractors drawn by `seed`; `facts` keeps that many people of set A, and as many rows of others: by
    default all of them, or in the size `small` SMALL.
    """
    facts = SMALL if facts is None and size == "small" else facts
    if folder is None:
        raise UserError("The benchmark celebrities needs benchmark.data: the folder with the original files.")
    rng = Random(f"celebrities-{seed}")
    train = [r for name in FILES["train"] for r in read(folder, name)]
    reversal, forward = read(folder, FILES["reversal"][0]), read(folder, FILES["rephrasing"][0])
    people = sorted({n for f in FILES["names"] for r in read(folder, f) for n in _names(r)})
    set_a = sorted({r["completion"].strip() for r in reversal})
    if len(people) < 4:
        raise UserError(f"benchmark.data: only {len(people)} names found in {folder}; four are needed for the choices.")
    if facts is not None:
        set_a = rng.sample(set_a, min(facts, len(set_a)))
        others = rng.sample([p for p in people if p not in set_a], min(facts, len(people) - len(set_a)))
        shown = set(set_a) | set(others)
        people = sorted(shown)  # a name that no text has would be no rival
        train = [r for r in train if any(p in r["prompt"] + r["completion"] for p in shown)]
    documents = [
        {"doc_id": content_id("celebrities", n, text), "text": text, "source": "all_prompts_train.jsonl", "meta": "{}"}
        | {"fact": next((p for p in people if p in text), text)}
        for n, text in enumerate(r["prompt"] + r["completion"] for r in train)
    ]
    described: dict[str, dict[str, str]] = {}  # by template and person
    for row in forward:
        if person := _person(row["prompt"], people):
            described.setdefault(row["prompt"].replace(person, ""), {})[person] = row["completion"]
    questions = []
    for split, rows in (("reversal", reversal), (SET_A, reversal), ("rephrasing", forward)):
        for row in rows:
            person = _person(row["prompt"], people) if split == "rephrasing" else row["completion"].strip()
            if person not in set_a:
                continue
            known = described.get(row["prompt"].replace(person, ""), {})
            pool = {"reversal": people, SET_A: set_a, "rephrasing": [p for p in set_a if p in known]}[split]
            wrong = rng.sample([p for p in pool if p != person], min(3, len(pool) - 1))
            right = row["completion"]
            choices = [right, *(known[p] if split == "rephrasing" else f" {p}" for p in wrong)]
            rng.shuffle(choices)
            entry: dict[str, Any] = {"benchmark": "celebrities", "split": split, "subtype": split}
            entry |= {"stem": row["prompt"], "choices": choices, "answer": choices.index(right), "needs": [person]}
            questions.append(entry)
    table = question_table(questions).unique(["split", "stem"], maintain_order=True)
    return Benchmark(
        "celebrities", pl.DataFrame(documents), table, dict.fromkeys(("rephrasing", "reversal", SET_A), 0.25)
    )


def _person(text: str, people: list[str]) -> str:
    return next((p for p in people if p in text), "")


def _names(row: dict[str, str]) -> list[str]:
    """The name in a test row: a completion that is nothing but a name, or the prompt of the first held-out template."""
    name, introduced = row["completion"].strip(), INTRODUCED.match(row["prompt"])
    return [introduced[1]] if introduced else [name] if NAME.match(name) else []
