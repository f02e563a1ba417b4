"""Finished runs side by side: which settings differ, how accuracies differ and whether that may be chance, what each cost."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from engine.errors import UserError
from eval.measure.accuracy import LEADING, credited, paired_difference, summarise, unpaired_difference
from eval.measure.order import arms_in_order, splits_in_order
from eval.report.contrast import Run, answer, notes, warnings
from eval.report.costs import TOKENS
from eval.report.findings import listed

NORM = "sum"
PASSED = {"name", "out", "model.name"}
"""Settings that always differ, or that stand there twice."""
NEEDED = ("config.json", "results.json", "answers.parquet")


def read_runs(folders: Sequence[str]) -> list[Run]:
    """The runs under names that tell them apart; raises UserError."""
    paths = [Path(folder) for folder in folders]
    if len(paths) < 2:
        raise UserError("compare needs at least two finished runs, such as runs/A runs/B.")
    twice = [
        path for number, path in enumerate(paths) if path.resolve() in [other.resolve() for other in paths[:number]]
    ]
    if twice:
        raise UserError(f"{twice[0]} is given twice: give each run once.")
    plain = [path.resolve().name for path in paths]
    names = plain if len(set(plain)) == len(plain) else [str(path) for path in paths]
    return [_read(path, name) for path, name in zip(paths, names, strict=True)]


def _read(path: Path, name: str) -> Run:
    missing = [file for file in NEEDED if not (path / file).exists()]
    if "config.json" in missing:
        raise UserError(f"{path} is not a run: it has no config.json; give a folder written by `forethought run`.")
    if missing:
        raise UserError(
            f"{path} is not finished (it has no {missing[0]}): `forethought run {path}/config.json` resumes it."
        )
    origin = path / "provenance.json"
    try:
        config, results, known = (
            json.loads(file.read_text("utf-8")) if file.exists() else {}
            for file in (path / "config.json", path / "results.json", origin)
        )
        answers = pl.read_parquet(path / "answers.parquet", glob=False).filter(pl.col("norm").is_in(LEADING))
        answers = answers.with_columns(norm=pl.lit(NORM))  # a question has one of them
    except (ValueError, pl.exceptions.PolarsError) as error:
        raise UserError(f"{path} cannot be read ({' '.join(str(error).split())[:200]}): run it again.") from error
    return Run(name, config, results, known, answers)


def compare(runs: Sequence[Run]) -> dict[str, Any]:
    """All that a comparison shows, as it stands in its JSON file.

    `rows` has a row per split and arm: `accuracy`, of each run a row of `eval.measure.accuracy.summarise` or None, and `difference`, of
    each run but the first its accuracy minus the first's with a 95% interval; `paired` where one run's questions are all
    among the other's: then those are compared one by one that both have answered (`n`). `unpaired` counts the others, of
    each run but the first: asked in one of the two runs only, or scored in one only.
    """
    tables = [summarise(run.answers) for run in runs]
    cells = [{(row["split"], row["arm"]): row for row in table.to_dicts()} for table in tables]
    keys = {key for run in cells for key in run}
    rows = []
    for split in splits_in_order([split for split, _ in keys]):
        for arm in arms_in_order([arm for part, arm in keys if part == split]):
            known = [run.get((split, arm)) for run in cells]
            gaps = [
                _difference(runs[0], run, split, arm, known[0], row)
                for run, row in zip(runs[1:], known[1:], strict=True)
            ]
            alone = [_unpaired(runs[0], run, split, arm) for run in runs[1:]]
            rows.append({"split": split, "arm": arm, "accuracy": known, "difference": gaps, "unpaired": alone})
    return {
        "title": f"{listed([run.name for run in runs])}, side by side",
        "runs": [
            {"name": run.name, "benchmark": run.results["benchmark"], "model": run.results["model"]} for run in runs
        ],
        "answer": answer(runs, rows),
        "warnings": warnings(runs),
        "notes": notes(runs, rows),
        "settings": settings(runs),
        "rows": rows,
        "cost": costs(runs),
    }


def _difference(
    first: Run, other: Run, split: str, arm: str, a: dict[str, Any] | None, b: dict[str, Any] | None
) -> dict[str, Any] | None:
    if not (a and b and a["n"] and b["n"]):
        return None
    tables = [run.answers.filter(split=split, arm=arm) for run in (first, other)]
    asked = [set(table.select("seed", "question_id").iter_rows()) for table in tables]
    gap = None
    if asked[0] <= asked[1] or asked[1] <= asked[0]:
        named = zip(tables, ("first", "other"), strict=True)
        both = pl.concat([table.with_columns(arm=pl.lit(name)) for table, name in named], how="diagonal_relaxed")
        gap = paired_difference(both, "other", "first", split, NORM)
    paired = gap is not None
    gap = gap or unpaired_difference(b, a)
    return {"difference": gap.difference, "low": gap.low, "high": gap.high, "n": gap.n, "paired": paired}


def _unpaired(first: Run, other: Run, split: str, arm: str) -> int:
    """Questions that one of two runs has a score for, and the other has not."""
    tables = [credited(run.answers.filter(split=split, arm=arm)).drop_nulls("credit") for run in (first, other)]
    scored = [set(table.select("seed", "question_id").iter_rows()) for table in tables]
    return len(scored[0] ^ scored[1])


def settings(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Settings and facts of provenance that differ between the runs: setting, and values as text, one per run."""
    known = [dict(_flat(run.origin)) | dict(_flat(run.config)) for run in runs]
    names = dict.fromkeys(name for one in known for name in one)
    rows = [{"setting": name, "values": [one.get(name, "–") for one in known]} for name in names if name not in PASSED]
    order = {name: number for number, name in enumerate(dict(_flat(runs[0].config)))}
    return sorted(
        (row for row in rows if len(set(row["values"])) > 1), key=lambda row: order.get(row["setting"], len(order))
    )


def _flat(record: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested mappings as ("train.steps", "200") pairs."""
    pairs: list[tuple[str, str]] = []
    for key, value in record.items():
        if isinstance(value, dict):
            pairs += _flat(value, f"{prefix}{key}.")
        else:
            told = ", ".join(map(str, value)) if isinstance(value, list) else "none" if value is None else str(value)
            pairs.append((prefix + key, told))
    return pairs


def costs(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Seconds per stage, tokens of the augmentation and training tokens per seed: what, unit, values (None: not known)."""
    seconds = [run.results.get("seconds") or {} for run in runs]
    rows = [
        {"what": f"time to {stage}", "unit": "seconds", "values": [one.get(stage) for one in seconds]}
        for stage in dict.fromkeys(s for one in seconds for s in one)
    ]
    rows.append({"what": "total time", "unit": "seconds", "values": [math.fsum(one.values()) for one in seconds]})
    asked = [run.results.get("tokens") or {} for run in runs]
    rows += [
        {"what": name.lower(), "unit": "tokens", "values": [one.get(key) for one in asked]}
        for key, name in TOKENS.items()
    ]
    trained = [(run.results.get("augmentation") or {}).get("train_tokens") or {} for run in runs]
    arms = arms_in_order([arm for one in trained for arm in one])
    rows += [
        {"what": f"{arm}: tokens trained on, per seed", "unit": "tokens", "values": [one.get(arm) for one in trained]}
        for arm in arms
    ]
    return [row for row in rows if any(value is not None for value in row["values"])]
