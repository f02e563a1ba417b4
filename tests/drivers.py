"""Jobs in processes of their own, to be killed; what listens meanwhile."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil

from engine.config import EngineConfig

ROOT = Path(__file__).resolve().parent.parent
DRIVER = """
import json, sys
from pathlib import Path
from engine.config import EngineConfig
from engine.driver.failures import EngineFailed
from engine.pool import EnginePool
model, config, requests, out = sys.argv[1:]
try:
    with EnginePool(model, EngineConfig(**json.loads(config)), quiet=True) as pool:
        pool.run("generate", Path(requests), Path(out))
except EngineFailed as error:
    sys.exit(f"error: {error}")
"""


def start_driver(folder: Path, model: str, config: EngineConfig) -> subprocess.Popen:
    """The pool in a process group of its own, with Ray's daemons in it, so that nothing is left behind."""
    command = [
        sys.executable,
        "-c",
        DRIVER,
        model,
        config.model_dump_json(),
        str(folder / "requests"),
        str(folder / "out"),
    ]
    log = (folder / "driver.log").open("ab")
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=log, stderr=log)


def engines_of(driver: subprocess.Popen) -> list[psutil.Process]:
    """Processes of the driver's engine actors."""
    found = []
    for process in psutil.Process(driver.pid).children(recursive=True):
        try:
            if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::EngineActor"):
                found.append(process)
        except psutil.Error:
            continue
    return found


def end_tree(driver: subprocess.Popen) -> None:
    """Kill the driver and all that it started, and wait until they are gone."""
    tree = [psutil.Process(driver.pid), *psutil.Process(driver.pid).children(recursive=True)]
    for process in tree:
        try:
            process.kill()
        except psutil.Error:
            continue
    driver.wait()
    psutil.wait_procs(tree, timeout=30)
    assert not [p for p in tree if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@contextlib.contextmanager
def listeners() -> Iterator[set[tuple[int, str, str]]]:
    """Processes below this one that listen while the block lasts: number, name, address."""
    seen, over = set[tuple[int, str, str]](), threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    name = " ".join(process.cmdline()[:1])
                    sockets = process.net_connections("inet")
                    seen.update((process.pid, name, s.laddr.ip) for s in sockets if s.status == "LISTEN")

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
