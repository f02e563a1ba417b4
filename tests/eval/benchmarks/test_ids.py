"""Ids of questions: equal where the same is asked, and only there."""

import polars as pl
import pytest

from eval.arms.items import items
from eval.benchmarks.base import question_id
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig, Name

ASKED = {"stem": "glon are", "choices": [" more.", " less."], "answer": 0}


def drawn(name: Name, seed: int = 0, **more):
    return load(BenchmarkConfig(name=name, size="small", **more), seed)


@pytest.mark.parametrize("name", ["reversals", "syllogisms", "fictional", "semantic", "derivatoids"])
def test_an_id_hashes_stem_choices_and_what_is_right(name):
    world = drawn(name)
    questions = world.questions
    assert questions["question_id"].to_list() == [question_id(row) for row in questions.iter_rows(named=True)]
    assert questions["question_id"].n_unique() == questions.height
    assert set(world.stated) == set(questions["question_id"])


@pytest.mark.parametrize(
    "change", [{"stem": "femp are"}, {"choices": [" less.", " more."]}, {"answer": 1}, {"right": [0, 1]}]
)
def test_another_question_has_another_id(change):
    assert question_id(ASKED | change) != question_id(ASKED) == question_id(ASKED | {"right": [0], "subtype": "x"})


def test_a_few_facts_share_ids_with_all_facts_only_where_the_choices_are_the_same():
    few, many = (load(BenchmarkConfig(facts=facts, articles=1), 0).questions for facts in (10, 100))
    both = few.join(many, on="question_id", suffix="_many")
    assert both.select("stem", "choices", "answer").equals(
        both.select(stem="stem_many", choices="choices_many", answer="answer_many")
    )
    same_stem = few.join(many, on="stem", suffix="_many").filter(pl.col("choices") != pl.col("choices_many"))
    assert not same_stem.is_empty()  # the choices are drawn anew: once these had equal ids
    assert same_stem.filter(pl.col("question_id") == pl.col("question_id_many")).is_empty()


def test_items_of_weights_have_the_same_ids_wherever_the_folder_lies(tmp_path):
    world = drawn("reversals", facts=4)
    tables = []
    for place, weights in (("here", b"1"), ("there", b"1"), ("other", b"2")):
        folder = tmp_path / place
        folder.mkdir()
        (folder / "adapter_model.safetensors").write_bytes(weights)
        tables.append(items(world, "finetuned", 0, folder, None, "pico")["item_id"].to_list())
    assert tables[0] == tables[1]
    assert not set(tables[0]) & set(tables[2])
