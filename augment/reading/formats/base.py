"""What every reader of a document returns, and how what cannot be read is named."""

import contextlib
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augment.text.pages import MARK
from engine.errors import UserError

MOST_BYTES = 1_000_000_000
"""Bytes that an archive may have when it is unpacked: a small one can be made to fill the memory."""
INSTALL = "pip install 'forethought[documents]'"
CONTROL = re.compile(f"[\x00-\x08\x0e-\x1f\x7f{MARK}]")


class Unreadable(ValueError):
    """Why a document cannot be read, in words that can stand behind its name."""


@dataclass(frozen=True)
class Converted:
    """A document as Markdown."""

    text: str
    """With `MARK` where each of `pages` begins."""
    pages: tuple[str, ...] = ()
    """Names of its pages, in order; none where the format has none."""
    fields: dict[str, Any] = field(default_factory=dict)
    """What the file says of itself, for `meta`."""
    faults: tuple[tuple[str, str], ...] = ()
    """(page, reason) of what was left out."""


@contextlib.contextmanager
def faults_named(kind: str) -> Iterator[None]:
    """Turn whatever a library raises on a damaged file into `Unreadable`: they name no common class for it."""
    try:
        yield
    except (Unreadable, UserError, MemoryError):
        raise
    except ImportError as error:
        raise UserError(f"Reading {article(kind)} needs the extra documents: {INSTALL}.") from error
    except Exception as error:
        told = " ".join(str(error).split())[:200]
        raise Unreadable(f"a damaged {kind} ({type(error).__name__}{f': {told}' if told else ''})") from error


@contextlib.contextmanager
def archive(path: Path, kind: str) -> Iterator[zipfile.ZipFile]:
    """The archive that an office document or book is; raises Unreadable for one that is none, is encrypted or unpacks to too much."""
    with path.open("rb") as file:
        start = file.read(8)
    if start == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Unreadable(f"an encrypted {kind}, or one in the format from before 2007: save it anew without a password")
    if not zipfile.is_zipfile(path):
        raise Unreadable(f"a damaged {kind} (it is no zip archive)")
    with zipfile.ZipFile(path) as files:
        if sum(entry.file_size for entry in files.infolist()) > MOST_BYTES:
            raise Unreadable(f"a {kind} that unpacks to more than {MOST_BYTES // 10**9} GB")
        if any(entry.flag_bits & 1 for entry in files.infolist()):
            raise Unreadable(f"an encrypted {kind}: save it anew without a password")
        yield files


def article(kind: str) -> str:
    """ "a PDF", "an EPUB"."""
    return f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind}"


def clean(text: str) -> str:
    """Text without control characters, which may stand for page breaks, and without what we mark pages with."""
    return CONTROL.sub("", text)
