"""`forethought augment`: documents in, inferences and examples out."""

import contextlib
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
import tyro
from pydantic import Field

from augment.config import AugmentConfig
from augment.operators.registry import load_operators
from augment.reading.corpus import read_corpus
from augment.results.review import write_review
from augment.results.skipped import name_skipped, unasked, write_skipped
from augment.results.summary import billed, say_outcome, say_review, say_spent, say_summary
from augment.review.reviewed import known_decisions, review
from augment.stages.estimate import calibrate
from augment.stages.plan import print_estimate, say_requests
from augment.stages.requests import make_requests
from augment.stages.rounds import augment
from augment.teacher import Writer, say_writer, writer_of
from augment.text.passages import drop_repeated
from engine.config import EngineConfig, Settings
from engine.console import log_to, say
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.copies import local_folder, shown
from engine.store.owner import OWNED, owned
from engine.store.places import Place, check_writable, join, names, place
from engine.store.tables import write_table
from train.examples.assemble import Recipe, write_examples


class Job(Settings):
    """Write what documents imply: inferences with provenance, and examples to train on.

    Documents that cannot be read or contain no sentence are skipped; the reasons are printed and saved in skipped.parquet.
    Exit status 0: everything was read and answered. 2: the request was wrong. 3: documents were skipped, the engine could not
    answer, or no inference was kept.
    """

    paths: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Files, folders or URLs (s3://...): .jsonl, .ndjson, .json, .parquet, .csv, .tsv, .md, .html, .txt, .rst, .org, and with the extra
    `documents` also .pdf, .docx, .pptx, .xlsx, .epub. Hidden files are ignored. hf:NAME (or hf:NAME@CONFIG:SPLIT) is a data set on the hub."""
    model: str = "pico"
    """The model that will be trained, which also writes and checks the inferences: pico (embedded), a folder saved by save_pretrained,
    or a hub name. With --teacher, the teacher writes them."""
    out: Path = Path("augmented")
    """Folder or URL for the results; repeating the command resumes."""
    text_column: str | None = None
    """For tables: the column with the text."""
    formats: tuple[Literal["text", "prompt-completion", "messages", "hub"], ...] = ("text",)
    """Formats in which to write the examples, besides examples.parquet; docs/outputs.md lists which trainer reads which."""
    system: str = ""
    """System prompt at the start of each example in the format `messages`."""
    mix: float | None = Field(default=None, gt=0, lt=1)
    """Share of documents among all rows (documents and inferences); by default every row is used once."""
    mix_by: Literal["repeat", "sample"] = "repeat"
    """How to reach `mix`: repeat rows of the scarcer kind, or leave out rows of the other (sample)."""
    replay: str | None = None
    """File or folder of general text to mix in, to reduce forgetting."""
    replay_share: float = Field(default=0.1, gt=0, lt=1)
    """Share of replayed text in the training examples, counted in characters."""
    validation: float = Field(default=0, ge=0, lt=1)
    """Share of examples for validation; documents that share a sentence or an inference stay on the same side of the split."""
    drop_repeated: int | None = Field(default=None, ge=1)
    """Keep only the first copy of a paragraph (of 100 characters or more), such as a header or licence, that appears verbatim in more
    than this many documents; repeated.parquet lists what was dropped. By default all paragraphs are kept."""
    dry_run: bool = False
    """Only print what would be done."""
    calibrate: int | None = Field(default=None, ge=1)
    """With dry_run: make this many requests (512 is a good number) and extrapolate tokens, time and yield."""
    augment: AugmentConfig = AugmentConfig()
    engine: EngineConfig = EngineConfig()


def run(job: Job) -> int:
    """Documents to inferences, examples in the forms asked for, and review.html in the output folder.

    Returns the exit status: 3 where some documents were left out, which are named and stand in skipped.parquet, where the
    engine could not answer, and where no inference was kept.
    """
    at = place(job.out)
    with local_folder(at, apart=("generations", "verify", OWNED)) as (out, answers), contextlib.ExitStack() as held:
        try:
            return _run(job, out, answers, held)
        finally:
            if out != at:  # the copy goes, and its log with it
                log_to(None)


def _run(job: Job, out: Path, answers: Place, held: contextlib.ExitStack) -> int:
    """The job with its tables in `out`, a copy of the folder where that is at a URL, and what engines say at `answers`, which it owns
    from before its first file until `held` ends."""
    if not job.paths:
        raise UserError("augment: give at least one file or folder of documents.")
    if job.system and "messages" not in job.formats:
        raise UserError(
            "augment: --system only applies to the format messages: add messages to --formats, or remove --system."
        )
    writer = writer_of(job.augment, job.model, job.engine)
    load_operators(writer.config, writer.model)
    say_writer(writer, job.augment, job.model)
    corpus = read_corpus(job.paths, job.text_column)
    general = read_corpus([job.replay]) if job.replay else None
    name_skipped(corpus.skipped + (general.skipped if general else []))
    documents, named = corpus.documents, shown(job.out)
    if job.drop_repeated:
        documents, repeated = drop_repeated(documents, job.drop_repeated)
        say(f"dropped {repeated.height:,} repeated paragraphs")
    known_decisions(job.augment, out)  # their mistakes come before any work
    if job.dry_run:
        check_writable(answers)
        return 3 if _foreseen(job, writer, documents) or corpus.left_out else 0
    with EnginePool(job.model, job.engine) as student, writer.opened(student) as pool:
        check_writable(answers)
        held.enter_context(owned(answers))
        log_to(out / "log.txt")
        checked = augment(documents, pool, writer.config, writer.model, out, answers, student)
    reviewed = review(checked, documents, job.augment, out)
    inferences = reviewed.inferences
    silent = unasked(
        documents, pl.read_parquet(out / "requests.parquet", columns=["doc_ids", "source_text"], glob=False)
    )
    name_skipped(silent)
    write_skipped(out, corpus.skipped + silent)
    if job.drop_repeated:
        write_table(out / "repeated.parquet", repeated)
    write_review(out, reviewed.checked, documents, writer.where, job.augment.seed, reviewed.decisions.values())
    say_summary(documents, inferences)
    say_review(reviewed.lines)
    if not writer.student:
        say_spent(
            billed([join(answers, name) for name in sorted(names(answers)) if name.startswith("generations")]),
            job.augment.prices,
        )
    recipe = Recipe(
        formats=job.formats,
        mix=job.mix,
        mix_by=job.mix_by,
        replay_share=job.replay_share,
        validation=job.validation,
        seed=job.augment.seed,
        language=job.augment.language,
        system=job.system,
    )
    files = write_examples(
        out, documents, inferences, general.documents if general else None, recipe, writer.model, reviewed.lines
    )
    say(f"wrote {named}: inferences.parquet, review.html, {', '.join(files)}")
    fine = say_outcome(inferences)
    if inferences["kept"].any():
        say(f"next: forethought train {join(named, 'examples.parquet')} --model {job.model}")
    return 0 if fine and not corpus.left_out and not silent else 3


def _foreseen(job: Job, writer: Writer, documents: pl.DataFrame) -> bool:
    """Say what would be done; returns whether some documents would be left out."""
    requests = make_requests(documents, writer.config, writer.model)
    silent = unasked(documents, requests)
    name_skipped(silent)
    say_requests(documents, requests, job.augment)
    if job.calibrate:
        with (
            tempfile.TemporaryDirectory() as scratch,
            EnginePool(job.model, job.engine, quiet=True) as student,
            writer.opened(student, quiet=True) as pool,
        ):
            found = calibrate(requests, writer.config, writer.model, pool, Path(scratch), job.calibrate, student)
        print_estimate(found, requests.height, job.augment, writer.engine)
    return bool(silent)
