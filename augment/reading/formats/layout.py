"""Lines of pages as Markdown: paragraphs over line, column and page breaks, words that a break divided, headings, lists, code."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from augment.reading.formats.running import Line, Page, lines_of, usual_size
from augment.text.pages import MARK

LARGER, LONGEST_HEADING = 1.1, 200
"""How much larger than most text a heading is, and its most characters."""
BULLET = re.compile(r"[•‣▪●○◦■□–∙·➢✓]\s*|[-*]\s+")
ITEM = re.compile(r"(?:\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
DIVIDED = re.compile(r"(\w+)[-\u2010\u00ad]$")
BEGINS = re.compile(r"[^\W\d_]+")
ENDS = re.compile(r"[.!?:;。！？：][\"'”’»)\]]*$")
FENCE = re.compile(r"^(?:`{3,}|~{3,})")
"""Signs at the start of a paragraph, as lines drawn by hand are, that would make all that follows code."""
WIDE = re.compile(r"[\u3000-\u9fff\uf900-\ufaff\uff00-\uffef]")
"""Letters of scripts that put no space between words."""
PROSE, FEWEST = 0.9, 5
"""Of prose in letters of equal width: least share of letters and spaces, and fewest words a line."""
GAP = 0.7
"""White space above a line, in heights of a line, that begins a paragraph."""
REACHES = 0.85
"""Share of a column's width that a line fills which may go on in the next block."""


def as_markdown(pages: Sequence[Page]) -> str:
    """The pages as one text, with `MARK` where each begins."""
    body, known = usual_size(pages), words_of(pages)
    levels = heading_levels(pages, body)
    written: list[str] = []
    last: list[Line] = []  # the lines of the last paragraph, where it may go on
    mark = ""
    for page in pages:
        mark += MARK
        for block in page.blocks:
            if isinstance(block, str):
                written.append(mark + block)
                last, mark = [], ""
                continue
            for part in paragraphs(block, body):
                level = heading_level(part, body, levels)
                if part[0].code:
                    text = code(part)
                elif level:
                    text = f"{'#' * level} {' '.join(line.text for line in part)}"
                elif last and goes_on(last, part, body):
                    written[-1] = flowing([part_line(line) for line in part], known, written[-1], mark)
                    last, mark = part, ""
                    continue
                else:
                    text = FENCE.sub(r"\\\g<0>", flowing([part_line(line) for line in part], known))
                written.append(mark + text)
                last, mark = [] if part[0].code or level else part, ""
    return "\n\n".join(written) + mark


def words_of(pages: Sequence[Page]) -> set[str]:
    """The words of a document in lower case, with hyphens where they have them, but for what a line break may have divided."""
    found, divided = set[str](), False
    for line in lines_of(pages):
        text = BEGINS.sub("", line.text, count=1) if divided else line.text
        divided = DIVIDED.search(line.text) is not None
        found.update(re.findall(r"\w+(?:-\w+)*", DIVIDED.sub("", text).casefold()))
    return found


def paragraphs(block: Sequence[Line], body: float) -> Iterator[list[Line]]:
    """A block cut where a heading, an item, code, or after white space a paragraph begins."""
    part: list[Line] = []
    right = max(line.right for line in block)
    for line in without_quotes(block):
        if part and begins(part, line, right, body):
            yield part
            part = []
        part.append(line)
    yield part


def without_quotes(block: Sequence[Line]) -> list[Line]:
    """The lines of a block, where letters of equal width are no code: names that fill a line by chance, and prose that is set in them."""
    found: list[Line] = []
    for is_code, run in groupby(block, lambda line: line.code):
        lines = list(run)
        prose = is_code and (len(lines) < min(3, len(block)) or is_prose([line.text for line in lines]))
        found += [replace(line, code=False) for line in lines] if prose else lines
    return found


def is_prose(lines: Sequence[str]) -> bool:
    """Whether lines are made of words: few signs, and several words a line."""
    text = " ".join(lines)
    words = sum(map(str.isalpha, text)) + text.count(" ")
    return words >= PROSE * len(text) and len(text.split()) >= FEWEST * len(lines)


