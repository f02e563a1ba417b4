"""Which reader reads which file."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from augment.reading.formats.base import Converted, faults_named
from augment.reading.formats.book import read_epub
from augment.reading.formats.office import read_docx
from augment.reading.formats.pdf import read_pdf
from augment.reading.formats.sheets import read_xlsx
from augment.reading.formats.slides import read_pptx

READERS: dict[str, tuple[str, Callable[[Path], Converted]]] = {
    ".pdf": ("PDF", read_pdf),
    ".docx": ("Word document", read_docx),
    ".pptx": ("presentation", read_pptx),
    ".xlsx": ("workbook", read_xlsx),
    ".epub": ("EPUB", read_epub),
}
"""Endings, what such a file is called, and what reads it."""
ENDINGS = tuple(READERS)
KEPT = 4_096
"""Documents that are not converted again in one process, as a run reads its corpus once for each seed."""


def convert(path: Path) -> Converted:
    """A document as Markdown; raises Unreadable with the reason, and UserError where the extra `documents` is not installed."""
    state = path.stat()
    return _converted(path, state.st_mtime_ns, state.st_size)


@lru_cache(KEPT)
def _converted(path: Path, *_: int) -> Converted:
    kind, read = READERS[path.suffix.lower()]
    with faults_named(kind):
        return read(path)
