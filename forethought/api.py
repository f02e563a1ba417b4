"""The verbs as functions, for notebooks: `from forethought import augment, train, score, evaluate, run`.

Each takes the settings of its verb by the same names, parts as mappings: `--augment.samples 2 --engine.replicas 4` is
`augment={"samples": 2}, engine={"replicas": 4}` (docs/reference.md has all). Each resumes where it was stopped, and raises
`engine.errors.UserError` with one sentence for a mistake.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
from pydantic import ValidationError

from engine.config import EngineConfig, Settings
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.ids import content_id
from engine.store.places import join, place
from engine.store.tables import read_table
from eval.config import RunConfig
from eval.measure.accuracy import summarise
from eval.runs.run import run_job
from forethought.settings import explain, read_yaml
from forethought.terminal import quiet
from forethought.verbs import augment as augment_verb
from forethought.verbs import evaluate as evaluate_verb
from forethought.verbs import train as train_verb
from train.sft.outputs import finished

T = TypeVar("T", bound=Settings)
PathLike = str | Path


@quiet("forethought.augment")
def augment(
    paths: PathLike | Sequence[PathLike], *, model: str = "pico", out: PathLike = "augmented", **settings: Any
) -> pl.DataFrame:
    """Write what documents imply; returns all inferences (text, operator, source_text, doc_ids, kept, reason, ...).

    `out` then holds examples.parquet, to train on, and review.html, to read. Documents that cannot be read are named and
    stand in skipped.parquet.
    """
    several = [paths] if isinstance(paths, PathLike) else paths
    augment_verb.run(
        _settings(augment_verb.Job, paths=[str(path) for path in several], model=model, out=out, **settings)
    )
    return read_table(join(place(out), "inferences.parquet"))


@quiet("forethought.train")
def train(examples: PathLike, *, model: str = "pico", out: PathLike = "adapter", **settings: Any) -> dict[str, Any]:
    """Finetune a model on a file of texts; returns steps, loss (mean), seconds, losses ((step, loss), ...).

    `out` then holds the adapter, or with `train={"method": "full"}` the weights.
    """
    train_verb.run(_settings(train_verb.Job, examples=str(examples), model=model, out=out, **settings))
    return finished(Path(out)) or {}


@quiet("forethought.score")
def score(
    questions: pl.DataFrame | Sequence[Mapping[str, Any]],
    *,
    model: str = "pico",
    adapters: Sequence[PathLike] = (),
    engine: Mapping[str, Any] | None = None,
) -> pl.DataFrame:
    """Let a model, and the model with each adapter, choose: `questions` have `stem`, `choices`, and may have `prefix`.

    A prefix is text in front of the stem, such as the documents themselves. Returns a row per question, adapter (empty: the
    model as it is) and choice: question (its row number), stem, choice, adapter, logprob (of the whole choice, natural
    logarithm) and chosen (the likeliest of the question; null where one could not be scored, error says why).
    """
    table = questions if isinstance(questions, pl.DataFrame) else pl.DataFrame(list(questions))
    if lacking := [name for name in ("stem", "choices") if name not in table.columns]:
        raise UserError(f"score: the questions lack {' and '.join(lacking)}; they have {', '.join(table.columns)}.")
    for folder in map(Path, adapters):
        if not (folder / "adapter_config.json").exists():
            raise UserError(f"{folder} is not an adapter folder: it has no adapter_config.json.")
    asked = table.select(c for c in ("stem", "choices", "prefix") if c in table.columns).with_row_index("question")
    folders = [None, *(str(Path(folder).absolute()) for folder in adapters)]
    items = pl.concat(asked.with_columns(adapter=pl.lit(folder, pl.String)) for folder in folders)
    names = [content_id(*row) for row in items.select("question", "adapter").iter_rows()]
    items = items.with_columns(item_id=pl.Series(names, dtype=pl.String))
    config = _settings(EngineConfig, **(engine or {}))
    with tempfile.TemporaryDirectory() as scratch, EnginePool(model, config) as pool:
        scores = pool.score(items.drop("question"), Path(scratch))
    return _chosen(items, scores)


def _chosen(items: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """The scores beside what was asked, and the likeliest choice of each item."""
    asked = items.with_columns(choice=pl.int_ranges(pl.col("choices").list.len())).explode("choices", "choice")
    found = scores.select("item_id", "choice", pl.col("logprobs").list.sum().alias("logprob"), "error").with_columns(
        pl.when(pl.col("error").is_null()).then("logprob").alias("logprob"), pl.col("choice").cast(pl.Int64)
    )
    joined = asked.join(found, on=["item_id", "choice"], how="left", nulls_equal=True, maintain_order="left")
    whole = pl.col("logprob").is_not_null().all().over("item_id")
    best = pl.when(whole).then(pl.col("logprob") == pl.col("logprob").max().over("item_id"))
    return joined.select(
        "question",
        "stem",
        pl.col("choices").alias("choice"),
        pl.col("adapter").fill_null(""),
        "logprob",
        best.alias("chosen"),
        "error",
    )


@quiet("forethought.evaluate")
def evaluate(model: str = "pico", *, adapter: PathLike | None = None, **settings: Any) -> pl.DataFrame:
    """Measure a model, and an adapter on it, on a benchmark: `benchmark={"name": "reversals"}`.

    Returns accuracy with its 95% interval (low, high) by arm, split and norm; the report is in runs/eval (`out`, `name`).
    """
    job = _settings(evaluate_verb.Job, model=model, adapter=adapter, **settings)
    evaluate_verb.run(job)
    return _accuracy(job.out / job.name)


@quiet("forethought.run")
def run(config: PathLike | None = None, **settings: Any) -> pl.DataFrame:
    """A whole job: augment, train and evaluate every arm, from a YAML file, settings, or both (settings win).

    Returns accuracy with its 95% interval (low, high) by arm, split and norm; the report is in runs/run (`out`, `name`).
    """
    told = read_yaml(Path(config)) if config else {}
    for name, value in settings.items():
        told[name] = told.get(name, {}) | dict(value) if isinstance(value, Mapping) else value
    return _accuracy(run_job(_settings(RunConfig, **told)))


def _accuracy(folder: Path) -> pl.DataFrame:
    return summarise(pl.read_parquet(folder / "answers.parquet", glob=False))


def _settings(config: type[T], **settings: Any) -> T:
    try:
        return config.model_validate(settings)
    except ValidationError as error:
        raise UserError(explain(error, config, "the settings")) from error
