"""PDF: lines with their places and letters from pdfplumber (which has them from pdfminer.six), tables where rules are drawn."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from augment.reading.formats.base import Converted, Unreadable, clean
from augment.reading.formats.grid import table
from augment.reading.formats.layout import as_markdown
from augment.reading.formats.running import SAME, Line, Page, without_running

CODE = re.compile(r"(?i)mono|courier|consol|typewriter|cmtt|menlo|nimbusmon|fixed")
BOLD = re.compile(r"(?i)bold|black|heavy|semibold|medi(?!um)|cmbx|sfbx|demi")
LIGATURES = str.maketrans(
    {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
)
NO_LETTER = re.compile(r"\(cid:\d+\)")
"""How pdfminer.six writes a glyph of which the font does not say which letter it is."""
MOST_UNKNOWN = 0.1
"""Share of such glyphs that a text may have."""
DRAWN = 100
"""Curves of a page without letters that may be letters."""
WIDEST = 0.9
"""Widest space within a line, in sizes of its letters: columns may stand as close as 1.2."""
Bounds = tuple[float, float, float, float]
SCANNED = "no text layer, only an image: run OCR over it first, for instance with ocrmypdf"
NO_TITLE = re.compile(
    r"(?i)microsoft (?:word|powerpoint) - |untitled|.*\.(?:docx?|tex|dvi|indd|qxd|pptx?|rtf|odt|html?)$"
)


def read_pdf(path: Path) -> Converted:
    """The text of a PDF: headings, paragraphs, lists, code and tables with rules, without what runs through its pages.

    Pages that are images are named. Raises Unreadable for an encrypted file, one of which all pages are images or empty, and one
    whose fonts do not say which letters they show.
    """
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfplumber.utils.exceptions import PdfminerException

    if not path.read_bytes()[:1024].lstrip().startswith(b"%PDF"):
        raise Unreadable("no PDF (it does not begin with %PDF)")
    try:
        with pdfplumber.open(path, laparams={}) as pdf:
            pages, images = [], []
            for page in pdf.pages:
                name = f"page {page.page_number}"
                if not page.chars and (page.images or len(page.curves) > DRAWN):
                    images.append(name)
                pages.append(Page(name, float(page.height), _blocks(page)))
                page.close()
            fields = _fields(pdf.metadata or {})
    except PdfminerException as error:
        if isinstance(error.args[0] if error.args else None, PDFPasswordIncorrect):
            raise Unreadable("an encrypted PDF: save it without a password") from error
        raise
    if not pages:
        raise Unreadable("a damaged PDF (it has no pages)")
    if not any(page.blocks for page in pages):
        count = f"its {len(pages)} pages are" if len(pages) > 1 else "its page is"
        raise Unreadable(f"a scanned PDF ({SCANNED})" if images else f"a PDF without text ({count} empty)")
    kept, running = without_running(pages)
    text, unknown = NO_LETTER.subn("\ufffd", as_markdown(kept))
    if unknown > MOST_UNKNOWN * len(text.split()):
        raise Unreadable("a PDF whose fonts do not say which letters they show: print it anew, or run OCR over it")
    if running:
        fields["running_lines"] = running
    return Converted(text, tuple(page.name for page in pages), fields, tuple((name, SCANNED) for name in images))


def _fields(metadata: dict[str, Any]) -> dict[str, Any]:
    """The title, where it is one, and the day on which the file was made, which need not be that of the text."""
    title = metadata.get("Title")
    found: dict[str, Any] = {}
    if isinstance(title, str) and title.strip() and not NO_TITLE.match(title.strip()):
        found["title"] = clean(title).strip()
    made = re.match(r"D:(\d{4})(\d\d)(\d\d)", str(metadata.get("CreationDate", "")))
    return found | ({"file_date": "-".join(made.groups())} if made else {})


def _blocks(page: Any) -> list[list[Line] | str]:
    """The blocks of a page in reading order, tables in between."""
    tables = [(found.bbox, text) for found in _tables(page) if (text := _table(found))]
    boxes = _whole_lines([[line for item in box if (line := _line(item, page))] for box in _boxes(page)])
    outside = ([line for line in box if not any(_holds(bbox, line) for bbox, _ in tables)] for box in boxes)
    blocks: list[list[Line] | str] = [box for box in outside if box]
    for bbox, text in tables:
        blocks.insert(_place(bbox, blocks), text)
    return blocks


def _place(bbox: Bounds, blocks: list[list[Line] | str]) -> int:
    """Where a table stands: before the first block below it in its column, else behind the last above it there, else before any below."""
    left, top, right, bottom = bbox
    lines = [(place, block[0]) for place, block in enumerate(blocks) if not isinstance(block, str)]
    column = [(place, line) for place, line in lines if line.left < right and left < line.right]
    below = next((place for place, line in column if line.top >= bottom - SAME), None)
    if below is None:
        below = max((place + 1 for place, line in column if line.bottom <= top + SAME), default=None)
    if below is None:
        below = next((place for place, line in lines if line.top >= bottom - SAME), len(blocks))
    return below


def _boxes(page: Any) -> list[Any]:
    """What pdfminer.six takes for blocks of text, in its reading order."""
    return [item for item in page.layout if hasattr(item, "get_text") and hasattr(item, "__iter__")]


def _whole_lines(boxes: list[list[Line]]) -> list[list[Line]]:
    """The blocks with lines whole that were cut at a wide space, as there are where text is set to full width."""
    lines = sorted((line for box in boxes for line in box), key=lambda line: line.left)
    rest, taken = dict[int, Line](), set[int]()
    for place, line in enumerate(lines):
        if id(line) in taken:
            continue
        for other in lines[place + 1 :]:
            gap = other.left - line.right
            if abs(other.bottom - line.bottom) < SAME and -1 < gap < WIDEST * line.size and id(other) not in taken:
                line = replace(line, text=f"{line.text} {other.text}", right=other.right, bold=line.bold and other.bold)
                taken.add(id(other))
        rest[id(lines[place])] = line
    return [found for box in boxes if (found := [rest[id(line)] for line in box if id(line) not in taken])]


def _tables(page: Any) -> list[Any]:
    """Tables whose cells are ruled off; looked for only where enough is drawn."""
    return page.find_tables() if len(page.lines) + len(page.rects) + len(page.curves) >= 4 else []


def _table(found: Any) -> str:
    """A table as Markdown; "" for a frame around text and for boxes that are mostly empty."""
    rows = [[clean(cell or "").translate(LIGATURES) for cell in row] for row in found.extract()]
    filled = sum(bool(cell.strip()) for row in rows for cell in row)
    if len(rows) < 2 or max(map(len, rows)) < 2 or filled < 0.5 * sum(map(len, rows)):
        return ""
    return table(rows)


def _line(item: Any, page: Any) -> Line | None:
    """A line of pdfminer.six, whose places are counted from the bottom; None for an empty one."""
    if not hasattr(item, "get_text") or not hasattr(item, "__iter__"):
        return None
    height = float(page.height)
    text = clean(item.get_text()).translate(LIGATURES).strip()
    letters = [letter for letter in item if hasattr(letter, "fontname") and letter.get_text().strip()]
    if not text or not letters:
        return None
    sizes = Counter(round(letter.size, 1) for letter in letters)
    half = len(letters) / 2
    return Line(
        " ".join(text.split()),
        item.x0,
        item.x1,
        height - item.y1,
        height - item.y0,
        sizes.most_common(1)[0][0],
        sum(BOLD.search(letter.fontname) is not None for letter in letters) > half,
        sum(CODE.search(letter.fontname) is not None for letter in letters) > 0.9 * len(letters),
    )


def _holds(bbox: Bounds, line: Line) -> bool:
    left, top, right, bottom = bbox
    return left <= (line.left + line.right) / 2 <= right and top <= (line.top + line.bottom) / 2 <= bottom
