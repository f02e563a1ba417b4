"""What a verb keeps out of the user's sight while it runs, and how it complains; what is shown is `engine.console`'s."""

import contextlib
import errno
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from pydantic import ValidationError

from engine.console import NOISE, PROGRESS, SCREEN, VERBOSE, emit, for_machines, verbose
from engine.errors import UserError


@contextlib.contextmanager
def quiet(command: str = "") -> Iterator[None]:
    """Keep what others write to stderr, and Python's logs and warnings, out of the user's sight: see `engine.console.log_to`.

    What was kept when a job fails unexpectedly, before it had a log file, is shown. A job inside another is part of it.
    """
    if NOISE.stderr is not None:
        yield
        return
    handler, root = logging.StreamHandler(NOISE), logging.getLogger()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    level = root.level
    NOISE.stderr, NOISE.kept = sys.stderr, [f"{time.strftime('%Y-%m-%d %H:%M:%S')} {command}\n"] if command else []
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        with contextlib.redirect_stderr(NOISE), contextlib.redirect_stdout(Output(sys.stdout)):
            yield
    except (UserError, ValidationError, BrokenPipeError):
        raise  # a user's mistake is one sentence; a closed pipe has no reader
    except Exception:
        if NOISE.file is None and not verbose():
            NOISE.stderr.write("".join(NOISE.kept[1:]))
        raise
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        NOISE.stderr, NOISE.file, NOISE.kept = None, None, []


PATHS = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST),
    *(errno.ENOSPC, errno.EDQUOT, errno.ELOOP),
}
"""What the system says of paths that a user named and that cannot be used."""


@contextlib.contextmanager
def paths_told(arguments: Sequence[str]) -> Iterator[None]:
    """Turn what the system says of a path that cannot be used into one sentence."""
    if bad := [word for word in arguments if not _is_text(word)]:
        shown = os.fsencode(bad[0]).decode(errors="replace")
        raise UserError(f"{shown} is not valid UTF-8: rename the file or folder, because tables cannot hold its name.")
    try:
        yield
    except OSError as error:
        if error.errno not in PATHS or not isinstance(error.filename, str | bytes | os.PathLike):
            raise
        raise UserError(f"Cannot use {os.fspath(error.filename)!r}: {error.strerror}; choose another path.") from error


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextlib.contextmanager
def shown_as(loud: bool, machines: bool) -> Iterator[None]:
    """Set what `-v` and `--json` say while a verb runs."""
    chosen = ({VERBOSE: "1"} if loud else {}) | ({PROGRESS: "json"} if machines else {})
    before = {name: os.environ.get(name) for name in chosen}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


class Output:
    """Stands in for sys.stdout during a job: what Ray's threads print there, of workers that died for instance, is noise."""

    def __init__(self, stdout: TextIO) -> None:
        self.stdout, self.job = stdout, threading.get_ident()

    def write(self, text: str) -> int:
        """Write text of the job's own thread."""
        return (self.stdout if threading.get_ident() == self.job else NOISE).write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stdout, name)


def complain(text: str) -> None:
    """Print an error, as a line or as an object with `error`."""
    if for_machines():
        emit(error=text)
    else:
        SCREEN.write(f"error: {text}\n")
