"""An answerer that knows no language: it counts the words of a training text, up to four in a row, and takes the likeliest choice.

What it answers a benchmark gives away by co-occurrence alone, and says nothing of a model that answers it too. Stupid backoff
(Brants et al. 2007, EMNLP): after the longest run of words that was seen, each shorter one at a penalty.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from eval.arms.items import answers_of
from eval.benchmarks.base import Benchmark
from eval.measure.order import NGRAMS

ORDERS = (1, 2, 3, 4)
BACKOFF = math.log(0.4)
UNSEEN = 0.1
"""Times that a word counts which never stood there."""
WORDS = re.compile(r"\w+|[^\w\s]")
START = "\n"


def words(text: str) -> list[str]:
    """Words and signs, small."""
    return WORDS.findall(text.casefold())


class Counts:
    """Runs of up to `order` words of some texts."""

    def __init__(self, texts: Iterable[str], order: int):
        self.order, self.seen = order, Counter[tuple[str, ...]]()
        for text in texts:
            row = [START, *words(text)]
            for size in range(1, order + 1):
                self.seen.update(tuple(row[i : i + size]) for i in range(len(row) - size + 1))
        self.total = sum(number for run, number in self.seen.items() if len(run) == 1)

    def loglikelihood(self, stem: str, choice: str) -> float:
        """Of a choice's words after the stem, in nats."""
        row, own = [START, *words(stem)], words(choice)
        value = 0.0
        for word in own:
            value += self._log(tuple(row[-(self.order - 1) :]) if self.order > 1 else (), word)
            row.append(word)
        return value

    def _log(self, before: tuple[str, ...], word: str) -> float:
        penalty = 0.0
        while before:
            if number := self.seen[*before, word]:
                return penalty + math.log(number / self.seen[before])
            before, penalty = before[1:], penalty + BACKOFF
        return penalty + math.log((self.seen[word,] or UNSEEN) / (self.total + 1))


def with_ngrams(answers: pl.DataFrame, worlds: Mapping[int, Benchmark]) -> pl.DataFrame:
    """The answers of all arms, and those of the arm NGRAMS."""
    made = [ngram_answers(world, seed, world.documents["text"]) for seed, world in worlds.items()]
    return pl.concat([answers, *(table for table in made if not table.is_empty())], how="diagonal_relaxed")


def ngram_rows(worlds: Mapping[int, Benchmark], examples: pl.DataFrame) -> list[dict[str, Any]]:
    """The part `ngrams` of results.json: arm, order, split, accuracy, n for runs of one to four words of each arm's training texts."""
    rows = []
    for order in ORDERS:
        tables = [
            ngram_answers(worlds[seed], seed, some["text"], order, arm)
            for (arm, seed), some in examples.group_by("arm", "seed", maintain_order=True)
        ]
        if not (found := pl.concat([table for table in tables if not table.is_empty()] or [pl.DataFrame()])).is_empty():
            shares = found.group_by("arm", "split", maintain_order=True).agg(
                accuracy=pl.col("credit").mean(), n=pl.len()
            )
            rows += shares.with_columns(order=pl.lit(order)).to_dicts()
    return rows


def ngram_answers(world: Benchmark, seed: int, texts: Iterable[str], order: int = 4, arm: str = NGRAMS) -> pl.DataFrame:
    """Rows like those of `eval.arms.items.answers`, under the norm `sum`, of the questions with choices; the arm NGRAMS counts up to four
    words in a row of the documents."""
    counts, rows = Counts(texts, order), list[tuple[str, int, str, float]]()
    asked = world.questions.filter(pl.col("choices").list.len() > 1)
    if asked.is_empty():
        return pl.DataFrame()
    for question, stem, choices in asked.select("question_id", "stem", "choices").iter_rows():
        # equal but for rounding is equal
        rows += [(question, number, "sum", round(counts.loglikelihood(stem, c), 9)) for number, c in enumerate(choices)]
    schema = {"item_id": pl.String, "choice": pl.Int64, "norm": pl.String, "value": pl.Float64}
    items = asked.select("question_id", item_id="question_id", arm=pl.lit(arm), seed=pl.lit(seed, dtype=pl.Int64))
    questions = world.questions.with_columns(seed=pl.lit(seed, dtype=pl.Int64))
    return answers_of(pl.DataFrame(rows, schema, orient="row"), items, questions, world.cluster)
