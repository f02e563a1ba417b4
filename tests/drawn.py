"""What the tests of benchmarks that are drawn from seeds share."""

from hypothesis import Phase, settings
from hypothesis import strategies as st

SEEDS = st.integers(0, 10_000)


def worlds(count: int) -> settings:
    """Hypothesis settings for `count` worlds; a seed cannot be shrunk: a smaller one is just another world."""
    return settings(max_examples=count, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def accuracy(world, split, choose):
    """Share of a split's questions that `choose` (row to number of a choice) gets right."""
    rows = list(world.questions.filter(split=split).iter_rows(named=True))
    return sum(choose(row) in row.get("right", [row["answer"]]) for row in rows) / len(rows)
