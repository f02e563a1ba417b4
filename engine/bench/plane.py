"""`bench plane`: what the data plane costs where engines cost nothing."""

import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

from engine.bench.compare import run_ours
from engine.config import EngineConfig
from engine.pool import EnginePool


def plane(
    model: str, config: EngineConfig, rows: int, context: int, repeats: int, chosen: tuple[str, ...]
) -> dict[str, Any]:
    """Rows from files to a folder through two fake engines or more, which answer at once; then the finished job again.

    `context` is the number of words in each prompt. `files` counts what a job leaves, `driver_us` is this process's time on a
    core for a row, in microseconds. `driver_mib` is the largest memory of this process so far: compare runs with few and with many rows.
    """
    fake = config.model_copy(update={"kind": "fake", "replicas": max(2, config.replicas), "cpus": 0.5})
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "requests", Path(folder) / "out"
        source.mkdir()
        for number, start in enumerate(range(0, rows, 50_000)):  # in parts, so that making them takes no memory
            ids = pl.Series("request_id", range(start, min(rows, start + 50_000))).cast(pl.String)
            prompts = pl.select(request_id=ids, prompt=pl.format("row {}" + " word" * context, ids))
            prompts.sample(fraction=1, shuffle=True, seed=number).write_parquet(source / f"{number}.parquet")
        busy = time.process_time()
        ours = run_ours(lambda pool, _, n: pool.run("generate", source, out / str(n)), "none", fake, repeats, rows)
        busy = time.process_time() - busy
        files = sum(path.is_file() for path in (out / "0").rglob("*"))
        with EnginePool("none", fake, quiet=True) as pool:
            started = time.monotonic()
            pool.run("generate", source, out / "0")
            resume = time.monotonic() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    work = {"rows": rows, "words": context, "engine": "fake", "replicas": fake.replicas}
    found = {"resume_seconds": resume, "driver_mib": memory, "files": files, "driver_us": 1e6 * busy / rows / repeats}
    return {
        "work": work,
        "ours": ours.rate() | found,
        "peers": {},
        "ratio": {},
    }
