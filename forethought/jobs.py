"""The single stages as jobs: augment, train, eval, score."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import Field
from rich.markup import escape

from augment.config import AugmentConfig
from engine.config import EngineConfig, Settings
from engine.console import console, log_to, say
from engine.errors import UserError
from engine.store.tables import write_table
from eval.config import BenchmarkConfig, RunConfig
from train.config import TrainConfig

if TYPE_CHECKING:
    from forethought.cli import AugmentJob, ScoreJob, TrainJob


class EvalJob(Settings):
    """Measure a model on a benchmark: without context, with the corpus in context, and with an adapter."""

    model: str = "pico"
    """pico (embedded), a folder saved by save_pretrained, or a hub name."""
    adapter: Path | None = None
    """A LoRA adapter to measure too, as the arm `finetuned`."""
    name: str = "eval"
    """Name of the run; results go to OUT/NAME."""
    out: Path = Path("runs")
    """Folder of runs."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Worlds of the benchmark; an adapter is measured on the worlds that it was trained on only if these name them."""
    benchmark: BenchmarkConfig = BenchmarkConfig()
    engine: EngineConfig = Field(default_factory=EngineConfig)


MUCH = 0.25
"""Share of padding that bucketing can spare from which a dry run says so."""


def augment_job(job: "AugmentJob") -> int:
    """Documents to inferences, examples in the forms asked for, and review.html in the output folder.

    Returns the exit status: 3 where some documents were left out, which are named and stand in skipped.parquet.
    """
    from augment.operators.base import load_operators
    from augment.reading.corpus import read_corpus
    from augment.results.review import write_review
    from augment.stages.estimate import calibrate
    from augment.stages.requests import prompt_chars
    from augment.stages.rounds import augment, make_requests
    from augment.text.passages import drop_repeated
    from engine.pool import EnginePool
    from eval.runs.plan import print_estimate

    if not job.paths:
        raise UserError("augment: name at least one file or folder of documents.")
    load_operators(job.augment)
    corpus = read_corpus(job.paths, job.text_column)
    general = read_corpus([job.replay]) if job.replay else None
    name_skipped(corpus.skipped + (general.skipped if general else []))
    documents = corpus.documents
    if job.drop_repeated:
        documents, repeated = drop_repeated(documents, job.drop_repeated)
        say(f"{repeated.height:,} repeated paragraphs dropped")
    if job.dry_run:
        requests = make_requests(documents, job.augment, job.model)
        silent = unasked(documents, requests)
        prompt = prompt_chars(requests) // 4
        say(
            f"{documents.height:,} documents, {requests.height:,} requests of {job.augment.samples} samples: about "
            f"{prompt:,} prompt tokens (characters / 4) and at most "
            f"{requests.height * job.augment.samples * job.augment.max_tokens:,} new tokens"
        )
        if job.calibrate:
            with tempfile.TemporaryDirectory() as scratch, EnginePool(job.model, job.engine, quiet=True) as pool:
                found = calibrate(requests, job.augment, job.model, pool, Path(scratch), job.calibrate)
            print_estimate(found, requests.height, job.augment, job.engine)
        return 3 if corpus.left_out or silent else 0
    out = job.out.absolute()
    with EnginePool(job.model, job.engine) as pool:
        log_to(out / "log.txt")
        inferences = augment(documents, pool, job.augment, job.model, out)
    silent = unasked(documents, pl.read_parquet(out / "requests.parquet", columns=["doc_ids"]))
    skipped = pl.DataFrame(corpus.skipped + silent, schema={"source": pl.String, "reason": pl.String}, orient="row")
    write_table(out / "skipped.parquet", skipped)
    if job.drop_repeated:
        write_table(out / "repeated.parquet", repeated)
    write_review(out, inferences, documents, job.model, job.augment.seed)
    kept = int(inferences["kept"].sum())
    say(f"{inferences.height:,} inferences from {documents.height:,} documents, {kept:,} kept")
    reasons = inferences.filter(~pl.col("kept"))["reason"].str.split(":").list.first()
    for reason, count in reasons.value_counts(sort=True).head(6).rows():
        say(f"  {count:,} rejected: {escape(reason)}")
    for text, source in inferences.filter("kept").select("text", "source_text").head(3).rows():
        say(f"  [dim]{escape(source)}[/]\n    -> {escape(text)}")
    files = write_examples(job, out, documents, inferences, general.documents if general else None)
    say(f"wrote {job.out}: inferences.parquet, review.html, {', '.join(files)}")
    say(f"next: forethought train {job.out / 'examples.parquet'} --model {job.model}")
    return 3 if corpus.left_out or silent else 0