def begins(part: Sequence[Line], line: Line, right: float, body: float) -> bool:
    """Whether a line begins a paragraph, and is not the next of this one."""
    before = part[-1]
    if line.code != before.code or line.code:
        return line.code != before.code
    if is_heading(line, body) != is_heading(before, body) or abs(line.size - before.size) > 0.1 * body:
        return is_heading(line, body) or is_heading(before, body)
    if BULLET.match(line.text) or (ITEM.match(line.text) and (ENDS.search(before.text) or ITEM.match(part[0].text))):
        return True
    listed = BULLET.match(part[0].text) or ITEM.match(part[0].text)
    if listed and len(part) > 1 and line.left - part[0].left < 0.3 * line.size < before.left - part[0].left:
        return True  # back at the margin
    if line.top - before.bottom > GAP * max(line.size, 1.0):
        return True
    width = right - min(before.left, line.left)
    indented = line.left - before.left > 0.5 * line.size and not listed
    short = ENDS.search(before.text) is not None and right - before.right > 0.15 * width
    return (indented and len(part) > 1 and ENDS.search(before.text) is not None) or short


def is_heading(line: Line, body: float) -> bool:
    """Whether a line is set as a heading is: larger than most text, or bold."""
    return not line.code and (line.size >= LARGER * body or (line.bold and line.size >= 0.95 * body))


def heading_levels(pages: Sequence[Page], body: float) -> dict[float, int]:
    """The level of each size of headings: the largest is 1; those of the text's own size come last."""
    sizes = {size_of(line, body) for line in lines_of(pages) if is_heading(line, body)}
    return {size: min(level, 6) for level, size in enumerate(sorted(sizes, reverse=True), 1)}


def size_of(line: Line, body: float) -> float:
    """The size of a heading, or that of the text where it is told by bold type alone."""
    return round(line.size) if line.size >= LARGER * body else 0.0


def heading_level(part: Sequence[Line], body: float, levels: dict[float, int]) -> int:
    """The level of a paragraph that is a heading, else 0: bold sentences are none."""
    text = " ".join(line.text for line in part)
    if (
        not all(is_heading(line, body) for line in part)
        or len(text) > LONGEST_HEADING
        or not re.search(r"[^\W\d_]", text)
    ):
        return 0
    if BULLET.match(text) or (size_of(part[0], body) == 0 and (len(part) > 2 or re.search(r"[.;,]$", text))):
        return 0
    return levels[size_of(part[0], body)]


def goes_on(last: Sequence[Line], part: Sequence[Line], body: float) -> bool:
    """Whether a paragraph goes on in the next block, column or page: it has no end, and its last line is full or the next begins small."""
    end, start = last[-1], part[0]
    if BULLET.fullmatch(end.text):
        return not BULLET.match(start.text)
    if (
        ENDS.search(end.text)
        or abs(end.size - start.size) > 0.1 * body
        or BULLET.match(start.text)
        or ITEM.match(start.text)
    ):
        return False
    width = max(line.right - line.left for line in (*last, *part))
    first = re.search(r"\w", start.text)
    small = first is not None and start.text[first.start()].islower()
    full = end.right - end.left >= REACHES * width and len(end.text) > 40
    return small or full or DIVIDED.search(end.text) is not None


def part_line(line: Line) -> str:
    """A line's text, its bullet as Markdown writes it."""
    return BULLET.sub("- ", line.text, count=1) if BULLET.match(line.text) else line.text


def flowing(lines: Sequence[str], known: set[str], before: str = "", mark: str = "") -> str:
    """Lines as one, with words whole that a break divided; `mark` stands where the first of them begins, behind a word that is divided."""
    for line in lines:
        before = mark + line if not before else _joined(before, line, known, mark)
        mark = ""
    return before


def _joined(before: str, after: str, known: set[str], mark: str) -> str:
    divided, rest = DIVIDED.search(before), BEGINS.match(after)
    alike = rest is not None and (rest[0].islower() or (rest[0].isupper() and before[-3:-1].isupper()))
    if divided and rest and alike and not divided[1][-1].isdigit():
        first, second = divided[1].casefold(), rest[0].casefold()
        compound = f"{first}-{second}" in known or (first + second not in known and {first, second} <= known)
        hyphen = "-" if compound and before[-1] != "\u00ad" else ""
        return f"{before[:-1]}{hyphen}{rest[0]}{mark}{after[rest.end() :]}"
    glued = divided is not None or before[-1].isspace() or (WIDE.match(before[-1]) and WIDE.match(after[0]))
    return f"{before}{'' if glued else ' '}{mark}{after}"


def code(lines: Sequence[Line]) -> str:
    """Lines of code in fences, indented as they stand on the page."""
    left = min(line.left for line in lines)
    width = max(0.3 * lines[0].size, min((line.right - line.left) / max(1, len(line.text)) for line in lines))
    inner = "\n".join(" " * round((line.left - left) / width) + line.text for line in lines)
    fence = max(["```", *(f"{run}`" for run in re.findall("`{3,}", inner))], key=len)
    return f"{fence}\n{inner}\n{fence}"
