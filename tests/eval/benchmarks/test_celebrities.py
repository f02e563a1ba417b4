"""The original reversal-curse files, where they lie beside the checkout, and a small corpus in their format, always."""

import json
from pathlib import Path

import pytest
from small_celebrities import SET_B, small, write

from engine.errors import UserError
from eval.benchmarks.base import SET_A
from eval.benchmarks.celebrities import FILES, load
from eval.benchmarks.registry import load as by_name
from eval.config import BenchmarkConfig

ORIGINALS = Path(__file__).resolve().parents[4] / "shared" / "data" / "reversal_curse"


@pytest.fixture
def folders(tmp_path):
    """Every corpus that exists here, by name."""
    found = {"small": small(tmp_path / "small")}
    if ORIGINALS.is_dir():
        found["originals"] = ORIGINALS
    return found


def test_sizes(folders):
    sizes = {name: (load(0, f).documents.height, load(0, f).questions) for name, f in folders.items()}
    expected = {"small": (16, 10, 10), "originals": (3600, 300, 300)}
    for name, (documents, questions) in sizes.items():
        counts = dict(questions["split"].value_counts().rows())
        assert (documents, counts["reversal"], counts["rephrasing"]) == expected[name]
        assert questions["question_id"].n_unique() == questions.height


def test_four_different_choices_with_the_gold_one_among_them(folders):
    for folder in folders.values():
        rows = [
            json.loads(line)
            for split in ("reversal", "rephrasing")
            for line in (folder / FILES[split][0]).read_text().splitlines()
        ]
        gold = {row["prompt"]: row["completion"] for row in rows}
        places = []
        for row in load(0, folder).questions.iter_rows(named=True):
            assert len(set(row["choices"])) == 4
            assert row["choices"][row["answer"]] == gold[row["stem"]]
            assert all(choice.startswith(" ") for choice in row["choices"])
            places.append(row["answer"])
        assert set(places) == {0, 1, 2, 3}


def test_wrong_names_come_from_all_training_names(folders):
    for name, folder in folders.items():
        offered = set()
        for seed in range(3):
            offered |= {c.strip() for c in load(seed, folder).questions.filter(split="reversal")["choices"].explode()}
        set_a = {row["completion"].strip() for row in map(json.loads, (folder / FILES["reversal"][0]).open())}
        others = offered - set_a
        corpus = "\n".join(load(0, folder).documents["text"])
        assert others
        assert all(other in corpus for other in offered)
        if name == "small":
            assert others == set(SET_B)
        else:
            assert len(others) > 50  # 30 people described in the other order, 30 in both


def test_documents_state_the_trained_order_as_it_stands_in_the_file(folders):
    for folder in folders.values():
        lines = (folder / "all_prompts_train.jsonl").read_text(encoding="utf-8").splitlines()
        world = load(0, folder)
        assert world.documents["text"].to_list() == [(r := json.loads(x))["prompt"] + r["completion"] for x in lines]
        assert world.documents["doc_id"].n_unique() == len(lines)
        people = world.documents["fact"].n_unique()
        assert people == (8 if len(lines) == 16 else 90)


def test_distractors_are_seeded_and_the_corpus_is_the_same(folders):
    for folder in folders.values():
        first, again, other = load(1, folder), load(1, folder), load(2, folder)
        assert first.questions.equals(again.questions)
        assert first.questions["choices"].to_list() != other.questions["choices"].to_list()
        assert first.documents.equals(other.documents)


def test_fewer_facts_keep_people_whole(folders):
    for folder in folders.values():
        world = load(0, folder, facts=2)
        whole = load(0, folder)
        asked = {name for needs in world.questions["needs"] for name in needs}
        assert len(asked) == 2
        kept = set(world.documents["fact"])
        assert asked <= kept
        assert len(kept) == 4
        assert world.documents.height == whole.documents.filter(whole.documents["fact"].is_in(list(kept))).height


def test_by_name_and_chance(folders):
    config = BenchmarkConfig(name="celebrities", data=folders["small"])
    world = by_name(config, 0)
    assert (world.name, world.chance) == ("celebrities", dict.fromkeys(("rephrasing", "reversal", SET_A), 0.25))
    assert (world.read, world.closure) == (None, {})


def test_the_folder_must_be_named_and_hold_the_files(tmp_path):
    with pytest.raises(UserError, match=r"needs benchmark\.data"):
        load(0, None)
    with pytest.raises(UserError, match=r"has no all_prompts_train\.jsonl; give the folder"):
        load(0, tmp_path / "missing")
    folder = small(tmp_path / "small")
    (folder / "both_prompts_test.jsonl").unlink()
    with pytest.raises(UserError, match=r"has no both_prompts_test\.jsonl"):
        load(0, folder)


@pytest.mark.parametrize(
    "line", ["{not json", "[1, 2]", '{"prompt": "only"}', '"text"', "null", '{"prompt": 1, "completion": " x"}']
)
def test_a_malformed_line_is_named(tmp_path, line):
    folder = small(tmp_path / "small")
    with (folder / "all_prompts_train.jsonl").open("a", errors="surrogateescape") as file:
        file.write(line + "\n")
    with pytest.raises(UserError, match=r"all_prompts_train\.jsonl, line 17 "):
        load(0, folder)


def test_too_few_names_for_the_choices(tmp_path):
    folder = small(tmp_path / "small")
    for name in {*FILES["reversal"], *FILES["names"]}:
        write(folder, name, [("Known as somebody,", " Daphne Barrington")])
    with pytest.raises(UserError, match="only 1 names found"):
        load(0, folder)
