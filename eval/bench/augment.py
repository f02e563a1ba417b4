"""`forethought bench augment`: what the whole way of documents to examples costs where engines cost nothing.

The command itself is run on made-up documents, with the fake engine as the model and all checks but entailment, which is a question to
an engine. So reading, requests, the data plane, parsing, rules, duplicates, examples and the page for review are all in it, and so is
the start of Python and Ray.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import pyarrow.parquet as pq

from engine.bench.result import check_out, publish
from engine.config import EngineConfig

DOCUMENTS = 1000
"""By default."""
SECONDS = 0.5
"""Between two looks at the memory."""
SHARD = 20_000
"""Documents in a file."""
FIRST = "Ada Bruno Clara Dmitri Elif Farid Greta Hanno Ines Jakub Katya Luis Mira Nils Olga Pavel".split()
SYLLABLES = "ba den fo gar hul ka lor min nes pra qui ros sel tam vik zor".split()
TRADES = "mill brewery school library bridge theatre harbour quarry".split()


def documents(rows: int, folder: Path) -> None:
    """JSON lines in files of `folder`: documents of three sentences with names, years and amounts, all different."""
    folder.mkdir(parents=True)
    for start in range(0, rows, SHARD):
        lines = [json.dumps({"text": document(number)}) for number in range(start, min(rows, start + SHARD))]
        (folder / f"{start // SHARD:05}.jsonl").write_text("\n".join(lines) + "\n")


def document(number: int) -> str:
    """The text of one of them."""
    town, family, street = (_name(number * 3 + place) for place in range(3))
    trade, first = TRADES[number % len(TRADES)], FIRST[number % len(FIRST)]
    return (
        f"The {trade} in {town} was founded in {1700 + number % 300} by {first} {family}. "
        f"{family} sold {2 + number % 900} wooden chairs to the {street} council before the roof was repaired. "
        f"Most visitors of {town} reach the {trade} on foot, because {street} Street is closed to cars."
    )


def _name(number: int) -> str:
    said, left = "", number + len(SYLLABLES)
    while left:
        left, digit = divmod(left, len(SYLLABLES))
        said += SYLLABLES[digit]
    return said.capitalize()


def bench_augment(config: EngineConfig, rows: int | None, repeats: int, out: Path | None) -> dict[str, Any]:
    """Documents and requests per second of `augment` with the fake engine, memory, time to the first answered requests, and resume.

    `driver_mib` and `all_mib` are the largest memory of the command's own process and of it with all that it started (shared
    pages count once). `resume_seconds`: the finished job is called again. Seconds are medians of `repeats` jobs in new folders.
    Returns, prints and writes the figures.
    """
    check_out(out)
    rows = DOCUMENTS if rows is None else rows
    replicas = max(2, config.replicas)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "documents"
        documents(rows, source)
        jobs = []
        for number in range(repeats):
            target = Path(scratch) / str(number)
            jobs.append(_job(source, target, replicas))
        resume = _job(source, target, replicas)
        made = {name: pq.read_metadata(target / f"{name}.parquet").num_rows for name in ("requests", "inferences")}
    seconds = median(job["seconds"] for job in jobs)
    ours = {
        "seconds": seconds,
        "per_second": rows / seconds,
        "requests_per_second": made["requests"] / seconds,
        "first_request_seconds": median(job["first"] for job in jobs),
        "resume_seconds": resume["seconds"],
        "driver_mib": max(job["driver"] for job in jobs),
        "all_mib": max(job["all"] for job in jobs),
    }
    work = {"documents": rows, **made, "engine": "fake", "replicas": replicas}
    return publish({"work": work, "ours": ours, "peers": {}, "ratio": {}}, out)


def _job(source: Path, target: Path, replicas: int) -> dict[str, float]:
    """Run the command; seconds, seconds until the first answers are written (long ago for a finished job), and MiB."""
    asked = ["augment", str(source), "--out", str(target), "--model", "fake:turn=1", "--engine.kind", "fake"]
    asked += ["--engine.replicas", str(replicas), "--engine.cpus", "0.5", "--augment.verify.no-entailment"]
    began, clock, over = time.monotonic(), time.time(), threading.Event()
    found = {"driver": 0.0, "all": 0.0}
    with subprocess.Popen(
        [sys.executable, "-m", "forethought", *asked], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as job:

        def watch() -> None:
            driver = psutil.Process(job.pid)
            while not over.wait(SECONDS):
                sizes = [_mib(one) for one in _family(driver)]
                found["driver"] = max(found["driver"], *sizes[:1])
                found["all"] = max(found["all"], sum(sizes))

        watcher = threading.Thread(target=watch)
        watcher.start()
        said = job.communicate()[1]
        over.set()
        watcher.join()
    if job.returncode:
        raise RuntimeError(f"augment ended with status {job.returncode}: {said.strip()[-2000:]}")
    seconds = time.monotonic() - began
    parts = [part.stat().st_mtime for part in target.glob("generations/part-*.parquet")]
    return found | {"seconds": seconds, "first": max(0.0, min(parts) - clock)}


def _family(driver: psutil.Process) -> list[psutil.Process]:
    try:
        return [driver, *driver.children(recursive=True)]
    except psutil.Error:  # it has just ended
        return []


def _mib(process: psutil.Process) -> float:
    """Memory of a process; what it shares with others counts in parts."""
    try:
        return process.memory_full_info().pss / 2**20
    except psutil.Error:
        return 0.0
