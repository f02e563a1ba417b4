"""What the user sees on stderr: our console, and nothing else. What other packages write there goes to the run's log file.

`-v` shows that as well, and what the engines' processes log. With `--json` every line on stderr is a JSON object.
"""

import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

VERBOSE, PROGRESS = "FORETHOUGHT_VERBOSE", "FORETHOUGHT_PROGRESS"
"""Environment variables that do what `-v` (any value) and `--json` (value json) do."""
STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def verbose() -> bool:
    """Whether logs are shown."""
    return bool(os.environ.get(VERBOSE))


def for_machines() -> bool:
    """Whether stderr takes JSON objects, one a line."""
    return os.environ.get(PROGRESS) == "json"


class Noise(io.TextIOBase):
    """Stands in for sys.stderr during a job: text is kept until there is a log file, then appended to it.

    Log handlers that packages make at import hold on to this object, so there is one for all jobs; between jobs it writes to
    stderr. The file is opened for each write, as a job may delete its folder and begin again.
    """

    def __init__(self) -> None:
        self.stderr: TextIO | None = None
        self.file: Path | None = None
        self.kept: list[str] = []

    def write(self, text: str) -> int:
        """Put text where it belongs."""
        if self.stderr is None or verbose():
            SCREEN.write(text)
        if self.stderr is not None:
            self.kept.append(text)
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Append what was kept to the log file, if there is one."""
        if self.file is None or not self.kept:
            return
        text, self.kept = "".join(self.kept), []
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8", errors="replace") as log:
            log.write(text)

    def fileno(self) -> int:
        """That of stderr, for what writes there without Python."""
        return _stderr().fileno()


class Screen(io.TextIOBase):
    """The user's stderr, as it is at the time; with `--json` each line becomes an object with `message`."""

    def __init__(self) -> None:
        self.line = ""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of stderr."""
        return getattr(_stderr(), "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write text, or the objects of its whole lines."""
        if not for_machines():
            return _stderr().write(text)
        *lines, self.line = (self.line + STYLE.sub("", text)).split("\n")
        for line in lines:
            if line.strip():
                emit(message=line.strip())
        return len(text)

    def flush(self) -> None:
        """Flush stderr."""
        _stderr().flush()

    def isatty(self) -> bool:
        """Whether a person looks on."""
        return not for_machines() and _stderr().isatty()

    def fileno(self) -> int:
        """That of stderr."""
        return _stderr().fileno()


def _stderr() -> TextIO:
    if NOISE.stderr is not None:
        return NOISE.stderr
    return sys.__stderr__ or sys.stdout if sys.stderr is NOISE else sys.stderr


NOISE, SCREEN = Noise(), Screen()
console = Console(file=SCREEN, highlight=False)  # type: ignore[arg-type]
"""All that Forethought says on stderr goes through it."""


def say(text: str) -> None:
    """Print a line of rich's markup on stderr, never broken where a terminal (or what stands for one) ends."""
    console.print(text, soft_wrap=True)


def emit(**facts: Any) -> None:
    """Print one JSON object on stderr."""
    _stderr().write(json.dumps(facts) + "\n")
    _stderr().flush()


def log_to(file: Path | None) -> None:
    """From now on the job's log is this file, or none any more; a job writes one only into a folder that is its own."""
    NOISE.file = file.absolute() if file else None
    NOISE.flush()
