"""Who works in a folder: one process at a time, and the next one where the last was killed."""

import contextlib
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.store.places import told

OWNER = ".owner.json"
BEAT, STALE = 5.0, 30.0
"""Seconds between signs of life, and without one after which the owner on another machine is gone."""


@contextlib.contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Own a folder for as long as the block lasts; raises UserError where another process does.

    An owner that died is followed: on its own machine at once, on another one when its file has not been touched for a while
    (the file's own times are compared, so that clocks need not agree).
    """
    mark, name = folder / OWNER, f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"
    with told("write into", folder, "choose another folder"):
        folder.mkdir(parents=True, exist_ok=True)
        while not _taken(mark, name):
            _follow(mark)
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(mark, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        if _read(mark).get("name") == name:
            mark.unlink(missing_ok=True)


def _taken(mark: Path, name: str) -> bool:
    """Create the file unless there is one; it appears with its content."""
    temporary = mark.with_name(f"{OWNER}.{secrets.token_hex(4)}")
    facts = {"name": name, "host": socket.gethostname(), "pid": os.getpid(), "began": _began(os.getpid())}
    temporary.write_text(json.dumps(facts), encoding="utf-8")
    try:
        os.link(temporary, mark)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True


def _follow(mark: Path) -> None:
    """Take the file of a dead owner away; raises UserError where it lives."""
    owner, seen = _read(mark), _touched(mark)
    if not owner:
        return  # it ended just now
    if owner["host"] == socket.gethostname():
        alive = _began(owner["pid"]) == owner["began"]
    else:
        until = time.monotonic() + STALE
        while not (alive := _touched(mark) != seen) and time.monotonic() < until:
            time.sleep(1.0)
    if alive:
        raise UserError(
            f"{mark.parent} is in use by process {owner['pid']} on {owner['host']}: wait for it, stop it, or choose another "
            "folder."
        )
    aside = mark.with_name(f"{OWNER}.{secrets.token_hex(4)}")
    with contextlib.suppress(FileNotFoundError):
        mark.rename(aside)
        if _read(aside) != owner:  # another follower was quicker, and this is its own
            with contextlib.suppress(FileExistsError):
                os.link(aside, mark)
        aside.unlink()


def _beat(mark: Path, stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        with contextlib.suppress(OSError):  # another try follows
            os.utime(mark)


def _read(mark: Path) -> dict[str, Any]:
    try:
        return json.loads(mark.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def _touched(mark: Path) -> int:
    try:
        return mark.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _began(pid: int) -> float:
    """When a process of this machine began; 0 where there is none."""
    import psutil

    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return 0.0
