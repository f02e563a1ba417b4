"""What a run leaves when all is answered: results.json, provenance.json, the reports, and the table on the terminal."""

from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from augment.results.summary import billed
from augment.review.decisions import STORED
from engine.console import console
from engine.store.records import write_json
from engine.store.tables import write_table
from eval.arms.ask import folder_of
from eval.arms.ngrams import ngram_rows
from eval.benchmarks.base import Benchmark, mean_chance
from eval.config import RunConfig
from eval.measure.accuracy import LEADING, per_seed, summarise
from eval.measure.audit import audit, verdicts
from eval.measure.claims import Claim, compare_arms, judge
from eval.measure.gates import as_json
from eval.measure.leakage import leaks, with_and_without
from eval.report.curves import trainings
from eval.report.findings import warnings
from eval.report.page import table_of_arms, write_report
from eval.report.summary import report_data, spent
from eval.runs.abilities import findings
from eval.runs.folder import Clock
from eval.runs.own_documents import FOLDER
from eval.runs.provenance import provenance, teacher_facts
from eval.runs.reviewed import decided
from train.examples.names import is_trained


def finish(
    config: RunConfig,
    run: Path,
    worlds: dict[int, Benchmark],
    inferences: pl.DataFrame,
    answered: pl.DataFrame,
    tokens: dict[str, int],
    clock: Clock,
    gates: pl.DataFrame | None = None,
) -> None:
    """Write results.json, provenance.json and the reports, and print the table of arms."""
    first, chance = next(iter(worlds.values())), mean_chance(worlds.values())
    results: dict[str, Any] = {
        "benchmark": config.benchmark.name,
        "model": config.model,
        "seeds": list(config.seeds),
        "rows": per_seed(answered),
    }
    audited, leakage = _augmentation(run, worlds, inferences, answered)
    results |= {"augmentation": audited | {"train_tokens": tokens}, "seconds": clock.seconds}
    if tokens_asked := spent(run):
        results["tokens"] = tokens_asked
    if people := decided(run):
        results["review"] = people
    if config.augment.teacher and config.augment.prices.given:
        wrote = billed([*sorted(run.glob("generations*")), run / FOLDER / "generations"])
        results["dollars"] = round(config.augment.prices.of(*wrote), 4)
    folders = [(a, s, folder_of(run, a, s)) for s in config.seeds for a in config.arms if is_trained(a)]
    if training := trainings(folders):
        results["training"] = training
    results |= leakage
    if (examples := run / "examples.parquet").is_file():
        results["ngrams"] = ngram_rows(worlds, pl.read_parquet(examples, columns=["arm", "seed", "text"], glob=False))
    if first.by_engine:
        results |= findings(run, answered, config.benchmark, clock.seconds)
    if gates is not None and not gates.is_empty():
        results["gates"] = as_json(gates)
    files = sorted(config.benchmark.data.glob("*.jsonl")) if config.benchmark.data else []
    files += [config.benchmark.own_questions] if config.benchmark.own_questions else []
    data = [*files, run / "documents.parquet", run / "questions.parquet", *run.glob(STORED)]
    origin = provenance(config.model, data, config.seeds, config.adapter)
    if config.augment.teacher:
        origin["teacher"] = teacher_facts(config)
    write_json(run / "provenance.json", origin)
    write_json(run / "results.json", results)
    summary = summarise(answered)
    ordering = judge(
        [
            compared
            for split in first.judged
            for compared in compare_arms(
                answered, chance, split, where=f" on {split}" if first.judged != ("reversal",) else ""
            )
        ]
    )
    write_report(run, report_data(config, worlds, inferences, answered, summary, ordering, results, origin))
    _print(run, table_of_arms(summary, chance), ordering, warnings(results))


def _augmentation(
    run: Path, worlds: dict[int, Benchmark], inferences: pl.DataFrame, answered: pl.DataFrame
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The audit of the augmentation, and the part `leakage` of results.json; both empty without inferences."""
    if inferences.is_empty():
        return {}, {}
    leaked, found = leaks(inferences, worlds), verdicts(inferences, worlds)
    write_table(run / "audit.parquet", found)
    parts = with_and_without(answered.filter(pl.col("norm").is_in(LEADING)), leaked)
    told = parts.filter(pl.col("items") != "all").to_dicts()
    return audit(inferences, worlds, found, leaked), {"leakage": told}


def _print(run: Path, table: Table, ordering: list[Claim], warned: list[str]) -> None:
    Console().print(table)
    for claim in ordering:
        colour = {"shown": "green", "refuted": "red", "undecided": "yellow"}[claim.verdict]
        mark = f"[{colour}]{claim.verdict}[/]"
        if claim.vacuous:
            mark = "[yellow]not counted[/]" if claim.measured else "[yellow]not measured[/]"
        note = f" ({claim.vacuous})" if claim.vacuous and claim.measured else ""
        console.print(f"  {mark}: {claim.text}{note}", soft_wrap=True)
    for warning in warned:
        console.print(f"  [yellow]note[/]: {warning}", soft_wrap=True)
    Console(soft_wrap=True, highlight=False).print(f"report: {run / 'report.html'}")
