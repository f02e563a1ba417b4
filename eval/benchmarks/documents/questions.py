"""Questions about documents, written and verified by the engine: forward, reversed, and two-step.

The engine is shown sentences and writes a question with a short answer (prompts: `eval/benchmarks/documents/prompts/`). What can be seen without
a model is checked first (`eval.benchmarks.documents.facts.fault`). Then each question gets the answers of others beside its own, and the engine
scores the four choices with the sources in front and without: the right one must be the likeliest with them, and likelier
than without them. Everything rejected is kept with its reason.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import TemplateError

from augment.config import AugmentConfig
from augment.operators.base import Operator, Record
from augment.operators.parsing import own_part
from augment.operators.qa import pairs as pairs_in
from augment.operators.templates import content
from augment.stages.requests import record_requests
from augment.text.words import normal
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.ids import content_id
from engine.store.tables import write_table
from eval.benchmarks.base import question_id, question_table
from eval.benchmarks.documents.choices import add_choices
from eval.benchmarks.documents.facts import Facts, facts_in, fault, pairs, singles
from eval.benchmarks.documents.own import asks
from eval.benchmarks.documents.world import SPLITS
from eval.config import BenchmarkConfig

TRIED = 4
"""Sentences, or pairs, that are asked about for every question wanted."""
MAX_TOKENS = 96
"""Longest question with its answer."""
MADE: dict[str, Any] = {
    **dict.fromkeys(("question_id", "split", "subtype", "question", "right_answer"), pl.String),
    "sources": pl.List(pl.String),
    "needs": pl.List(pl.String),
    "choices": pl.List(pl.String),
    "answer": pl.Int32,
    "with_sources": pl.List(pl.Float64),
    "without": pl.List(pl.Float64),
    "reason": pl.String,
}
"""Log-likelihoods (nats) of the choices with the sources in front and without; `reason` is null for questions that are used."""


class Asker(Operator):
    """An operator that writes one question; its prompt file is that of its split."""

    folder = Path(__file__).parent / "prompts"


def question_requests(facts: Facts, config: BenchmarkConfig, model: str) -> pl.DataFrame:
    """The `requests` table of all splits; `operator` is the split, `doc_ids` are the ids of the sentences.

    Raises UserError where the documents have no sentence to ask about, and for prompts that do not show theirs.
    """
    if config.prompts and not config.prompts.is_dir():
        raise UserError(
            f"benchmark.prompts: there is no folder {config.prompts}; give a folder with prompts such as {SPLITS[0]}.md."
        )
    if not facts.sentences:
        raise UserError(
            "The documents have no sentence to ask about: one needs at least three content words and at most 400 characters."
        )
    settings = AugmentConfig(prompts=config.prompts, temperature=0.0, max_tokens=MAX_TOKENS)
    tables = []
    for split in SPLITS:
        operator = _checked(Asker(split, settings))
        some = (pairs if split == "two-step" else singles)(facts, TRIED * config.questions)
        records = [Record("\n".join(asked.texts), asked.needs) for asked in some]
        tables.append(record_requests(operator, records, settings, model))
    return pl.concat(tables)


def _checked(operator: Asker) -> Asker:
    try:
        shown = content(operator.render(text="\0"))
    except TemplateError as error:
        file = operator.prompt_file(operator.name)
        raise UserError(f"The prompt {file} is not a valid template ({error}); the only variable is text.") from error
    if "\0" not in shown:
        raise UserError(
            f"The prompt {operator.prompt_file(operator.name)} never shows {{{{ text }}}}: put it where it belongs."
        )
    return operator


def make_questions(
    documents: pl.DataFrame,
    config: BenchmarkConfig,
    model: str,
    pool: EnginePool,
    out: Path,
    writer: str | None = None,
    writes: EnginePool | None = None,
) -> pl.DataFrame:
    """Write and verify questions; returns the table MADE, with a row for every request. A rerun resumes.

    `writer`, by its pool `writes`, writes them: by default the `model` itself, which verifies them in any case.
    `out` gets requests.parquet, generations/, scores/ and made.parquet.
    """
    facts = facts_in(documents, config.language)
    requests = question_requests(facts, config, writer or model)
    write_table(out / "requests.parquet", requests)
    generations = (writes or pool).generate(requests, out / "generations", "write questions")
    if writes and writes is not pool:
        writes.close()  # two models may not fit side by side
    rows = candidates(requests, generations, facts)
    add_choices(rows)
    asked = set[str]()
    for row in rows:
        if row["reason"] is None:  # until now they were told apart by what they are made of
            row["question_id"] = question_id(row | {"stem": asks(row["question"])})
            row["reason"] = "duplicate" if row["question_id"] in asked else None
            asked.add(row["question_id"])
    items = items_of(rows, model)
    if not items.is_empty():
        judge(rows, items, pool.score(items.unique("item_id", maintain_order=True), out / "scores", "check questions"))
    used = Counter[str]()
    for row in rows:
        if row["reason"] is None:
            used[row["split"]] += 1
            if used[row["split"]] > config.questions:
                row["reason"] = "more than benchmark.questions"
    made = pl.DataFrame([{name: row.get(name) for name in MADE} for row in rows], schema=MADE)
    write_table(out / "made.parquet", made)
    return made


def candidates(requests: pl.DataFrame, generations: pl.DataFrame, facts: Facts) -> list[dict[str, Any]]:
    """A row for every request, in their order: the question and answer written, or why there is none."""
    found, known = list[dict[str, Any]](), set[tuple[str, str]]()
    columns = ("operator", "doc_ids", "source_text", "text", "finish_reason", "error")
    for row in requests.join(generations, on="request_id", maintain_order="left").select(columns).iter_rows(named=True):
        split, sources = row["operator"], row["source_text"].split("\n")
        question, answer, reason = "", "", None
        if row["error"]:
            reason = f"engine: {row['error']}"
        elif not (written := pair(row["text"] or "")):
            cut = row["finish_reason"] == "length"
            reason = "cut off before its answer" if cut else "the model wrote no question"
        else:
            question, answer = written
            reason = fault(split, question, answer, sources, facts)
            if reason is None and (split, normal(question)) in known:
                reason = "duplicate"
            known.add((split, normal(question)))
        identity = content_id("documents", split, question, answer, row["doc_ids"])
        asked = {"question_id": identity, "split": split, "subtype": question.split()[0].casefold() if question else ""}
        asked |= {"question": question, "right_answer": answer, "sources": sources, "needs": row["doc_ids"]}
        found.append(asked | {"reason": reason})
    return found


QUOTES = "\"'“”‘’ "


def pair(text: str) -> tuple[str, str] | None:
    """The first question of an answer with its answer, without quotes and the mark at its end; None where there is none."""
    question, answer = next(((q, a) for q, a in pairs_in(own_part(text)) if q and a), ("", ""))
    answer = answer.strip(QUOTES).rstrip(".。 ").strip(QUOTES)
    return (question, answer) if answer and answer.upper() != "NONE" else None


def items_of(rows: Sequence[dict[str, Any]], model: str) -> pl.DataFrame:
    """Score items, two per row with choices: with the sources, one per line, in front, and without."""
    found = [
        {
            "item_id": content_id(model, prefix, asks(row["question"]), row["choices"]),
            "question_id": row["question_id"],
            "given": given,
        }
        | {"prefix": prefix, "stem": asks(row["question"]), "choices": row["choices"]}
        for row in rows
        if row["reason"] is None
        for given, prefix in (("with_sources", "".join(f"{s}\n" for s in row["sources"])), ("without", ""))
    ]
    return pl.DataFrame(found)


def judge(rows: Sequence[dict[str, Any]], items: pl.DataFrame, scores: pl.DataFrame) -> None:
    """Give rows their log-likelihoods, and a reason to those that the engine does not confirm."""
    total = pl.when(pl.col("error").is_null()).then(pl.col("logprobs").list.sum()).cast(pl.Float64)
    values = scores.select("item_id", "choice", "error", value=total).sort("choice")
    values = values.group_by("item_id").agg("value", pl.col("error").drop_nulls().first())
    found = {
        (row["question_id"], row["given"]): row
        for row in items.join(values, on="item_id", how="left").iter_rows(named=True)
    }
    for row in rows:
        if row["reason"] is None:
            told, bare = (found[row["question_id"], given] for given in ("with_sources", "without"))
            row |= {"with_sources": told["value"], "without": bare["value"]}
            row["reason"] = unconfirmed(row["answer"], told["value"], bare["value"], told["error"] or bare["error"])


def unconfirmed(answer: int, told: list[float], bare: list[float], error: str | None = None) -> str | None:
    """Why a question is rejected for the likelihoods of its choices with and without its sources; None where it is not."""
    if error:
        return f"not scored: {error}"
    if any(value >= told[answer] for number, value in enumerate(told) if number != answer):
        return "its sources make another choice as likely"
    if bare[answer] >= told[answer]:
        return "the model knows it already: its sources make the answer no likelier"
    return None


def question_rows(made: pl.DataFrame) -> pl.DataFrame:
    """The `questions` table of those that are used."""
    rows = made.filter(pl.col("reason").is_null()).iter_rows(named=True)
    return question_table(
        [
            {"benchmark": "documents", "stem": asks(row["question"]), "right": None}
            | {name: row[name] for name in ("split", "subtype", "choices", "answer", "needs")}
            for row in rows
        ]
    )