def unasked(documents: pl.DataFrame, requests: pl.DataFrame) -> list[tuple[str, str]]:
    """Name the documents that no request is about; returns their (source, reason). Rules, which ask nothing, pass over none."""
    if requests.is_empty():
        return []
    asked = requests["doc_ids"].explode().unique().implode()
    reason = "no sentence to ask about, only headings, tables or code; it stays among the examples"
    silent = [(source, reason) for source in documents.filter(~pl.col("doc_id").is_in(asked))["source"]]
    name_skipped(silent)
    return silent


def name_skipped(skipped: list[tuple[str, str]]) -> None:
    """Name what was left out, each on a line with its reason."""
    for source, reason in skipped:
        say(f"[yellow]skipped[/] {escape(source)}: {escape(reason)}")


def write_examples(
    job: "AugmentJob", out: Path, documents: pl.DataFrame, inferences: pl.DataFrame, general: pl.DataFrame | None
) -> list[str]:
    """Split, mix and write the examples: first the validation set, then copies and replayed text for training alone."""
    from augment.results.card import write_data_set
    from augment.results.outputs import write_outputs
    from augment.results.shared import shared_statements
    from engine.store.places import remove
    from train.examples.arms import inferred, originals
    from train.examples.mixture import mixed, replayed, split

    seed, language = job.augment.seed, job.augment.language
    examples = pl.concat([originals(documents), inferred(inferences)])
    groups = shared_statements(documents, inferences, language) if job.validation else []
    training, validation = split(examples, groups, job.validation, seed)
    if job.mix is not None:
        training = mixed(training, job.mix, seed, job.mix_by)
    remove(out / "replay.parquet")
    if general is not None:
        general = general.filter(~pl.col("doc_id").is_in(documents["doc_id"].implode()))
        rows = replayed(training, general, job.replay_share, seed)
        write_table(out / "replay.parquet", general.filter(pl.col("doc_id").is_in(rows["doc_ids"].explode().implode())))
        training = pl.concat([training, rows])
    splits = {"train": training, "validation": validation}
    files = write_outputs(out, splits, job.formats)
    for name, table in splits.items():
        counts = [f"{count:,} {origin}" for origin, count in table["origin"].value_counts(sort=True).rows()]
        if counts:
            say(f"{name}: {table.height:,} examples ({', '.join(counts)})")
    if "hub" in job.formats:
        requests = pl.read_parquet(out / "requests.parquet")
        write_data_set(out / "hub", splits, inferences, requests, job.model)
        files.append("hub/")
    return files


def train_job(job: "TrainJob") -> None:
    """Examples to an adapter or weights in the output folder."""
    from engine.models import check_model, resolve_model
    from train.examples.arms import read_examples
    from train.sft.job import train
    from train.sft.jobs import watched

    if not job.examples:
        raise UserError("train: name the file of examples (.parquet or .jsonl with a column text).")
    model = resolve_model(job.model)
    examples = read_examples(Path(job.examples)).filter(pl.col("text").str.strip_chars() != "")
    if examples.is_empty():
        raise UserError(f"{job.examples} has no row with text.")
    if job.dry_run:
        say_training(model, examples, job.train)
        return
    log_to(job.out / "log.txt")
    with watched({"train": job.out}, console):
        result = train(check_model(model), examples, job.train, job.seed, job.out, read_validation(job.validation))
    say(f"{result['steps']} steps in {result['seconds']:.0f} s, mean loss {result['loss']:.2f}; wrote {job.out}")


def read_validation(path: Path | None) -> pl.DataFrame | None:
    """The texts on which to see when to stop."""
    from train.examples.arms import read_examples

    return read_examples(path) if path else None


