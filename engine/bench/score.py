"""`bench score`: questions behind one long context."""

import random
import statistics
from typing import Any

import polars as pl

from engine.bench.compare import SAMPLE_TOKENS, compare, run_ours
from engine.bench.texts import questions
from engine.config import EngineConfig
from engine.models import resolve_model
from engine.tasks.encoding import encode_all


def score(
    model: str, config: EngineConfig, rows: int, context: int, repeats: int, chosen: tuple[str, ...]
) -> dict[str, Any]:
    """Questions with four choices of 3, 5, 8 and 12 tokens; with `context`, all behind one text of so many words.

    The right choice goes on as the text does somewhere, so that accuracy can be compared as well.
    """
    tables = [questions(random.Random(f"score-{n}"), rows, context) for n in range(repeats)]
    sample = max(8, min(4 * rows, SAMPLE_TOKENS // max(1, context)) // 4 * 4)
    pairs = [
        [
            [row["prefix"] + row["stem"], choice]
            for row in table.head(sample // 4).to_dicts()
            for choice in row["choices"]
        ]
        for table in tables
    ]
    asked = [t.drop("answer") for t in tables]
    ours = run_ours(lambda pool, folder, n: pool.score(asked[n], folder), model, config, repeats, 4 * rows)
    work = {"questions": rows, "choices": 4, "context_words": context}
    plans = {name: {"pairs": pairs} for name in chosen}
    result = compare("score", plans, model, config, work, ours)
    values = [t.sort(pl.col("item_id").cast(pl.Int64), "choice")["logprobs"].list.sum().to_list() for t in ours.tables]
    computed = (ours.status.prompt_tokens - ours.status.cached_tokens) / repeats
    floor = statistics.mean(_floor(model, table) for table in tables)
    result["ours"] |= {"computed_tokens": computed, "floor_tokens": floor, "computed_over_floor": computed / floor}
    result["ours"]["accuracy"] = accuracy(values, tables)
    for peer in result["peers"].values():
        theirs = peer.pop("values", None)
        if theirs:
            both = [pair for v, t in zip(values, theirs, strict=True) for pair in zip(v, t, strict=False)]
            peer["largest_difference"] = max(abs(a - b) for a, b in both)
            peer["accuracy"] = accuracy(theirs, tables)
            peer["our_accuracy_on_its_sample"] = accuracy([v[:sample] for v in values], tables)
    return result


def _floor(model: str, table: pl.DataFrame) -> int:
    """Tokens that must be computed: the shared text once, and stem and choice once for every choice."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(resolve_model(model))
    shared = table["prefix"][0]
    texts = [shared + row["stem"] + choice for row in table.iter_rows(named=True) for choice in row["choices"]]
    lengths = [len(ids) for ids in encode_all(tokenizer, [shared, *texts])]
    return lengths[0] + sum(length - lengths[0] for length in lengths[1:])


def accuracy(values: list[list[float]], tables: list[pl.DataFrame]) -> float:
    """Share of questions whose right choice has the highest log-likelihood per token of its 3, 5, 8 or 12."""
    right = total = 0
    for found, table in zip(values, tables, strict=True):
        for question, answer in zip(range(len(found) // 4), table["answer"], strict=False):
            scaled = [v / n for v, n in zip(found[4 * question : 4 * question + 4], (3, 5, 8, 12), strict=True)]
            right += scaled.index(max(scaled)) == answer
            total += 1
    return right / total
