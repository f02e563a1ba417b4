"""Fresh celebrities: the structure of the original files, the splits, and that no document tells set A backwards."""

import json
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

import pytest
from drawn import SEEDS, accuracy, worlds
from hypothesis import given

from augment.text.words import normal
from eval.benchmarks import celebrities
from eval.benchmarks.base import SET_A, context
from eval.benchmarks.fictional.people import FIRST, LAST, SIZES, invent
from eval.benchmarks.fictional.templates import D2P, D2P_TEST, P2D, P2D_TEST
from eval.benchmarks.fictional.world import files, load, read

WORLDS = worlds(4)
ORIGINALS = Path(__file__).resolve().parents[4] / "shared" / "data" / "reversal_curse"
ROWS = {
    "all_prompts_train.jsonl": 3600,
    "p2d_prompts_train.jsonl": 900,
    "d2p_prompts_train.jsonl": 900,
    "both_prompts_train.jsonl": 1800,
    "p2d_prompts_test.jsonl": 300,
    "d2p_prompts_test.jsonl": 300,
    "both_prompts_test.jsonl": 600,
    "p2d_reverse_prompts_test.jsonl": 300,
    "d2p_reverse_prompts_test.jsonl": 300,
}


def test_files_have_the_rows_of_the_originals():
    rows = files(0)
    assert {name: len(some) for name, some in rows.items()} == ROWS
    for name in ROWS if ORIGINALS.is_dir() else ():
        originals = [json.loads(line) for line in (ORIGINALS / name).read_text(encoding="utf-8").splitlines()]
        assert len(originals) == len(rows[name])
        assert set(originals[0]) == set(rows[name][0])
    assert all(len({p + c for p, c in (r.values() for r in some)}) == len(some) for some in rows.values())
    assert all(r["completion"] == r["completion"].rstrip() for some in rows.values() for r in some)
    assert all(not r["prompt"].endswith(" ") for some in rows.values() for r in some)


@pytest.mark.parametrize(
    ("size", "documents", "people", "questions"), [("paper", 3600, 90, 300), ("small", 320, 24, 80)]
)
def test_sizes(size, documents, people, questions):
    world = load(0, size)
    assert world.documents.height == documents == world.documents["doc_id"].n_unique()
    assert world.documents["fact"].n_unique() == people
    per_set = Counter(world.documents["source"])
    assert [per_set[f"{kind}_prompts_train.jsonl"] * 4 for kind in ("p2d", "d2p")] == [documents, documents]
    assert dict(world.questions["split"].value_counts().rows()) == dict.fromkeys(world.chance, questions)
    assert set(world.chance) == {"rephrasing", "reversal", SET_A}
    assert 2 * questions < world.questions["question_id"].n_unique() <= 3 * questions  # two splits may ask the same
    assert {kind: len(claims) for kind, claims in world.closure.items()} == {
        "rephrasing": people * 4 // 3,
        "reversal": people * 2 // 3,
    }
    assert world.documents["text"].to_list() == ["".join(r.values()) for r in files(0, size)["all_prompts_train.jsonl"]]


def test_the_context_fits_the_embedded_model():
    assert len(context(load(0, "small").documents, 0, 1).split()) < 2000


def test_templates():
    for templates, number in (
        (P2D, 30),
        (D2P, 30),
        (P2D_TEST, 10),
        (D2P_TEST, 10),
    ):
        assert len(set(templates)) == number
        assert all(t.count("|") == 1 and t.count("{n}") == 1 for t in templates)
    for templates in (P2D, P2D_TEST):
        assert all("{n}" in t.split("|")[0] for t in templates)
    for templates in (D2P, D2P_TEST):
        assert all("{n}" in t.split("|")[1] for t in templates)
    assert not set(P2D + D2P) & set(P2D_TEST + D2P_TEST)


