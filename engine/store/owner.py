"""One driver, or training, per folder: `_owner/N.json` names the one that works in it, and a heartbeat says that it lives.

A driver owns a folder by creating the next number, which only one can: on a disk by a link, in an object store by a
conditional put where its file system has one. A number whose driver is gone is followed by the next one: a driver of this
machine is gone with its process, that of another when its heartbeat has stood still for `STALE_SECONDS`, by our clock.
"""

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

import psutil

from engine.errors import UserError
from engine.store.places import Place, create, join, names, read_bytes, remove, told, write_whole

OWNED = "_owner"
BEAT_SECONDS = 5.0
STALE_SECONDS = 90.0
"""How long the heartbeat of another machine's driver may stand still: NFS clients see a change up to a minute late."""


class InUse(UserError):
    """Another driver works in a folder."""


class Owner:
    """This driver's right to change a folder; `check` before what cannot be undone."""

    def __init__(self, folder: Place, number: int, card: dict[str, Any]):
        self.folder, self.number, self.card = join(folder, OWNED), number, card
        self.lost = False
        self.beaten = time.time()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._live, daemon=True, name="owner")
        self.thread.start()

    def check(self) -> None:
        """Raise UserError where another driver has taken the folder over, as from a machine that slept."""
        if time.time() - self.beaten > STALE_SECONDS / 2:
            self._look()
        if self.lost:
            raise UserError(
                f"Another driver has taken over {self.folder}, because this one was silent for {STALE_SECONDS:.0f} s; "
                "what is finished is kept: let the other finish."
            )

    def release(self) -> None:
        """Let others work in the folder; of a folder that was taken over nothing is touched."""
        self.ended.set()
        self.thread.join()
        if not self.lost:
            for number in sorted(_numbers(self.folder)):
                remove(join(self.folder, f"{number}.json"))
            if isinstance(self.folder, Path):
                with contextlib.suppress(OSError):  # the next one is in it already
                    self.folder.rmdir()

    def _live(self) -> None:
        while not self.ended.wait(BEAT_SECONDS):
            # storage that fails for a moment is no reason to stop: `check` looks again
            with contextlib.suppress(UserError, OSError):
                self._look()

    def _look(self) -> None:
        if _card(self.folder, self.number + 1) or not _card(self.folder, self.number):
            self.lost = True
            return
        self.card["beat"] += 1
        write_whole(join(self.folder, f"{self.number}.json"), json.dumps(self.card).encode())
        self.beaten = time.time()


@contextlib.contextmanager
def owned(folder: Place) -> Iterator[Owner]:
    """Own a folder for as long as the block lasts; see `claim`."""
    owner = claim(folder)
    try:
        yield owner
    finally:
        owner.release()


def claim(folder: Place) -> Owner:
    """Own a folder until `release`; raises InUse where a driver that lives works in it."""
    mine = {"driver": secrets.token_hex(8), "host": socket.gethostname(), **_process(os.getpid()), "beat": 0}
    where = join(folder, OWNED)
    while True:
        last = max(_numbers(where), default=0)
        while found := _card(where, last + 1):  # a listing may be late
            last += 1
        found = _card(where, last) if last else None
        if found:
            _until_gone(folder, where, last, found)
        if create(join(where, f"{last + 1}.json"), json.dumps(mine).encode()):
            return Owner(folder, last + 1, mine)


def _until_gone(folder: Place, where: Place, number: int, first: dict[str, Any]) -> None:
    """Return when the driver is known to be gone; raises UserError where it lives."""
    alive = InUse(
        f"{folder} is in use by process {first.get('pid')} on {first.get('host')}: wait for it, stop it, or choose another "
        "folder."
    )
    here = _process(int(first.get("pid", 0)))
    if first.get("machine") == here["machine"]:
        # the clock of a start may be set by a second between two looks
        if here["started"] and abs(float(first.get("started", 0)) - here["started"]) < 3:
            raise alive
        return
    for _ in range(round(STALE_SECONDS / BEAT_SECONDS) + 1):
        time.sleep(BEAT_SECONDS)
        if (seen := _card(where, number)) != first:
            if seen:
                raise alive
            return


def _process(pid: int) -> dict[str, Any]:
    """What tells a process from all others: machine (with its space of process ids), number, start; 0.0 where it does not run."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip() + os.readlink("/proc/self/ns/pid")
    except OSError:  # not Linux
        boot = socket.gethostname()
    try:
        process = psutil.Process(pid)
        started = 0.0 if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        started = 0.0
    return {"machine": boot, "pid": pid, "started": started}


def _numbers(where: Place) -> list[int]:
    return [int(name.removesuffix(".json")) for name in names(where) if name.removesuffix(".json").isdigit()]


def _card(where: Place, number: int) -> dict[str, Any] | None:
    """What an owner says of itself; None where there is none."""
    card = join(where, f"{number}.json")
    with told("read", card, "check the access to it"):
        try:
            found: dict[str, Any] = json.loads(read_bytes(card))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except json.JSONDecodeError:  # it is being written
            return {"beat": -1}
        return found
