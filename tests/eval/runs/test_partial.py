"""Coverage of questions by contexts, on hand-made documents."""

from augment.operators.base import Record
from augment.stages.together.contexts import Group
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig
from eval.runs.partial import PartialConfig, asked, chosen

A, B, C = (Record(name, (name,)) for name in "abc")
FACTS = {"a": {"x"}, "b": {"y"}, "c": {"z"}}


def test_a_context_counts_where_a_target_states_a_needed_fact():
    with_target, without = Group([A, B], [A]), Group([A, B, C], [C])
    assert chosen([without, with_target], {"x", "y"}, FACTS) == (with_target, True)
    assert chosen([without], {"x", "y"}, FACTS) == (None, False)
    assert chosen([with_target], {"x", "z"}, FACTS) == (with_target, False)


def test_all_in_context_covers_all_questions_and_parts_fewer():
    config = PartialConfig(benchmark=BenchmarkConfig(name="semantic", size="small"))
    world = load(config.benchmark, 0)
    whole, covered, contexts = asked(world, 0, config, 1.0, "all")
    assert contexts == 1
    assert covered["covered"].all()
    assert whole["prefix"].n_unique() == 1
    part, less, more = asked(world, 0, config, 0.25, "random")
    assert more >= 4
    assert part.height == whole.height
    assert 0 < less["covered"].mean() < 1
    assert part["prefix"].str.len_chars().max() <= 0.26 * len(whole["prefix"][0])
