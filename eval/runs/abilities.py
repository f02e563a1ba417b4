"""What a run on own documents says of each question: which arm answers it, whether the bare model knew it, and what it all cost."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from engine.store.parts import parts
from engine.store.tables import write_table
from eval.arms.marking import FILE as JUDGE
from eval.benchmarks.documents.own import FREE, OWN, own_questions, question_in
from eval.benchmarks.documents.review import counts
from eval.config import BenchmarkConfig
from eval.measure.accuracy import LEADING
from eval.measure.known import KNOWN, known_apart, known_questions
from eval.measure.order import arms_in_order
from eval.runs.own_documents import FOLDER

TABLE = "own-answers.parquet"
"""All of the user's own questions, with what each arm answered: the report shows some."""


def findings(
    run: Path, answered: pl.DataFrame, config: BenchmarkConfig, seconds: Mapping[str, float]
) -> dict[str, Any]:
    """What results.json says of a run on own documents: `questions` per split, `own`, `answered`, `known`, `judge` and `cost`."""
    known = known_questions(answered)
    told = abilities(answered, known)
    found: dict[str, Any] = {"questions": [], "answered": told, "cost": cost(run, seconds)}
    if config.questions:
        found["questions"] = counts(pl.read_parquet(run / FOLDER / "made.parquet", glob=False))
    if config.own_questions:
        own = own_questions(config.own_questions)
        order = {question_in(stem): number for number, stem in enumerate(own.questions["stem"])}
        mine = sorted((row for row in told if row["own"]), key=lambda row: order[row["question"]])
        found["answered"] = [*mine, *(row for row in told if not row["own"])]
        write_table(run / TABLE, _table(mine))
        found["own"] = {"asked": own.questions.height, "free": own.free, "left_out": len(own.left_out), "table": TABLE}
        found["known"] = known_apart(answered.filter(pl.col("split").str.starts_with(OWN)), known)
    if (run / JUDGE).exists():
        found["judge"] = json.loads((run / JUDGE).read_text(encoding="utf-8"))
    return found


def abilities(answered: pl.DataFrame, known: Mapping[str, bool] | None = None) -> list[dict[str, Any]]:
    """A row per question that all arms were asked: split, question, right, own (of the user), free, known (whether the bare model
    answers it; null where that is not known), and per arm how often it was right, and what else it chose or wrote (`arms`:
    {arm: {"right": times, "of": seeds, "chosen": a wrong answer or null, "judge": times or null}}), in the leading norms.
    """
    rows = list[dict[str, Any]]()
    leading = answered.filter(pl.col("correct").is_not_null(), pl.col("norm").is_in(LEADING))
    judge = answered.filter(norm="judge") if "written" in answered.columns else answered.clear()
    said = {
        (row["question_id"], row["arm"]): row["said"]
        for row in judge.group_by("question_id", "arm").agg(said=pl.col("correct").sum()).to_dicts()
    }
    for _, some in leading.sort("question_id", "arm", "seed").group_by("question_id", maintain_order=True):
        first = some.row(0, named=True)
        row = {"split": first["split"], "question": question_in(first["stem"])}
        row |= {"right": first["choices"][first["answer"]].strip(), "own": first["split"].startswith(OWN)}
        row |= {"free": first["split"].endswith(FREE), KNOWN: (known or {}).get(first["question_id"]), "arms": {}}
        for arm in arms_in_order(some["arm"].to_list()):
            own = some.filter(arm=arm)
            wrong = next(map(_said, own.filter(~pl.col("correct")).to_dicts()), None)
            row["arms"][arm] = {"right": int(own["correct"].sum()), "of": own.height, "chosen": wrong}
            if (verdict := said.get((first["question_id"], arm))) is not None:
                row["arms"][arm]["judge"] = int(verdict)
        rows.append(row)
    return rows


def _said(row: Mapping[str, Any]) -> str:
    """What was chosen, or written."""
    return row["choices"][row["chosen"]].strip() if row["chosen"] is not None else (row.get("written") or "").strip()


def _table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A row per question: what it asks, and per arm the times that it was right and what else it answered."""
    plain = ("split", "question", "right", "free", KNOWN)
    flat = []
    for row in rows:
        arms = {f"{arm}: {name}": value for arm, told in row["arms"].items() for name, value in told.items()}
        flat.append({name: row[name] for name in plain} | arms)
    return pl.DataFrame(flat, infer_schema_length=None)


def cost(run: Path, seconds: Mapping[str, float]) -> list[dict[str, Any]]:
    """Of writing questions and of the augmentation: requests, prompt tokens, those reused from the cache, new tokens, seconds."""
    rows = []
    for stage, folders, clocks in (
        ("questions", [run / FOLDER / "generations"], ("questions",)),
        ("augmentation", sorted(run.glob("generations*")), ("generate", "check")),
    ):
        files = [part for folder in folders for part in parts(folder)]
        if files:
            sums = pl.scan_parquet(files, glob=False).select(
                pl.len().alias("requests"), pl.col("prompt_tokens", "cached_tokens", "output_tokens").sum()
            )
            spent = round(sum(seconds.get(clock, 0.0) for clock in clocks), 2)
            rows.append({"stage": stage} | sums.collect().row(0, named=True) | {"seconds": spent})
    return rows
