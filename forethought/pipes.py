"""Output that nobody reads any more, as into `| head`: a command then ends quietly, with the status of SIGPIPE."""

import os
import select
import sys
from collections.abc import Callable

CLOSED = 141
"""Status of a command whose reader went away, as the shell gives it to one that ends by SIGPIPE."""


def quietly(job: Callable[[], int]) -> int:
    """Do a job; returns its status, or CLOSED where nobody reads its output any more."""
    outputs = {number: os.dup(number) for number in (1, 2) if _is_open(number)}  # rich puts another in the place of one
    try:
        try:
            status = job()
            sys.stdout.flush()
        except SystemExit as stop:  # --help, or rich's answer to a closed pipe
            status = int(stop.code or 0)
            sys.stdout.flush()
            if status and _unread(outputs):
                raise BrokenPipeError from stop
    except BrokenPipeError:
        if not (gone := _unread(outputs)):
            raise
        for number in gone:  # what is still to be flushed goes nowhere
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        status = CLOSED
    return status


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _unread(outputs: dict[int, int]) -> list[int]:
    """Which of stdout and stderr are pipes that nobody reads."""
    poll = select.poll()
    for copy in outputs.values():
        poll.register(copy, 0)
    gone = {copy for copy, event in poll.poll(0) if event & select.POLLERR}
    return [number for number, copy in outputs.items() if copy in gone]
