"""Compares readers of PDF on manuals that exist as PDF and as HTML; the table is in documents.md.

    apt-get download bzip2-doc nettle-dev fontconfig shared-mime-info valgrind && for f in *.deb; do dpkg -x $f pages; done
    gunzip pages/usr/share/doc/*/*.pdf.gz
    uv run --with markitdown[pdf]==0.1.9 --with pypdf==7.1.1 python docs/pdf_extraction.py pages

Whole: of the sentences of the HTML page, how many come out of the PDF as one sentence, word for word. Other: of the sentences that come out,
how many are not in the page: pieces of sentences, page numbers, headers, lines of two columns in one.
"""

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pdfplumber
import pypdf
import pypdfium2
from markitdown import MarkItDown

from augment.reading.encodings import decode
from augment.reading.formats.choice import convert
from augment.reading.html import read_page
from augment.reading.normal import normal_text
from augment.text.pages import MARK
from augment.text.sentences import split_sentences

DOC = "usr/share/doc/"
MANUALS = {
    f"{DOC}bzip2/manual.pdf": f"{DOC}bzip2/manual.html",
    f"{DOC}nettle-dev/nettle.pdf": f"{DOC}nettle-dev/nettle.html",
    f"{DOC}fontconfig/fontconfig-user.pdf": f"{DOC}fontconfig/fontconfig-user.html",
    f"{DOC}shared-mime-info/shared-mime-info-spec.pdf": f"{DOC}shared-mime-info/shared-mime-info-spec.html",
    f"{DOC}valgrind/valgrind_manual.pdf": f"{DOC}valgrind/html",
}
"""Each manual as PDF, and the same as a page of HTML or a folder of them."""


def _pdfium(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as pdf:
        return "\n".join(page.get_textpage().get_text_bounded() for page in pdf)


def _plumber(path: Path) -> str:
    with pdfplumber.open(path) as pdf:
        return "\n".join(page.extract_text() for page in pdf.pages)


READERS: dict[str, Callable[[Path], str]] = {
    "ours (pdfplumber)": lambda path: convert(path).text.replace(MARK, ""),
    "markitdown": lambda path: MarkItDown().convert(path).text_content,
    "pdfplumber alone": _plumber,
    "pypdf": lambda path: "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages),
    "pypdfium2": _pdfium,
}


def bare(text: str) -> str:
    """Letters and digits only, but hyphens, which tell whether a divided word was put together."""
    return re.sub(r"[^\w-]+", " ", re.sub(r"\[[^\]\s]{1,30}\]", "", text)).strip().casefold()


def sentences(text: str) -> list[str]:
    """The sentences of five words or more."""
    return [s for s in map(bare, split_sentences(normal_text(text))) if len(s.split()) >= 5]


def main(folder: Path) -> None:
    """Print a line per manual and reader, and the means."""
    totals: dict[str, list[tuple[float, float, float]]] = {name: [] for name in READERS}
    for pdf, page in MANUALS.items():
        files = sorted((folder / page).rglob("*.html")) if (folder / page).is_dir() else [folder / page]
        html = "\n\n".join(read_page(decode(file.read_bytes()))[0] for file in files)
        asked, everything = sentences(html), bare(normal_text(html))
        count = len(pypdf.PdfReader(folder / pdf).pages)
        for name, reader in READERS.items():
            begun = time.perf_counter()
            text = reader(folder / pdf)
            seconds = time.perf_counter() - begun
            given = sentences(text)
            whole = sum(sentence in set(given) for sentence in set(asked)) / len(set(asked))
            other = sum(sentence not in everything for sentence in given) / max(1, len(given))
            totals[name].append((whole, other, seconds / count))
            print(
                f"{Path(pdf).stem:24} {name:18} whole {whole:6.1%}  other {other:6.1%}  {1000 * seconds / count:5.0f} ms a page  of {len(asked)}"
            )
    for name, rows in totals.items():
        whole, other, seconds = (sum(row[i] for row in rows) / len(rows) for i in range(3))
        print(f"{'mean':24} {name:18} whole {whole:6.1%}  other {other:6.1%}  {1000 * seconds:5.0f} ms a page")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
