"""The sentences of a benchmark's closure say what they stand for, and nothing that is stated."""

import pytest

from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig, Name


@pytest.mark.parametrize("name", ["reversals", "syllogisms", "semantic", "fictional"])
def test_gold_says_all_that_is_implied(name: Name):
    world = load(BenchmarkConfig(name=name, size="small"), 0)
    implied = {claim for claim, (kind, _) in world.derivations.items() if kind != "rephrasing"}
    assert len(world.gold) == len(implied) > 10
    assert world.read is not None
    assert {world.read(text) for text in world.gold} == implied


def test_a_benchmark_without_a_closure_has_none():
    assert load(BenchmarkConfig(name="derivatoids", size="small"), 0).gold == []
