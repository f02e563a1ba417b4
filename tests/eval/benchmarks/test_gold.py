"""The sentences of a benchmark's closure say what they stand for, and nothing that is stated."""

import polars as pl
import pytest

from engine.errors import UserError
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig, Name


@pytest.mark.parametrize("name", ["reversals", "syllogisms", "semantic", "fictional"])
def test_gold_says_all_that_is_implied(name: Name):
    world = load(BenchmarkConfig(name=name, size="small"), 0)
    implied = {claim for claim, (kind, _) in world.derivations.items() if kind != "rephrasing"}
    assert world.read is not None
    said = [world.read(text) for text in world.gold]
    assert len(said) == len(set(said)) > 10
    assert set(said) <= implied
    # of syllogisms only what nothing stronger says
    assert name == "syllogisms" or set(said) == implied


@pytest.mark.parametrize("name", ["reversals", "syllogisms", "semantic"])
def test_gold_says_right_answers_and_no_wrong_ones(name: Name):
    world = load(BenchmarkConfig(name=name, size="small"), 0)
    judged = world.questions.filter(pl.col("split").is_in(world.judged))
    asked = judged.select("question_id", "stem", "choices", "right").iter_rows()
    told, found = set(world.gold), 0
    for identity, stem, choices, right in asked:
        texts = [choice.strip() if name == "syllogisms" else stem + choice for choice in choices]
        assert not told & {text for number, text in enumerate(texts) if number not in right}
        found += world.stated[identity] in told
    assert found == judged.height


def test_a_benchmark_without_a_closure_has_none():
    assert load(BenchmarkConfig(name="derivatoids", size="small"), 0).gold == []


@pytest.mark.parametrize(("name", "facts"), [("syllogisms", 12), ("semantic", 24)])
def test_a_world_may_be_smaller(name: Name, facts: int):
    whole, part = (load(BenchmarkConfig(name=name, size="small", facts=n), 0) for n in (None, facts))
    assert part.documents["fact"].n_unique() == facts < whole.documents["fact"].n_unique()
    assert set(part.questions["split"]) == set(whole.questions["split"])
    assert all(part.chance[split] == pytest.approx(chance, abs=0.05) for split, chance in whole.chance.items())


@pytest.mark.parametrize(
    ("name", "facts", "told"), [("syllogisms", 5, "from 6 to 341"), ("semantic", 3, "from 20 to 110")]
)
def test_a_world_of_an_impossible_size_is_a_users_error(name: Name, facts: int, told: str):
    with pytest.raises(UserError, match=told):
        load(BenchmarkConfig(name=name, facts=facts), 0)
