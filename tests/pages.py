"""Every page that Forethought writes, with all its parts, from figures that are made up.

`python tests/pages.py FOLDER` writes them for a look, or for `make axe`.
"""

import json
import sys
from pathlib import Path

import polars as pl
from inference_rows import DOCUMENTS, row, table
from made_up import AUDITED, NAMES, full, made_up

from augment.results.review import write_review
from eval.config import RunConfig
from eval.measure.accuracy import per_seed
from eval.measure.claims import Claim
from eval.report.page import write_report
from forethought.verbs import compare


def training(arms):
    """The part `training` of results.json."""
    return [
        {"arm": arm, "seed": seed, "steps": 40, "seconds": 9.0, "losses": [[10, 3.0], [20, 1.5], [40, 1.0]]}
        | {"validation": [[20, 1.7], [40, 1.2]] if arm == "finetuned+local" else []}
        for arm in arms
        for seed in (0, 1, 2)
    ]


def finished_run(folder: Path, answers: pl.DataFrame, **settings) -> Path:
    """A finished run's folder, as far as `compare` reads it."""
    folder.mkdir(parents=True)
    config = RunConfig.model_validate({"name": folder.name} | settings)
    results = {"benchmark": config.benchmark.name, "model": config.model, "seeds": list(config.seeds)}
    results |= {"rows": per_seed(answers), "augmentation": {"train_tokens": {"finetuned": 9000}}}
    results |= {"seconds": {"generate": 20.0, "train": 61.0, "score": 9.0}, "tokens": {"prompt": 1200, "output": 90}}
    (folder / "config.json").write_text(config.model_dump_json())
    (folder / "results.json").write_text(json.dumps(results))
    (folder / "provenance.json").write_text(json.dumps({"git": {"revision": "0f3c9a1", "diff": "clean"}, "seeds": [0]}))
    answers.write_parquet(folder / "answers.parquet")
    return folder


def all_pages(folder: Path) -> list[Path]:
    """report.html, review.html and compare.html in folders of their own."""
    results = full().results
    results |= AUDITED | {"augmentation": results["augmentation"] | AUDITED["augmentation"]}
    results |= {"training": training(NAMES[2:]), "tokens": {"prompt": 1200, "cached": 900, "output": 90}}
    claims = [
        *full().claims,
        *(Claim(f"claim {n}", "paper", "ours", v, "", 0.1) for n, v in enumerate(("refuted", "undecided", "shown"))),
        Claim("claim 3", "paper", "ours", vacuous="not measured"),
        Claim("claim 4", "paper", "ours", vacuous="there is nothing to reach", difference=0.0),
    ]
    write_report(folder / "report", full(results=results, claims=claims))
    rejected = row(1, kept=False, reason="entailment: unlikely", verdicts='{"format": "ok", "entailment": "unlikely"}')
    (folder / "review").mkdir()
    write_review(folder / "review", table(row(0), rejected), DOCUMENTS, "pico")
    runs = [
        finished_run(folder / name, made_up(norms=("sum",)), train={"steps": n}) for name, n in (("a", 200), ("b", 400))
    ]
    compare.run(compare.Job(runs=tuple(map(str, runs)), html=folder / "compare" / "compare.html"))
    return [folder / f"{name}/{name}.html" for name in ("report", "review", "compare")]


if __name__ == "__main__":
    print("\n".join(map(str, all_pages(Path(sys.argv[1])))))
