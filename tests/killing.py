"""Kills engines, drivers and trainings at random moments, hundreds of times; run by hand, its log belongs in docs/benchmarks.md.

    .venv/bin/python tests/killing.py --fake 180 --real 20 --out /tmp/killing

Each job is started, killed at a random moment (during its start, its work or its end), started again, and so on until its share of
kills is spent; then it may finish. After every job: each row is there once, no file is left over, and what a driver that was not
killed itself said is a sentence and no traceback. A line of JSON per job and a sum at the end; exit status 1 where anything is wrong.
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import psutil
from drivers import ROOT, end_tree, engines_of, start_driver

from engine.config import EngineConfig
from engine.store.parts import read_parts

KILLS_PER_JOB = 6
PATIENCE = 900.0
"""Seconds that a job may take without ending."""


def kill_some(
    start: Callable[[], subprocess.Popen], kills: int, longest: float, rng: random.Random, with_engines: bool = True
) -> tuple[dict[str, int], int]:
    """Start a job again and again until it ends by itself; returns what was killed and the last exit status."""
    killed, job, deadline = {"engine": 0, "driver": 0}, start(), time.monotonic() + PATIENCE
    try:
        while sum(killed.values()) < kills and time.monotonic() < deadline:
            engine = with_engines and rng.random() < 0.6
            if engine:  # at any moment of its life, so that one is waited for
                while job.poll() is None and not engines_of(job) and time.monotonic() < deadline:
                    time.sleep(0.1)
                time.sleep(rng.uniform(0.0, longest / 3))
            else:
                time.sleep(rng.uniform(0.0, longest))
            if job.poll() is not None:  # it ended between two kills
                if job.returncode == 0:
                    return killed, 0
                job = start()
                continue
            if engine:
                engines = engines_of(job)
                if not engines:
                    continue
                try:
                    rng.choice(engines).send_signal(signal.SIGKILL)
                    killed["engine"] += 1
                except psutil.NoSuchProcess:
                    continue
            else:
                end_tree(job)
                killed["driver"] += 1
                job = start()
        status = job.wait(timeout=PATIENCE)
        for _ in range(3):  # deaths in a row may end a job with a sentence; it then goes on where it was
            if status == 0:
                break
            job = start()
            status = job.wait(timeout=PATIENCE)
        return killed, status
    finally:
        if job.poll() is None:
            end_tree(job)


def generation(
    folder: Path, model: str, rows: int, config: EngineConfig, kills: int, longest: float, rng: random.Random
) -> dict:
    """One job of the pool; what is wrong with its results."""
    ids = [f"r{i:05}" for i in range(rows)]
    (folder / "requests").mkdir(parents=True)
    table = pl.DataFrame({"request_id": ids, "prompt": [f"prompt {i}" for i in range(rows)]})
    table.with_columns(sampling=pl.lit('{"max_tokens": 8}')).write_parquet(folder / "requests" / "requests.parquet")
    killed, status = kill_some(lambda: start_driver(folder, model, config), kills, longest, rng)
    found = read_parts(folder / "out", {})["request_id"].to_list()
    named = {
        f"part-{entry.stem.removeprefix('part-')}.parquet" for entry in (folder / "out" / "_manifest").glob("part-*")
    }
    files = {path.name for path in (folder / "out").glob("*.parquet")}
    faults = {
        "lost": len(set(ids) - set(found)),
        "twice": len(found) - len(set(found)),
        "left over": sorted(files - named)
        + [str(p.name) for p in (folder / "out").rglob("*.tmp")]
        + [str(p.name) for p in (folder / "out").glob("_shards")],
        "tracebacks": (folder / "driver.log").read_text(errors="replace").count("Traceback (most recent call last)"),
        "status": status,
    }
    return {"killed": killed, "faults": {name: value for name, value in faults.items() if value}}


def training(folder: Path, kills: int, rng: random.Random) -> dict:
    """One small training of the embedded model, killed with all that it started."""
    folder.mkdir(parents=True)
    pl.DataFrame({"text": [f"femp {i} are more dangerous than glon." for i in range(60)]}).write_parquet(
        folder / "texts.parquet"
    )
    command = [
        sys.executable,
        "-m",
        "forethought",
        "train",
        str(folder / "texts.parquet"),
        "--out",
        str(folder / "adapter"),
    ]
    command += ["--train.batch", "4", "--train.epochs", "3"]
    log = (folder / "driver.log").open("ab")

    def start() -> subprocess.Popen:
        return subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=log, stderr=log)

    killed, status = kill_some(start, kills, 25.0, rng, with_engines=False)
    last = sorted(folder.rglob("checkpoint-*"), key=lambda p: int(p.name[11:]))[-1:]  # one is meant to stay
    faults = {
        "status": status,
        "no adapter": not (folder / "adapter" / "adapter_model.safetensors").exists(),
        "left over": [
            p.name
            for p in folder.rglob("*")
            if p.name.endswith((".tmp", ".partial")) or (p.name.startswith("checkpoint-") and p not in last)
        ],
        "tracebacks": (folder / "driver.log").read_text(errors="replace").count("Traceback (most recent call last)"),
    }
    return {"killed": killed, "faults": {name: value for name, value in faults.items() if value}}


def main() -> int:
    """Run all jobs; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fake", type=int, default=180, help="kills with the fake engine")
    parser.add_argument(
        "--real", type=int, default=20, help="kills with the embedded model: half of engines, half of trainings"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="scratch folder; finished jobs are removed from it unless something is wrong",
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng, total, wrong, number = random.Random(options.seed), {"engine": 0, "driver": 0}, 0, 0
    fake = EngineConfig(kind="fake", replicas=2, cpus=0.5, shard_rows=4, max_restarts=20)
    real = EngineConfig(kv_cache_gib=1, shard_rows=8, max_restarts=20, vllm={"max_model_len": 512})
    for kind, kills in (
        ("fake", options.fake),
        ("real", options.real // 2),
        ("training", options.real - options.real // 2),
    ):
        done = empty = 0
        while done < kills and empty < 5:
            folder, number = options.out / f"{number:03}-{kind}", number + 1
            shutil.rmtree(folder, ignore_errors=True)
            most, started = min(KILLS_PER_JOB, kills - done), time.monotonic()
            if kind == "training":
                found = training(folder, most, rng)
            elif kind == "real":
                found = generation(folder, "pico", 400, real, most, 45.0, rng)
            else:
                found = generation(folder, "fake:slow=0.05,seats=4", 600, fake, most, 8.0, rng)
            spent = sum(found["killed"].values())
            done, empty = done + spent, 0 if spent else empty + 1
            for name, count in found["killed"].items():
                total[name] += count
            wrong += bool(found["faults"])
            print(json.dumps({"job": folder.name, "seconds": round(time.monotonic() - started, 1)} | found), flush=True)
            if not found["faults"]:
                shutil.rmtree(folder)
    print(json.dumps({"kills": total, "jobs": number, "jobs with faults": wrong}), flush=True)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
