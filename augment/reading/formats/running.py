"""Lines of pages, and those among them that run through a document: headers, footers, page numbers, and tables of contents."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

EDGE = 0.15
"""Share of a page's height, at its top and at its bottom, in which headers and footers stand."""
LARGE = 1.3
"""Times the size of most text; what is larger is a title, even where it comes again, as on slides."""
LEADER = re.compile(r"(?:\.{4,}|(?: ?\. ){4,}\.?|…{2,})\s*(?:\d+|[ivxlc]+)?\s*$")
"""How a line of a table of contents ends."""
SAME = 2.0
"""Points within which lines stand at the same height."""
APART = 0.8
"""White space between a header and the text, in sizes of letters."""
Key = tuple[int, str, int]
NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")


@dataclass(frozen=True)
class Line:
    """A line of a page. Places are in points from the left and the top of the page."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    """Of most of its letters."""
    bold: bool
    code: bool
    """In letters of equal width."""


@dataclass(frozen=True)
class Page:
    """A page: its blocks of lines in reading order, with tables (Markdown) in their places."""

    name: str
    height: float
    blocks: list[list[Line] | str]


def usual_size(pages: Sequence[Page]) -> float:
    """The size of most letters; 0 where there are none."""
    sizes = Counter[float]()
    for line in lines_of(pages):
        sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def lines_of(pages: Sequence[Page]) -> list[Line]:
    """All lines of all pages, in order."""
    return [line for page in pages for block in page.blocks if not isinstance(block, str) for line in block]


def without_running(pages: Sequence[Page]) -> tuple[list[Page], list[str]]:
    """The pages without lines that run through them, and those lines, each once.

    Such a line stands at the same place at the edge of three pages (or of both of two), with nothing but numbers changed. Lines that end
    in dots and a page number, as in a table of contents, go as well.
    """
    large = LARGE * usual_size(pages)
    edges = [_edges(page, large) for page in pages]
    counts = Counter[Key]()
    for lines in edges:
        counts.update({key for line in lines for key in _keys(line)})
    least = max(2, min(3, len(pages)))
    gone, left = dict[str, None](), list[Page]()
    for page, lines in zip(pages, edges, strict=True):
        running = {line for line in lines if any(counts[key] >= least for key in _keys(line))}
        gone |= dict.fromkeys(_pattern(line) for line in lines if line in running)
        listed = [line.bottom for line in lines_of([page]) if LEADER.search(line.text)]
        blocks: list[list[Line] | str] = []
        for block in page.blocks:
            if isinstance(block, str):
                blocks.append(block)
                continue
            kept = [line for line in block if line not in running]
            kept = [line for line in kept if not any(abs(line.bottom - bottom) < SAME for bottom in listed)]
            if kept:
                blocks.append(kept)
        left.append(replace(page, blocks=blocks))
    return left, list(gone)


def _edges(page: Page, large: float) -> list[Line]:
    """The lines at the top and at the bottom of a page that stand apart from the others."""
    lines, found = lines_of([page]), list[Line]()
    if not lines:
        return []
    group: list[Line] = []
    for line in sorted(lines, key=lambda line: line.top):
        if group and line.top - max(other.bottom for other in group) > APART * line.size:
            break
        group.append(line)
    found += group if max(line.bottom for line in group) <= EDGE * page.height else []
    group = []
    for line in sorted(lines, key=lambda line: -line.bottom):
        if group and min(other.top for other in group) - line.bottom > APART * line.size:
            break
        group.append(line)
    found += group if min(line.top for line in group) >= (1 - EDGE) * page.height else []
    return [line for line in found if line.size <= large]


def _keys(line: Line) -> list[Key]:
    """What a line has in common with its like: its pattern and its place, in two grids of heights."""
    return [(grid, _pattern(line), int((line.top + grid) // (2 * SAME))) for grid in (0, int(SAME))]


def _pattern(line: Line) -> str:
    return NUMBER.sub("#", " ".join(line.text.split()))
