"""A process that outlives its parent for a moment, to end what the parent has left: vLLM's core and its workers on a GPU.

The engine core is a process of its own there. When its actor is killed it would live on and hold the card's memory.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

MARK = "FORETHOUGHT_ENGINE"
"""Processes that are started from now on have this variable in their environment, with a value of this actor's own."""
PAUSE = 0.5


def end_children_with_me() -> None:
    """From now on, processes that this one starts (and those that they start) end when it does, however it ends. Linux."""
    token = secrets.token_hex(8)
    command = [sys.executable, "-S", "-E", __file__, str(os.getpid()), token]
    quiet = subprocess.DEVNULL
    subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    os.environ[MARK] = token


def _watch(parent: int, token: str) -> None:
    while os.getppid() == parent:
        time.sleep(PAUSE)
    wanted = f"{MARK}={token}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)
        except OSError:  # it has ended, or is another user's
            continue


if __name__ == "__main__":
    _watch(int(sys.argv[1]), sys.argv[2])