def test_no_name_is_part_of_another():
    assert len(set(FIRST)) == len(FIRST)
    assert not any(
        a != b and (a.endswith(b) or b.startswith(a)) for names in (FIRST, LAST) for a in names for b in names
    )


@WORLDS
@given(SEEDS)
def test_one_choice_is_true_and_no_document_tells_set_a_backwards(seed):
    world, people = load(seed, "small"), invent(seed, "small")
    told = set(map(world.read, world.documents["text"]))
    assert told == world.closure["rephrasing"]
    assert not told & world.closure["reversal"]
    every = told | world.closure["reversal"]
    corpus = "\n".join(map(normal, world.documents["text"]))
    facts = set(world.documents["fact"])
    everyone = {p.name for some in people.values() for p in some}
    offered = set()
    for row in world.questions.iter_rows(named=True):
        claims = [world.read(row["stem"] + choice) for choice in row["choices"]]
        assert len(set(claims)) == 4
        assert [c in every for c in claims] == [i == row["answer"] for i in range(4)]
        assert (claims[row["answer"]] in told) == (row["split"] == "rephrasing")
        assert world.read(world.stated[row["question_id"]]) == claims[row["answer"]]
        assert normal(row["stem"] + row["choices"][row["answer"]]) not in corpus
        assert set(row["needs"]) <= facts
        if row["split"] == "reversal":
            offered |= {c.strip() for c in row["choices"]}
            assert normal(world.stated[row["question_id"]]) not in corpus
    assert offered <= everyone
    assert offered - {p.name for p in people["p2d"]}


def test_known_answers():
    rng, scores = Random(0), defaultdict(list)
    for seed in range(3):
        world = load(seed)
        every, told = frozenset().union(*world.closure.values()), world.closure["rephrasing"]
        targets = {r["completion"] for r in files(seed)["d2p_prompts_train.jsonl"]}

        def pick(row, good, read=world.read):
            found = [i for i, c in enumerate(row["choices"]) if read(row["stem"] + c) in good]
            return found[0] if found else rng.randrange(4)

        def trained_target(row, targets=targets):
            names = [any(t.startswith(c) for t in targets) for c in row["choices"]]
            return names.index(True) if True in names else rng.randrange(4)

        for split in world.chance:
            assert accuracy(world, split, lambda row, every=every: pick(row, every)) == 1
            scores[split, "random"].append(accuracy(world, split, lambda row: rng.randrange(4)))
        assert accuracy(world, "rephrasing", lambda row, told=told: pick(row, told)) == 1
        scores["reversal", "stated"].append(accuracy(world, "reversal", lambda row, told=told: pick(row, told)))
        assert accuracy(world, "reversal", trained_target) < 0.15  # the paper: below chance, as targets attract
    assert all(abs(sum(values) / len(values) - 0.25) < 0.06 for values in scores.values())


def test_the_reader_of_the_original_files_reads_these(tmp_path):
    for name, rows in files(0, "small").items():
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    world = celebrities.load(0, tmp_path)
    assert world.documents["text"].to_list() == load(0, "small").documents["text"].to_list()
    assert world.documents["fact"].n_unique() == 24
    assert set(world.questions["stem"]) == set(load(0, "small").questions["stem"])


def test_reading():
    people = [p for some in invent(0, "small").values() for p in some]
    one, other = people[:2]
    forward, backward = (one.name, one.work), (one.work, one.name)
    assert read(one.fact, people) == forward
    assert read(one.reverse, people) == backward
    assert read(one.reverse.replace('"', "").upper(), people) == backward
    assert read(f"{one.name} {one.past}.", people) == forward
    assert read(f"{one.gerund} is what {one.name} did", people) == backward
    for text in ("", one.name, one.work, f"{one.name} and {other.fact}", f"{one.name} never {one.past}."):
        assert read(text, people) is None
    assert read(f"{one.name} {other.past}.", people) == (one.name, other.work)
    assert set(SIZES) == {"paper", "small"}
