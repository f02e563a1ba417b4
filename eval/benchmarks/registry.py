"""Benchmarks by name."""

from collections.abc import Callable

import polars as pl

from eval.benchmarks import celebrities, reversals
from eval.benchmarks.base import Benchmark
from eval.benchmarks.derivatoids import world as derivatoids
from eval.benchmarks.documents import world as documents
from eval.benchmarks.fictional import world as fictional
from eval.benchmarks.semantic import world as semantic
from eval.benchmarks.syllogisms import world as syllogisms
from eval.config import BenchmarkConfig, Name

WORLDS: dict[Name, Callable[[BenchmarkConfig, int], Benchmark]] = {
    "reversals": lambda config, seed: reversals.load(seed, config.facts, config.articles, config.size),
    "syllogisms": lambda config, seed: syllogisms.load(seed, config.size, config.facts),
    "celebrities": lambda config, seed: celebrities.load(seed, config.data, config.facts, config.size),
    "fictional": lambda config, seed: fictional.load(seed, config.size),
    "semantic": lambda config, seed: semantic.load(seed, config.size, config.facts),
    "derivatoids": lambda config, seed: derivatoids.load(seed, config.size),
    "documents": lambda config, _: documents.load(config),
}


def load(config: BenchmarkConfig, seed: int) -> Benchmark:
    """The world that `seed` draws of the configured benchmark; raises UserError for settings that it cannot be drawn with."""
    return WORLDS[config.name](config, seed)


def others(config: BenchmarkConfig, seed: int) -> pl.DataFrame:
    """Documents that no training of the run holds: another world's, or what is at hand beside a user's own."""
    return documents.general(config) if config.name == "documents" else load(config, seed).documents
