"""Whether the context of every arm fits into the model: checked before anything is started, as scores come last."""

import sys
from collections.abc import Callable, Mapping

import polars as pl

from augment.stages.records import token_counter
from engine.errors import UserError
from engine.models import resolve_model
from eval.arms.items import items
from eval.benchmarks.base import Benchmark, context
from eval.config import RunConfig

ROOM = 256
"""Tokens that are left for a question and its choices where the questions, or the answers, are yet to be written."""
ENDS = 2
"""Tokens besides: one that begins the text, and one that the engine keeps free."""


def check_room(config: RunConfig, worlds: Mapping[int, Benchmark]) -> None:
    """Raise UserError where an arm's context and a question behind it are longer than the model takes, or an arm needs a gold closure that there is
    not."""
    known = all(world.gold for world in worlds.values())
    if not known and (needing := [arm for arm in config.arms if "gold" in arm.split("+")]):
        raise UserError(
            f"{needing[0]} needs a benchmark that knows everything that follows (reversals, syllogisms, semantic, fictional), and {config.benchmark.name} "
            "does not: remove it from --arms."
        )
    arms = [arm for arm in config.arms if arm == "icl" or arm.startswith("retrieval")]
    limit = context_limit(config) if arms else 0
    for arm in arms:
        for seed, world in worlds.items():
            contexts, questions = _texts(config, world, arm, seed)
            tokens, asked = _longest(contexts, questions, limit, config.model)
            if tokens + asked > limit:
                raise UserError(_sentence(config, world, arm, tokens, limit))


def context_limit(config: RunConfig) -> int:
    """Tokens that the model takes, as configured or as its files say."""
    if config.engine.kind == "fake":
        return sys.maxsize
    if (asked := config.engine.vllm.get("max_model_len")) not in (None, -1):
        return int(asked)
    from transformers import AutoConfig

    found = AutoConfig.from_pretrained(resolve_model(config.model)).get_text_config()
    return int(getattr(found, "max_position_embeddings", None) or sys.maxsize)


def _texts(config: RunConfig, world: Benchmark, arm: str, seed: int) -> tuple[list[str], list[str]]:
    """Contexts, and behind each the longest question with its choice, or nothing where questions are yet to be written."""
    drawn = config.benchmark
    unknown = [context(world.documents, seed, drawn.per_fact)] if arm == "icl" and world.by_engine else []
    if world.questions.is_empty():
        return unknown, [""] * len(unknown)
    table = items(world, arm, seed, None, drawn.per_fact, config.model, drawn.retrieved)
    chars = pl.col("choices").list.eval(pl.element().str.len_chars())
    longest = pl.col("stem") + pl.col("choices").list.get(chars.list.arg_max())
    rows = table.select("prefix", asked=longest).sort(pl.col("asked").str.len_chars(), descending=True)
    rows = rows.unique("prefix", keep="first", maintain_order=True)
    return [*rows["prefix"], *unknown], [*rows["asked"], *([""] * len(unknown))]


def _longest(contexts: list[str], questions: list[str], limit: int, model: str) -> tuple[int, int]:
    """Tokens of the context that takes most room, and those that its question needs besides."""
    most, count = (0, 0), None
    for number, text in enumerate(contexts):
        asked = questions[number]
        spare = ENDS if asked else ROOM
        if (
            len((text + asked).encode()) + spare <= limit
        ):  # a token has at least a byte: a short one need not be counted
            continue
        count = count or token_counter(model)
        most = max(most, (_tokens(text, count), count(asked) + spare), key=sum)
    return most


def _tokens(text: str, count: Callable[[str], int]) -> int:
    return sum(count(line) for line in text.splitlines(keepends=True))


def _sentence(config: RunConfig, world: Benchmark, arm: str, tokens: int, limit: int) -> str:
    if arm != "icl":
        return (
            f"What the arm {arm} puts before a question has {tokens:,} tokens and {config.model} takes {limit:,} with the "
            f"question: lower benchmark.retrieved, leave {arm} out of --arms, or use a model that takes more."
        )
    other = (
        "let benchmark.context_per_fact keep so many passages of every document (questions about the others go without)"
        if world.by_engine
        else "choose a smaller benchmark.size, or a model that takes more"
    )
    return (
        f"The documents have {tokens:,} tokens and {config.model} takes {limit:,} with the question, so they do not fit "
        f"into the context of the arm icl: leave icl out of --arms and compare with retrieval, or {other}."
    )
