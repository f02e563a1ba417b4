"""What a benchmark is: a corpus, questions about what it implies, and their gold closure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any, Literal

import polars as pl

from engine.errors import UserError
from engine.store.ids import content_id
from eval.benchmarks.closure import Derivation, Statement, by_kind

SET_A = "reversal_set_a"
"""Split of `celebrities` and `fictional`: reversals whose wrong names were never training targets either."""
QUESTIONS: dict[str, Any] = {
    "question_id": pl.String,
    "benchmark": pl.String,
    "split": pl.String,
    "subtype": pl.String,
    "stem": pl.String,
    "choices": pl.List(pl.String),
    "answer": pl.Int32,
    "needs": pl.List(pl.String),
    "right": pl.List(pl.Int32),
}
"""`answer` is the right choice; `right` lists every choice that counts as right, where that is more than the answer."""


@dataclass(frozen=True)
class Benchmark:
    """One draw of a benchmark (a world), made from a seed."""

    name: str
    documents: pl.DataFrame
    """doc_id, text, source, meta, and `fact`: the fact that a document states."""
    questions: pl.DataFrame
    """See QUESTIONS; `needs` names facts."""
    chance: dict[str, float]
    """Accuracy of guessing, per split."""
    derivations: dict[Statement, Derivation] = field(default_factory=dict)
    """Gold closure: every statement that the corpus states or implies, with its type (a split's name) and the facts of a
    shortest derivation, as sentences."""
    read: Callable[[str], Statement | None] | None = None
    """A sentence as such a statement; None where it is not understood."""
    stated: dict[str, str] = field(default_factory=dict)
    """For questions whose right answer is one sentence: that sentence, to look for it in the augmentation."""
    judged: tuple[str, ...] = ("reversal",)
    """The splits that ask for what the corpus implies and does not say: on them the paper's ordering is judged."""
    cluster: Literal["needs", "subtype", "needs of all seeds"] = "needs"
    """What questions have in common that are right or wrong together: standard errors are clustered by it, within a seed or,
    where all seeds ask the same, over all."""
    judges: dict[str, Callable[[str, str], bool]] = field(default_factory=dict)
    """Where answers are also generated: by the norm that it gives, whether a text written after the stem gives the answer."""
    tells: Callable[[list[str]], Callable[[dict[str, Any]], str | None]] | None = None
    """Where `stated` and `read` know nothing of the questions: from the texts of an augmentation, what says of a question's row
    how they state its answer (one of `eval.measure.leakage.LEAKED`)."""
    say: Callable[[Statement], str | None] | None = None
    """A statement of `derivations` as a sentence; None where another one says more."""
    by_engine: bool = False
    """Whether these are a user's own documents: an engine writes questions in a run (`eval.benchmarks.documents.questions`), and
    all seeds share questions and documents."""

    @property
    def gold(self) -> list[str]:
        """A sentence for everything that the corpus implies and does not state: what a perfect augmentation would hold. Empty without `say`."""
        implied = (statement for statement, (kind, _) in self.derivations.items() if kind != "rephrasing")
        said = map(self.say, implied) if self.say else ()
        return [sentence for sentence in said if sentence]

    @cached_property
    def closure(self) -> dict[str, frozenset[Statement]]:
        """The statements of `derivations` by type."""
        return by_kind(self.derivations)


def mean_chance(worlds: Iterable[Benchmark]) -> dict[str, float]:
    """Accuracy of guessing, per split, over several worlds of one benchmark."""
    chances = [world.chance for world in worlds]
    return {split: sum(chance[split] for chance in chances) / len(chances) for split in chances[0]}


def ready(world: Benchmark) -> Benchmark:
    """The world itself; raises UserError where its questions are yet to be written."""
    if world.by_engine:
        raise UserError(
            f"The questions of the benchmark {world.name} are written during a run: take them from its questions.parquet."
        )
    return world


def question_id(row: dict[str, Any]) -> str:
    """The id of a question is a hash of what is asked: stem, choices and which of them are right."""
    return content_id(row["stem"], row["choices"], row["answer"], row.get("right") or [row["answer"]])


def question_table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as the `questions` table, with their ids; where a row has no `right`, its answer alone is right."""
    table = pl.DataFrame([{"question_id": question_id(row)} | row for row in rows], schema=QUESTIONS)
    return table.with_columns(pl.coalesce("right", pl.concat_list("answer")))


def context(documents: pl.DataFrame, seed: int, per_fact: int | None) -> str:
    """The corpus as one text for in-context learning: documents in random order, one per line.

    `per_fact` keeps that many documents of every fact, drawn at random: the paper subsamples its larger sets because long
    contexts interfere. Every fact stays; which questions are asked plays no part.
    """
    return "\n".join(drawn(documents, seed, per_fact)["text"]) + "\n"


def drawn(documents: pl.DataFrame, seed: int, per_fact: int | None) -> pl.DataFrame:
    """The documents of such a context, in its order."""
    rng = Random(seed)
    order = list(range(documents.height))
    rng.shuffle(order)
    rows = documents[order]
    if per_fact is not None:
        rows = rows.group_by("fact", maintain_order=True).head(per_fact)
        order = list(range(rows.height))
        rng.shuffle(order)
        rows = rows[order]
    return rows
