"""The driver: documents to inferences, with an engine between; each table is in the output folder."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from augment.checks.base import NEEDED
from augment.checks.registry import Alone, check_together, verdicts_added
from augment.checks.rules.form import Form
from augment.config import AugmentConfig
from augment.operators.base import Record, two_step
from augment.operators.registry import kind_of, load_operators
from augment.stages.answers import INFERENCES, READ, Round, derived, followed_by, repeated, state
from augment.stages.batches import read_batches, write_batches
from augment.stages.budget import check_budget, spend
from augment.stages.budget import table as spending
from augment.stages.finished import facts_of, is_finished, record_finished
from augment.stages.joining import answered, write_new
from augment.stages.records import records_of
from augment.stages.requests import (
    NO_SENTENCE,
    REQUESTS,
    context_key,
    group_requests,
    merged,
    record_requests,
    sentences_of,
)
from augment.stages.rowwise import Asking, Reading, ask, read
from augment.stages.second_step import follow_answers
from augment.stages.together.contexts import describe, groups
from augment.stages.together.sentence_pairs import pairs
from augment.text.sentences import split_sentences
from augment.text.words import casing
from engine.console import console
from engine.errors import UserError
from engine.pool import EnginePool
from engine.spread import spread
from engine.store.places import Place, join
from engine.store.tables import write_table

BATCH_CHARS = 200_000
"""Characters of documents whose requests are made at a time."""
K = TypeVar("K")


def augment(
    documents: pl.DataFrame,
    pool: EnginePool,
    config: AugmentConfig,
    model: str,
    out: Path,
    answers: Place | None = None,
    reader: EnginePool | None = None,
) -> pl.DataFrame:
    """Write documents, requests, generations/ and inferences into `out`; returns the inferences. Reruns resume.

    The `pool` of `model` writes; checks ask the `reader`, by default the same. Of two pools one has engines at a time.

    Prompts are written and read in batches: memory holds the documents, their answers and ids. A second step adds
    requests-follow and generations-follow/, round N requests-round-N and generations-round-N/; what global operators see
    and leave out is in contexts. Corpora that share answers name one folder `answers` for the generations; at a URL it also takes what
    the engine says in checks.
    """
    answers = answers or out
    facts = facts_of(documents, pool, reader or pool, config, model)
    if not is_finished(out, answers, facts):
        pool.connect()
        rounds = Rounds(pool, config, model, out, answers, reader or pool)
        write_table(out / "documents.parquet", documents)
        write_batches(out / "inferences.parquet", rounds.run(documents), INFERENCES)
        record_finished(out, answers, facts)
    return pl.read_parquet(out / "inferences.parquet", glob=False)


def augment_worlds(
    worlds: Mapping[K, pl.DataFrame],
    pool: EnginePool,
    config: AugmentConfig,
    model: str,
    out: Path,
    reader: EnginePool | None = None,
) -> dict[K, pl.DataFrame]:
    """The inferences of several corpora that share generations: what two of them ask is asked once.

    Each has its tables in out/worlds/KEY; out/requests.parquet holds all requests.
    """
    folders = {key: out / "worlds" / str(key) for key in worlds}
    made = {key: augment(w, pool, config, model, folders[key], out, reader) for key, w in worlds.items()}
    asked = [
        pl.read_parquet(file, glob=False)
        for folder in folders.values()
        for file in sorted(folder.glob("requests*.parquet"))
    ]
    table = pl.concat([pl.DataFrame(schema=REQUESTS), *asked]).unique("request_id", maintain_order=True)
    write_table(out / "requests.parquet", table)
    return made


class Rounds:
    """The rounds of one corpus; what they have in common."""

    def __init__(
        self, pool: EnginePool, config: AugmentConfig, model: str, out: Path, answers: Place, reader: EnginePool
    ):
        self.pool, self.config, self.model, self.out, self.answers = pool, config, model, out, answers
        self.reader, self.checked_at = reader, answers if isinstance(answers, str) else out
        budget, self.configs = config.budget_tokens, [config]
        if budget:
            check_budget(load_operators(config, model), config.rounds)
            # each sample is a request of its own, which may be made or not
            once = {"samples": 1}
            self.configs = [config.model_copy(update=once | {"seed": config.seed + i}) for i in range(config.samples)]
        operators = load_operators(config, model)
        self.operators = [operator for operator in operators if not operator.rule]
        self.rules = [operator for operator in operators if operator.rule]
        self.shown, self.stated = dict[str, Sequence[Record]](), list[Record]()
        self.form, self.asked, self.known = Form(language=config.language), list[Path](), list[str]()

    def run(self, documents: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """The inferences, in tables; a round without anything new is the last."""
        for rule in self.rules:
            yield derived(rule, documents)
        if not self.operators:  # rules ask nothing, and the table says so
            write_table(self.out / "requests.parquet", pl.DataFrame(schema=REQUESTS))
        sentences, number, last = documents, 1, self.config.rounds if self.operators else 0
        while number <= last and not documents.is_empty():
            new = [pl.DataFrame(schema=INFERENCES)]
            for table in self.round(number, documents, sentences):
                yield table
                if number < last:
                    new.append(table.filter("kept"))
            number += 1
            if number <= last:
                sentences, documents = added(pl.concat(new), self.config.language)

    def round(self, number: int, documents: pl.DataFrame, sentences: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Ask about texts, and about the answers of first steps; read and check what comes back."""
        tag = f"-round-{number}" if number > 1 else ""
        if self.reader is not self.pool:
            self.reader.close()
        files, folders = [self.out / f"requests{tag}.parquet"], [join(self.answers, f"generations{tag}")]
        tables = self.tables(number, tag, documents, sentences)
        if not self.write(files[0], tables):
            if number == 1 and not self.rules:
                raise UserError(NO_SENTENCE)
            return
        if self.config.budget_tokens:
            self.spend(files[0], folders[0], self.config.budget_tokens)
        else:
            self.pool.run("generate", files[0], folders[0], f"augment{tag}")
        if any(two_step(type(operator)) for operator in self.operators):
            files.append(self.out / f"requests{tag}-follow.parquet")
            folders.append(join(self.answers, f"generations{tag}-follow"))
            first = answered(files[:1], folders[:1], self.out)
            if self.write(files[1], (merged(follow_answers(t, self.config, self.model)) for t in first)):
                self.pool.run("generate", files[1], folders[1], f"augment{tag}-follow")
        followed = set[str]()
        for file in files:
            for table in read_batches(file, ["operator", "scope", "step", "source_text"]):
                state(self.form, table, self.config.language)
                followed |= followed_by(table)
        asked = pl.scan_parquet(files, glob=False).select("scope", "source_text").unique(maintain_order=True)
        self.known.extend(sentences_of(asked.collect(engine="streaming"), self.config.language))
        of = Round(self.model, number, self.config.language, followed, self.shown)
        alone = Alone(self.config.verify, self.config.language, casing(self.known))
        yield from self.checked(spread(read, answered(files, folders, self.out), Reading(of, alone)), tag)

    def spend(self, requests: Path, out: Place, budget: int) -> None:
        """Generate within the budget, and leave in the file of requests those that were made."""
        form = Form(language=self.config.language)
        for table in read_batches(requests, ["scope", "source_text"]):
            state(form, table, self.config.language)
        spent, made = spend(requests, out, self.pool, self.model, budget, form)
        write_table(self.out / "budget.parquet", spent)
        asked = pl.scan_parquet(requests, glob=False).filter(pl.col("request_id").is_in(made))
        write_table(requests, asked.collect())
        if not self.pool.quiet:
            console.print("\n".join(spending(spent)), markup=False, soft_wrap=True)

    def checked(self, tables: Iterable[pl.DataFrame], tag: str) -> Iterator[pl.DataFrame]:
        """The same inferences (READ) after the checks that need all of them, or the engine."""
        with tempfile.TemporaryDirectory(dir=self.out) as scratch:
            path = Path(scratch) / "read.parquet"
            write_batches(path, tables, READ)
            keys = pl.read_parquet(path, columns=["text_key", "kept"], glob=False)
            reasons = self.form.repeats(keys["text_key"], keys["kept"])
            kept = pl.concat(
                [
                    pl.DataFrame(schema=dict.fromkeys([*NEEDED, "context"], pl.String)),
                    *(
                        table.filter("kept").select(*NEEDED, "context")
                        for table in _repeated(path, reasons, [*NEEDED, "context", "verdicts", "kept", "reason"])
                    ),
                ]
            )
            out, checks = join(self.checked_at, f"verify{tag}"), self.config.verify
            if self.reader is not self.pool:
                self.pool.close()
            found = check_together(kept, self.known, self.reader, out, checks, self.config.language)
            self.known.extend(kept.filter(found["reason"].is_null())["text"])
            yield from verdicts_added(_repeated(path, reasons, list(INFERENCES)), found)

    def tables(self, number: int, tag: str, documents: pl.DataFrame, sentences: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """The requests of the first step of a round: of local operators for some documents at a time, then of global ones."""
        for scope, texts in (("sentence", sentences), ("document", documents)):
            chosen = [operator for operator in self.operators if operator.scope == scope]
            # what a later round is shown are sentences already
            of = Asking(self.config, tuple(self.configs), self.model, scope, split=number == 1 or scope != "sentence")
            yield from spread(ask, _slices(texts), of) if chosen else ()
        for operator in self.operators:
            if operator.scope == "pair":
                # later rounds join what is new with the sentences of the documents, which stand in theirs alone
                new = records_of(operator, documents if number == 1 else sentences, self.model, split=number == 1)
                shown = pairs([*self.stated, *new], self.config, {record.text for record in self.stated})
                self.stated += new if number == 1 else []
                yield from (merged(record_requests(operator, shown, one, self.model)) for one in self.configs)
        chosen = [operator for operator in self.operators if operator.scope == "corpus"]
        if chosen:
            records = records_of(chosen[0], documents, self.model)
            found = list(groups(records, self.config, self.model))
            keys = [context_key(g.context if chosen[0].trained else g.numbered) for g in found]
            self.shown |= {key: group.members for key, group in zip(keys, found, strict=True)}
            for group in found:
                for operator in chosen:
                    for config in self.configs:
                        yield merged(group_requests(operator, group, config, self.model))
            table = describe(zip(keys, found, strict=True), records, self.config)
            write_table(self.out / f"contexts{tag}.parquet", table)
            self.say(table, len(records))

    def write(self, path: Path, tables: Iterable[pl.DataFrame]) -> int:
        """Write requests that no round before made; returns how many."""
        rows = write_new(path, tables, self.asked)
        self.asked.append(path)
        return rows

    def say(self, contexts: pl.DataFrame, texts: int) -> None:
        """Print what global operators leave out."""
        full = contexts.filter(pl.col("reason").is_null())
        share = int(full["left_out"].sum()) / max(1, full.height)
        none = int(contexts.filter(pl.col("reason").is_not_null())["targets"].list.len().sum())
        line = f"contexts: {full.height:,}, each without {share:,.0f} of {texts:,} texts on average; {none:,} documents in none"
        if not self.pool.quiet:
            console.print(line, markup=False, soft_wrap=True)


def _repeated(path: Path, reasons: pl.Series, columns: list[str]) -> Iterator[pl.DataFrame]:
    """Some columns of a file of inferences, with the reasons why rows are repeats."""
    start = 0
    for table in read_batches(path, columns):
        yield repeated(table, reasons[start : start + table.height])
        start += table.height


def added(kept: pl.DataFrame, language: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What a round is applied to: the sentences that the one before added, and their sources with them behind.

    So a document operator can join what is new to what was known.
    """
    sentences, told = list[tuple[str, list[str]]](), dict[str, tuple[list[str], set[str]]]()
    for text, operator, docs, source in kept.select("text", "operator", "doc_ids", "source_text").iter_rows():
        pieces = split_sentences(text, language) if kind_of(operator).long else [text]
        sentences += [(piece, docs) for piece in pieces]
        texts, known = told.setdefault(source, ([source], set()))
        texts.append(text)
        known.update(docs)
    schema: dict[str, Any] = {"text": pl.String, "doc_ids": pl.List(pl.String)}
    documents = [(" ".join(texts), sorted(docs)) for texts, docs in told.values()]
    return pl.DataFrame(sentences, schema, orient="row"), pl.DataFrame(documents, schema, orient="row")


def _slices(texts: pl.DataFrame) -> list[pl.DataFrame]:
    """Rows with about `BATCH_CHARS` characters each time."""
    number = (pl.col("text").str.len_chars().cast(pl.Int64).cum_sum() // BATCH_CHARS).alias("batch")
    return texts.with_columns(number).partition_by("batch", maintain_order=True, include_key=False)
