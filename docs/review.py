"""Review in a real browser, from documents to examples: `make review`, or `python docs/review.py FOLDER`.

Augments a small corpus with the embedded model, has a browser make fifty decisions on review.html (docs/review.mjs), augments again with
the file that it saved, and once more without: the decisions must be in the tables and stay. Needs what docs/review.mjs needs; ends with
status 1 where something is not as it should be.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polars as pl

from engine.console import say
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig
from forethought import augment

HERE = Path(__file__).parent


def write_corpus(folder: Path) -> None:
    """Comparisons of nonsense words, which the embedded model understands, a file each."""
    folder.mkdir(parents=True)
    world = load(BenchmarkConfig(size="small", facts=25, articles=1), 0)
    for number, text in enumerate(world.documents["text"]):
        (folder / f"{number:02}.txt").write_text(text, encoding="utf-8")


def compare(before: pl.DataFrame, after: pl.DataFrame, decisions: list[dict[str, str]], examples: pl.DataFrame) -> None:
    """Assert that every decision is in the tables, and that nothing else but chosen thresholds changed a row."""
    was, now = ({row["inference_id"]: row for row in table.to_dicts()} for table in (before, after))
    trained = dict(examples.filter(origin="operator").select("example_id", "text").rows())
    for one in decisions:
        row, old = now[one["inference_id"]], was[one["inference_id"]]
        said = json.loads(row["verdicts"])
        assert said["review"].startswith({"keep": "kept", "reject": "rejected", "edit": "edited"}[one["decision"]])
        assert row["kept"] == (row["inference_id"] in trained)
        assert said.get("reason before review") == old["reason"]
        match one["decision"]:
            case "reject":
                assert not row["kept"]
                assert row["reason"] == (old["reason"] or "rejected in review")
            case "keep":
                assert row["kept"]
                assert row["text"] == old["text"] == trained[row["inference_id"]]
            case "edit" if row["kept"]:
                assert said["text before review"] == old["text"]
                assert row["text"] == one["text"].strip() == trained[row["inference_id"]]
            case "edit":
                assert row["reason"].startswith("edited in review: ")
    decided = {one["inference_id"] for one in decisions}
    moved = [row for i, row in now.items() if i not in decided and row != was[i]]
    assert all("threshold of review" in row["verdicts"] for row in moved)


def main(folder: Path) -> None:
    """The whole way."""
    shutil.rmtree(folder, ignore_errors=True)
    write_corpus(folder / "notes")
    settings = {"paths": folder / "notes", "out": folder / "augmented", "augment": {"samples": 2}}
    before = augment(**settings)
    page = folder / "augmented" / "review.html"
    subprocess.run(["node", HERE / "review.mjs", page, folder / "browser"], check=True, env=os.environ)
    file = folder / "browser" / "decisions.jsonl"
    decisions = [json.loads(line) for line in file.read_text().splitlines()]
    after = augment(**settings | {"augment": {"samples": 2, "decisions": [file]}})
    compare(before, after, decisions, pl.read_parquet(folder / "augmented" / "examples.parquet"))
    told = Counter(one["decision"] for one in decisions)
    assert augment(**settings).equals(after), "a call without the file must keep the decisions"
    assert json.dumps(decisions[0]["inference_id"]) in page.read_text(), "the page begins with the decisions"
    say(f"{len(decisions)} decisions ({dict(told)}) are in {folder / 'augmented'}, and a rerun keeps them")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
