"""Benchmarks by name."""

import importlib

import polars as pl

from eval.benchmarks.base import Benchmark
from eval.config import BenchmarkConfig


def load(config: BenchmarkConfig, seed: int) -> Benchmark:
    """The world that `seed` draws of the configured benchmark; raises UserError for settings that it cannot be drawn with."""
    if config.name == "reversals":
        from eval.benchmarks import reversals

        return reversals.load(seed, config.facts, config.articles, config.size)
    if config.name == "documents":
        from eval.benchmarks.documents import corpus

        return corpus.load(config)
    if config.name == "celebrities":
        from eval.benchmarks import celebrities

        facts = celebrities.SMALL if config.size == "small" and config.facts is None else config.facts
        return celebrities.load(seed, config.data, facts)
    return importlib.import_module(f"eval.benchmarks.{config.name}").load(seed, config.size)


def others(config: BenchmarkConfig, seed: int) -> pl.DataFrame:
    """Documents that no training of the run holds: another world's, or what is at hand beside a user's own."""
    if config.name == "documents":
        from eval.benchmarks.documents import corpus

        return corpus.general(config)
    return load(config, seed).documents
