"""What an augmentation will cost: a short run of the engine on a part of the requests, scaled to all of them."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import polars as pl

from augment.checks.base import NEEDED
from augment.checks.registry import check_inferences
from augment.config import AugmentConfig
from augment.operators.base import two_step
from augment.operators.registry import load_operators
from augment.stages.answers import make_inferences
from augment.stages.requests import sentences_of
from augment.stages.second_step import follow_requests
from augment.text.words import normal
from engine.pool import EnginePool
from engine.store.ids import content_id

WARM = 16
"""Requests that are made before the clock starts."""


class Cost(NamedTuple):
    """Requests (for check_inferences: items) of a stage, and what the engine does for them; cached tokens need no work."""

    requests: float = 0
    prompt: float = 0
    cached: float = 0
    output: float = 0
    seconds: float = 0

    def times(self, factor: float) -> "Cost":
        """The same of `factor` times as much."""
        return Cost(*(value * factor for value in self))


class Estimate(NamedTuple):
    """What all requests will cost, from `sample` of them."""

    sample: int
    start: float
    """Seconds until the engines are ready."""
    stages: dict[str, Cost]
    """generate, follow (second steps) and check_inferences."""
    inferences: float
    kept: float
    """Before verification by the engine."""
    yields: dict[str, float]
    """Kept inferences per 1,000 generated tokens, by operator, in the sample."""

    @property
    def seconds(self) -> float:
        """All of it, on the engines that were measured."""
        return self.start + sum(cost.seconds for cost in self.stages.values())


def calibrate(
    requests: pl.DataFrame,
    config: AugmentConfig,
    model: str,
    pool: EnginePool,
    scratch: Path,
    sample: int = 512,
    reader: EnginePool | None = None,
) -> Estimate:
    """Estimate the cost of `requests` (of the first round, without a budget) by making about `sample` of them.

    Every operator is sampled by its share. Those that share a context are drawn together with it, as the engine computes
    it once for all. How many inferences are new is extrapolated by Chao's estimator: see `distinct`. The `pool` writes; checks
    ask the `reader`, by default the same.
    """
    chosen = drawn(requests, sample)
    factor = requests.height / chosen.height
    warm = chosen.head(WARM).with_columns(request_id=pl.concat_str(pl.lit("warm "), "request_id"))
    pool.generate(warm, scratch / "warm")
    start = pool.seconds["start"]
    first, answers = _timed(pool, lambda: pool.generate(chosen, scratch / "first", "calibrate"))
    stages = {"generate": first.times(factor)}
    followed, tables = pl.DataFrame(), [answers]
    if any(two_step(type(operator)) for operator in load_operators(config, model)):
        followed = follow_requests(chosen, answers, config, model)
        if not followed.is_empty():
            second, more = _timed(pool, lambda: pool.generate(followed, scratch / "second", "calibrate follow"))
            stages["follow"] = second.times(factor)
            chosen, tables = pl.concat([chosen, followed]), [answers, more]
    answers = pl.concat(tables)
    made = make_inferences(chosen, answers, model, config.language)
    fresh = made.filter(pl.col("kept") | (pl.col("reason") == "duplicate"))
    counts = Counter(Counter(map(normal, fresh["text"])).values())
    kept = distinct(counts, factor)
    reader = reader or pool
    if reader is not pool:
        pool.close()
    if not (some := made.filter("kept").select(NEEDED)).is_empty() and config.verify.entailment:
        sentences = list(sentences_of(chosen, config.language))

        def checked(some: pl.DataFrame, folder: str) -> pl.DataFrame:
            return check_inferences(some, sentences, reader, scratch / folder, config.verify, config.language)

        checked(some.head(WARM), "warm-check_inferences")
        stages["verify"] = _timed(reader, lambda: checked(some, "verify"))[0].times(kept / some.height)
    tokens = dict(chosen.join(answers, on="request_id").group_by("operator").agg(pl.col("output_tokens").sum()).rows())
    found = dict(made.filter("kept").group_by("operator").len().rows())
    yields = {name: 1000 * found.get(name, 0) / max(1, tokens[name] or 0) for name in sorted(tokens)}
    return Estimate(chosen.height, start, stages, made.height * factor, kept, yields)


def drawn(requests: pl.DataFrame, most: int) -> pl.DataFrame:
    """About `most` requests: of each operator its share, whole contexts where they are shared, in a fixed random order."""
    if requests.height <= most:
        return requests
    share, tables = most / requests.height, []
    for (operator,), some in requests.group_by("operator", maintain_order=True):
        wanted = max(WARM, round(share * some.height))
        if some["prefix_key"][0] == operator:  # no context
            order = sorted(range(some.height), key=lambda i: content_id("drawn", some["request_id"][i]))
            tables.append(some[order[:wanted]])
        else:
            keys = sorted(some["prefix_key"].unique(), key=lambda key: content_id("drawn", key))
            sizes = dict(some["prefix_key"].value_counts().rows())
            count, last = 0, 0
            while last < len(keys) and count < wanted:
                count += sizes[keys[last]]
                last += 1
            tables.append(some.filter(pl.col("prefix_key").is_in(keys[:last])))
    return pl.concat(tables)


def distinct(counts: dict[int, int], factor: float) -> float:
    """Different texts among `factor` times as many answers, where `counts[k]` different ones came up k times in the sample.

    Chao et al. 2014 (eq. 9, extrapolation of Hill numbers of order 0) with the Chao1 estimate of those not seen.
    """
    seen, drawings = sum(counts.values()), sum(k * n for k, n in counts.items())
    once, twice = counts.get(1, 0), counts.get(2, 0)
    if not once or factor <= 1:
        return seen
    unseen = once * once / (2 * twice) if twice else once * (once - 1) / 2
    if not unseen:
        return seen
    return seen + unseen * (1 - (1 - once / (drawings * unseen + once)) ** (drawings * (factor - 1)))


def _timed(pool: EnginePool, call: Callable[[], pl.DataFrame]) -> tuple[Cost, pl.DataFrame]:
    started = time.monotonic()
    found = call()
    seconds, last = time.monotonic() - started, pool.last
    return Cost(last.rows, last.prompt_tokens, last.cached_tokens, last.output_tokens, seconds), found
