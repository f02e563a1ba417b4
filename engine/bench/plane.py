"""`bench plane`: what the data plane costs where engines cost nothing."""

import contextlib
import resource
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from engine.bench.compare import run_ours
from engine.config import EngineConfig
from engine.pool import EnginePool
from engine.store.places import Place, filesystem, join, place, remove
from engine.store.tables import write_table


def plane(
    model: str,
    config: EngineConfig,
    rows: int,
    context: int,
    repeats: int,
    chosen: tuple[str, ...],
    store: str | None = None,
) -> dict[str, Any]:
    """Rows from files to a folder through two fake engines or more, which answer at once; then the finished job again.

    `context` is the number of words in each prompt. Rows and results lie at `store`, by default in a folder of this machine. `files` counts what a job leaves, `driver_us` is this process's time on a
    core for a row, in microseconds. `driver_mib` is the largest memory of this process so far: compare runs with few and with many rows.
    """
    fake = config.model_copy(update={"kind": "fake", "replicas": max(2, config.replicas), "cpus": 0.5})
    with _room(store) as folder:
        source, out = join(folder, "requests"), join(folder, "out")
        for number, start in enumerate(range(0, rows, 50_000)):  # in parts, so that making them takes no memory
            ids = pl.Series("request_id", range(start, min(rows, start + 50_000))).cast(pl.String)
            prompts = pl.select(request_id=ids, prompt=pl.format("row {}" + " word" * context, ids))
            write_table(join(source, f"{number}.parquet"), prompts.sample(fraction=1, shuffle=True, seed=number))
        busy = time.process_time()
        ours = run_ours(lambda pool, _, n: pool.run("generate", source, join(out, str(n))), "none", fake, repeats, rows)
        busy = time.process_time() - busy
        files = _files(join(out, "0"))
        with EnginePool("none", fake, quiet=True) as pool:
            started = time.monotonic()
            pool.run("generate", source, join(out, "0"))
            resume = time.monotonic() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    work = {"rows": rows, "words": context, "engine": "fake", "replicas": fake.replicas, "store": store}
    found = {"resume_seconds": resume, "driver_mib": memory, "files": files, "driver_us": 1e6 * busy / rows / repeats}
    return {
        "work": work,
        "ours": ours.rate() | found,
        "peers": {},
        "ratio": {},
    }


@contextlib.contextmanager
def _room(store: str | None) -> Iterator[Place]:
    """A folder of its own at `store`, which goes afterwards."""
    if store is None:
        with tempfile.TemporaryDirectory() as local:
            yield Path(local)
        return
    folder = join(place(store), f"bench-{secrets.token_hex(4)}")
    try:
        yield folder
    finally:
        remove(folder)


def _files(folder: Place) -> int:
    if isinstance(folder, Path):
        return sum(path.is_file() for path in folder.rglob("*"))
    files, path = filesystem(folder)
    return len(files.find(path))