def say_training(model: str, examples: pl.DataFrame, config: TrainConfig) -> None:
    """Print steps, tokens and the memory that a worker needs, beside what is free."""
    from transformers import AutoTokenizer

    from train.sft.data import padding, rows_of, steps_of
    from train.sft.job import has_gpu
    from train.sft.memory import ADVICE, available, estimate

    rows, gpu = rows_of(examples, AutoTokenizer.from_pretrained(model), config), config.gpu or has_gpu()
    lengths = [len(ids) for ids in rows["input_ids"]]
    needed, free = estimate(model, config, max(lengths, default=1), gpu), available(gpu)
    say(
        f"{examples.height:,} examples, {sum(lengths):,} tokens in {len(rows):,} rows, {steps_of(len(rows), config):,} steps "
        f"of {config.batch}, {config.method}: about {needed:.1f} GiB per worker; {free:.1f} GiB are free here"
    )
    if not config.bucketing and len(rows) >= 2 * config.batch:
        wasted, saved = (padding(lengths, config.model_copy(update={"bucketing": on})) for on in (False, True))
        if wasted - saved > MUCH:
            say(
                f"[yellow]note[/]: {wasted:.0%} of what is computed is padding, as examples differ in length: with "
                f"--train.bucketing, which draws like lengths together, {saved:.0%}"
            )
    if needed > free:
        say(f"[yellow]note[/]: that is more than is free: {ADVICE}")


def score_job(job: "ScoreJob") -> None:
    """Score a table of items."""
    from engine.pool import EnginePool
    from train.examples.arms import read_rows

    path = Path(job.items)
    if not job.items or not path.exists():
        raise UserError(
            f"score: there is no file {job.items!r}; name a .parquet or .jsonl with item_id, stem, choices."
        )
    table = read_rows(path)
    if "choices" in table.columns and table["choices"].dtype != pl.List(pl.String):
        raise UserError(f"{path}: the column choices must hold lists of texts, not {table['choices'].dtype}.")
    with EnginePool(job.model, job.engine) as pool:
        scores = pool.score(table, job.out)
    errors = int(scores["error"].is_not_null().sum())
    say(f"{scores.height:,} choices scored, {errors:,} of them errors; wrote {job.out}")


def eval_job(job: EvalJob) -> None:
    """Score the arms pretrained, icl and, with an adapter, finetuned; results like a run's."""
    from augment.stages.rounds import INFERENCES
    from engine.pool import EnginePool
    from eval.arms.items import answers, items
    from eval.benchmarks.registry import load
    from eval.runs.own_documents import check, with_questions
    from eval.runs.run import Clock, finish, open_run, stacked

    if job.adapter and not (job.adapter / "adapter_config.json").exists():
        raise UserError(f"{job.adapter} is no adapter folder: it has no adapter_config.json.")
    adapters = {"finetuned": job.adapter.absolute()} if job.adapter else {}
    arms = ("pretrained", "icl", *adapters)
    shared: dict[str, Any] = {
        "name": job.name,
        "out": job.out,
        "seeds": job.seeds,
        "benchmark": job.benchmark,
        "engine": job.engine,
    }
    config = RunConfig(model=job.model, arms=arms, augment=AugmentConfig(), **shared)
    worlds = {seed: load(config.benchmark, seed) for seed in config.seeds}
    if by_engine := next(iter(worlds.values())).by_engine:
        check(config, worlds[config.seeds[0]])
    with EnginePool(config.model, config.engine) as pool:
        run = open_run(config)
        log_to(run / "log.txt")
        clock, before = Clock(run), dict(pool.seconds)
        if by_engine:
            worlds = with_questions(config, worlds, pool, run)
            before = clock.engine(pool, before, {"generate": "questions", "score": "questions"})
        asked = pl.concat(
            items(world, arm, seed, adapters.get(arm), config.benchmark.per_fact, config.model)
            for arm in arms
            for seed, world in worlds.items()
        )
        scores = pool.score(asked, run / "scores")
        clock.add("score", pool.seconds["score"] - before["score"])
    questions = stacked([w.questions for w in worlds.values()], worlds)
    for name, table in (
        ("documents", stacked([w.documents for w in worlds.values()], worlds)),
        ("questions", questions),
    ):
        write_table(run / f"{name}.parquet", table)
    answered = answers(scores, asked, questions, next(iter(worlds.values())).cluster)
    write_table(run / "answers.parquet", answered)
    finish(config, run, worlds, pl.DataFrame(schema=INFERENCES), answered, {}, clock)
