"""Benchmarks by name."""

from eval.benchmarks.base import Benchmark
from eval.config import BenchmarkConfig


def load(config: BenchmarkConfig, seed: int) -> Benchmark:
    """The world that `seed` draws of the configured benchmark."""
    if config.name == "celebrities":
        from eval.benchmarks.celebrities import load as celebrities

        return celebrities(seed, config.data, config.facts)
    from eval.benchmarks.reversals import load as reversals

    return reversals(seed, config.facts or 100, config.articles)
