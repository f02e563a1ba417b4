"""The end of what this process and its children have logged: there stands why an engine core died, and nowhere else."""

import os
import re

TAIL = 1 << 16
"""Bytes of a log that are read."""
PREFIX = re.compile(r"^(?:\(.*?pid=\d+\)\s*)?(?:(?:ERROR|CRITICAL) \S+ \S+ \[.*?\]\s*)?")
"""What vLLM puts before its lines: the process, then level, date and place."""
CAUSE = re.compile(r"^(?:[\w.]+\.)?\w*(?:Error|Exception|Interrupt)\b: \S")
ELSEWHERE = re.compile(r"root cause|EngineDeadError")
"""Errors that say no more than that another one came before."""


def explained(error: Exception) -> Exception:
    """The error, or where it only points to another one, that one out of the logs."""
    found = root_cause(_tail()) if ELSEWHERE.search(f"{type(error).__name__}: {error}") else None
    return RuntimeError(found) if found else error


def root_cause(log: str) -> str | None:
    """The last line of a log that names an error and its reason."""
    lines = [PREFIX.sub("", line).strip() for line in log.splitlines()]
    return next((line for line in reversed(lines) if CAUSE.match(line) and not ELSEWHERE.search(line)), None)


def _tail() -> str:
    """The ends of the files that standard output and error go to; Ray gives each worker its own."""
    found = ""
    for number in (1, 2):
        where = f"/proc/self/fd/{number}"
        if os.path.exists(where) and os.path.isfile(where):
            with open(where, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
                found += file.read().decode(errors="replace") + "\n"
    return found
