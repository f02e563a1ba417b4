"""A whole job on the embedded model, killed on the way and started again; results and contracts."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from drivers import end_tree, engines_of

from engine.store.parts import parts, read_parts

SETTINGS = (
    "--benchmark.facts 6 --benchmark.articles 3 --seeds 0 1 --train.epochs 2 --train.save-steps 4 --train.batch 4 "
    "--augment.max-tokens 48 --engine.kv-cache-gib 1 --engine.shard-rows 8 --gates --gate-questions 3 "
    "--arms pretrained icl finetuned finetuned+repeat finetuned+local retrieval"
)
OPTIONS = [*SETTINGS.split(), "--engine.vllm", '{"max_num_seqs": 8}']
COLUMNS = {
    "documents": "doc_id text source meta",
    "questions": "question_id benchmark split subtype stem choices answer needs",
    "requests": "request_id prefix_key messages sampling n",
    "inferences": "inference_id text operator doc_ids request_id model verdicts kept reason",
    "examples": "example_id text origin doc_ids",
}


def wait_for(path: Path, pattern: str, process: subprocess.Popen, more_than: int = 0) -> int:
    for _ in range(12000):  # ten minutes: other work may share the machine
        count = len(list(path.glob(pattern)))
        if count > more_than:
            return count
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        time.sleep(0.05)
    raise AssertionError(f"no more than {more_than} of {pattern}")


def kill_engine(driver: subprocess.Popen) -> None:
    (engine,) = engines_of(driver)
    engine.send_signal(signal.SIGKILL)


def committed(folder: Path) -> dict[Path, int]:
    """Parts that have their entry: others may be written again."""
    return {path: path.stat().st_mtime_ns for path in parts(folder)}


def stamps(run: Path, pattern: str) -> dict[Path, int]:
    return {p: p.stat().st_mtime_ns for p in run.glob(pattern)}


def kill(driver: subprocess.Popen) -> None:
    os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen]]:
    """Starts the job; what still runs of it in the end is ended."""
    started: list[subprocess.Popen] = []

    def start() -> subprocess.Popen:
        command = [sys.executable, "-m", "forethought", "run", "--name", "job", "--out", str(tmp_path), *OPTIONS]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        started.append(subprocess.Popen(command, start_new_session=True, **pipes))
        return started[-1]

    yield start
    for driver in started:
        if driver.poll() is None:
            end_tree(driver)


@pytest.mark.timeout(1500)
def test_a_job_killed_again_and_again_ends_with_all_results_and_repeats_no_finished_work(job, tmp_path: Path):
    """A real engine that dies amid generation is replaced; a driver that dies amid training is started again and goes on; nothing
    that was finished is written again, and the results are whole. (Drivers that die amid generation: test_chaos.py.)"""
    run, made = tmp_path / "job", "generations/_manifest/*.json"
    first = job()
    count = wait_for(run, made, first)
    kill_engine(first)
    wait_for(run, made, first, more_than=count)
    generated = committed(run / "generations")
    wait_for(run, "adapters/*/*/train.json", first)
    kill(first)
    trained = stamps(run, "adapters/*/*/train.json")
    second = job()
    output, _ = second.communicate(timeout=600)
    assert second.returncode == 0, output
    assert "finetuned+local" in output
    assert "report.html" in output
    assert "Traceback" not in output
    later = committed(run / "generations") | stamps(run, "adapters/*/*/train.json")
    assert generated | trained == {p: t for p, t in later.items() if p in generated | trained}
    check_contracts(run)


def check_contracts(run: Path) -> None:
    for name, columns in COLUMNS.items():
        assert set(columns.split()) <= set(pl.read_parquet_schema(run / f"{name}.parquet")), name
    generations = read_parts(run / "generations", {})
    requests = pl.read_parquet(run / "requests.parquet")
    assert sorted(generations["request_id"]) == sorted(requests["request_id"])
    scores = read_parts(run / "scores", {})
    asked, texts, in_context = 6 * 2 * 12 * 2, 4 * 2 * 6, 3 * 2 * 3 * 2
    assert scores.height == scores.select("item_id", "choice").n_unique() == asked + texts + in_context
    assert scores["error"].null_count() == scores.height
    results = json.loads((run / "results.json").read_text())
    assert results["benchmark"] == "reversals"
    assert results["seeds"] == [0, 1]
    arms = ["pretrained", "icl", "finetuned", "finetuned+repeat", "finetuned+local", "retrieval"]
    for arm in arms:
        for split in ("rephrasing", "reversal"):
            for seed in (0, 1):
                rows = [
                    r
                    for r in results["rows"]
                    if (r["arm"], r["split"], r["seed"], r["norm"]) == (arm, split, seed, "sum")
                ]
                assert len(rows) == 1
                assert rows[0]["n"] == 6
                assert rows[0]["unscored"] == 0
    tokens = results["augmentation"]["train_tokens"]
    assert set(tokens) == set(arms[2:5])
    gates = {(row["gate"], row["arm"], row["seed"]): row for row in results["gates"]["rows"]}
    assert len(gates) == 3 * 3 * 2
    assert all(row["unscored"] == 0 and row["value"] is not None for row in gates.values())
    assert {row["items"] for row in results["leakage"]} <= {"leaked", "not leaked"}
    examples = pl.read_parquet(run / "examples.parquet")
    rows = dict(examples["arm"].value_counts().rows())
    # the control has the steps and the tokens of the augmented arm
    assert rows["finetuned+repeat"] == rows["finetuned+local"] > rows["finetuned"]
    assert abs(tokens["finetuned+repeat"] / tokens["finetuned+local"] - 1) < 0.1
    for name in ("config.json", "provenance.json", "report.html", "report.md", "figures/accuracy.png"):
        assert (run / name).stat().st_size > 0
    assert (run / "adapters/finetuned+local/seed-1/adapter_model.safetensors").exists()
    local = examples.filter(pl.col("arm") == "finetuned+local", pl.col("seed") == 0)
    assert {"original", "operator"} >= set(local["origin"])
