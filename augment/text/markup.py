"""Takes what is no prose out of Markdown, reStructuredText and Org, and puts their headings and tables as Markdown has them.

Line for line: what is taken out leaves an empty line, so that a line number means the same before and after.
"""

import re
from collections.abc import Iterable

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`]*)$")
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
MATH = re.compile(r"\s*(\$\$|\\\[|\\begin\{(?:equation|align|gather|eqnarray|multline|displaymath)\*?\})")
MATH_ENDS = re.compile(r"(?:\$\$|\\\]|\\end\{\w+\*?\})[.,;:]?\s*$")
DIRECTIVE = re.compile(r"( *)\.\. +(?:([\w:.+-]+)::(?: +(.*))?|(?:_|\[|\|).*|.*)$")
PROSE = set(
    "note warning tip hint important caution danger attention error admonition seealso topic sidebar container class function "
    "method attribute module data exception describe epigraph pull-quote highlights compound figure deprecated "
    "versionadded versionchanged versionremoved rst-class tab tab-item dropdown card grid glossary only".split()
)
"""Directives whose body is text."""
SAYS = set("note warning tip hint important caution danger attention error seealso epigraph pull-quote".split())
"""Those whose first line is text too."""
RULE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*$")
FIELD = re.compile(r":(?:tocdepth|orphan|nocomments|nosearch|no-search):.*")
"""Fields of a file, for Sphinx alone."""
DRAWER = re.compile(r"\s*:[A-Za-z][\w-]*:\s*$")
ORG = re.compile(
    r"(?mi)^\*\*+ \S|^#\+(?:title|author|begin_\w+|options|startup|date):?|^[ \t]*:(?:properties|logbook):[ \t]*$"
)
ORG_BLOCK = re.compile(r"(?i)\s*#\+begin_(src|example|export|comment)")
GRID = re.compile(r"\s*[|+](?=.*\+)[-=+|]+[|+]\s*$")
COLUMNS = re.compile(r"\s*={2,}(?:\s+={2,})+\s*$")
DEEP = re.compile(r"[ \t]*(?:(?:>|[-*+](?=\s))[ \t]*)*")
DEEPEST = 80
"""Columns of indentation and of marks of quotes and lists that are told apart."""
LONGEST = 200
"""Lines within which a block that is no prose must end: a mark that is never closed takes nothing out."""


def as_markdown(text: str) -> str:
    """A text with as many lines: comments, formulas, directives, drawers and code of RST and Org are empty lines.

    What stands between Markdown's own fences stays as it is. Headings of RST and Org get Markdown's number signs, and simple tables
    its bars; grid tables with cells of several lines stay rows without a header.
    """
    lines = [_shallow(line) for line in re.split(r"\r\n?|\n", text)]
    fenced = _fenced(lines)
    if ORG.search(text):
        _org(lines, fenced)
    _comments(lines, fenced)
    _rules(lines, fenced)
    place = 0
    while place < len(lines):
        place = place + 1 if place in fenced else _block(lines, place)
    return "\n".join(lines)


def _shallow(line: str) -> str:
    """A line that is not nested deeper than Markdown is read; what is deeper stands on the last level."""
    begun = DEEP.match(line)
    if begun is None:
        return line
    marks, width = begun[0], len(begun[0].expandtabs(4))
    return (
        " " * min(_margin(line), DEEPEST) + "> " * min(marks.count(">"), DEEPEST // 4) + line[begun.end() :]
        if width > DEEPEST
        else line
    )


def _fenced(lines: list[str]) -> set[int]:
    """Lines of fenced code; a rule below a title is no fence."""
    inside, found = "", set[int]()
    for place, line in enumerate(lines):
        fence = FENCE.match(line)
        if inside:
            found.add(place)
            if fence and fence[1].startswith(inside) and not fence[2].strip():
                inside = ""
        elif fence and not _is_rule(lines, place):
            inside = fence[1]
            found.add(place)
    return found


def _blank(lines: list[str], places: Iterable[int]) -> None:
    for place in places:
        lines[place] = ""


def _comments(lines: list[str], fenced: set[int]) -> None:
    """Empty <!-- comments -->, in a line and over lines."""
    place = 0
    while place < len(lines):
        if place in fenced or "<!--" not in lines[place]:
            place += 1
            continue
        end = next((n for n in range(place, min(place + LONGEST, len(lines))) if "-->" in lines[n]), None)
        if end is None:
            place += 1
            continue
        rest = COMMENT.sub("", "\n".join(lines[place : end + 1]))
        _blank(lines, range(place, end + 1))
        lines[place] = rest.replace("\n", " ")
        place = place if "<!--" in rest else end + 1
        if "<!--" in rest:  # the last one goes on below
            lines[place] = rest.replace("<!--", "")


def _is_rule(lines: list[str], place: int) -> bool:
    """Whether a line is the rule below a title of RST: as long as it, the title alone between empty lines or below a rule."""
    if (
        place == 0
        or not RULE.match(lines[place])
        or not 1 <= len(lines[place - 1].strip()) <= len(lines[place].strip())
    ):
        return False
    title, above = lines[place - 1], lines[place - 2].strip() if place > 1 else ""
    below = lines[place + 1].strip() if place + 1 < len(lines) else ""
    framed = above == lines[place].strip()
    return (
        re.search(r"\w", title) is not None
        and not title.startswith((" " * 4, "#", ">", "|"))
        and (framed or not above)
        and not below
    )


def _rules(lines: list[str], fenced: set[int]) -> None:
    """Titles of RST, where a text has more kinds than Markdown knows; their levels are in the order in which they first come."""
    found = [place for place in range(1, len(lines)) if place not in fenced and _is_rule(lines, place)]
    if all(lines[place].strip()[0] in "=-" and not _framed(lines, place) for place in found):
        return
    levels: dict[tuple[str, bool], int] = {}
    for place in found:
        framed = _framed(lines, place)
        level = levels.setdefault((lines[place].strip()[0], framed), len(levels) + 1)
        lines[place - 1] = f"{'#' * min(level, 6)} {lines[place - 1].strip()}"
        _blank(lines, [place, place - 2] if framed else [place])


def _framed(lines: list[str], place: int) -> bool:
    return place > 1 and lines[place - 2].strip() == lines[place].strip()


def _block(lines: list[str], place: int) -> int:
    """Empty the block that begins on a line, if it is no prose; returns the line to go on with."""
    line = lines[place]
    if math := MATH.match(line):
        if MATH_ENDS.search(line, math.end()):
            _blank(lines, [place])
            return place + 1
        end = next((n for n in range(place + 1, min(place + LONGEST, len(lines))) if MATH_ENDS.search(lines[n])), None)
        if end is not None:
            _blank(lines, range(place, end + 1))
            return end + 1
    if FIELD.fullmatch(line.strip()):
        lines[place] = ""
        return place + 1
    if DRAWER.match(line) and lines[place].strip().lower() != ":end:":
        end = next(
            (n for n in range(place + 1, min(place + LONGEST, len(lines))) if lines[n].strip().lower() == ":end:"), None
        )
        if end is not None:
            _blank(lines, range(place, end + 1))
            return end + 1
    if (found := DIRECTIVE.match(line)) and (found[2] or place == 0 or not lines[place - 1].strip()):
        return _directive(lines, place, found)
    if COLUMNS.match(line):
        return _columns(lines, place)
    if GRID.match(line):
        return _grid(lines, place)
    if line.rstrip().endswith("::") and not "".join(lines[place + 1 : place + 2]).strip():
        after = _indented(lines, place + 1, _margin(line))
        _blank(lines, range(place + 1, after))
        return after
    return place + 1


def _directive(lines: list[str], place: int, found: re.Match[str]) -> int:
    """Empty a directive with its options, and its body where that is no text."""
    after = _indented(lines, place + 1, len(found[1]))
    name = (found[2] or "").split(":")[-1]
    lines[place] = found[1] + found[3] if name in SAYS and found[3] else ""
    if name not in PROSE:
        _blank(lines, range(place + 1, after))
        return after
    body = place + 1
    while body < after and re.match(r"\s+:[\w-]+:", lines[body]):
        _blank(lines, [body])
        body += 1
    return body


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _indented(lines: list[str], place: int, margin: int) -> int:
    """The line after the indented ones that follow."""
    end = place
    for n in range(place, len(lines)):
        if lines[n].strip():
            if _margin(lines[n]) <= margin:
                break
            end = n + 1
    return end


def _org(lines: list[str], fenced: set[int]) -> None:
    """Headings as Markdown has them; keywords, comments, dates of tasks and blocks of code go."""
    place = 0
    while place < len(lines):
        line = lines[place]
        if place in fenced:
            pass
        elif block := ORG_BLOCK.match(line):
            closing = f"#+end_{block[1]}".lower()
            end = next((n for n in range(place, len(lines)) if lines[n].strip().lower() == closing), place)
            _blank(lines, range(place, end + 1))
            place = end
        elif re.match(r"\s*#(?:\+| |$)|\s*(?:SCHEDULED|DEADLINE|CLOSED): [<\[]", line):
            lines[place] = ""
        elif heading := re.match(r"(\*+) +(?:(?:TODO|DONE) +)?(.*?)(?:\s+:[\w@:]+:)?\s*$", line):
            lines[place] = f"{'#' * min(len(heading[1]), 6)} {heading[2]}"
        place += 1


def _columns(lines: list[str], place: int) -> int:
    """A simple table of RST with bars between its columns; one with a cell of several lines is emptied but for its rows."""
    borders = [place]
    for n in range(place + 1, min(place + LONGEST, len(lines))):
        if COLUMNS.match(lines[n]):
            borders.append(n)
            if n + 1 == len(lines) or not lines[n + 1].strip():
                break
    if len(borders) < 2:
        return place + 1
    edges = [found.start() for found in re.finditer(r"=+", lines[place])]
    head = borders[1] if len(borders) == 3 and borders[1] == place + 2 else 0
    rows = [n for n in range(place + 1, borders[-1]) if n not in borders and lines[n].strip()]
    cells = {n: [lines[n][a:b].strip() for a, b in zip(edges, [*edges[1:], None], strict=True)] for n in rows}
    whole = head and all(row[0] for row in cells.values())
    for n in range(place, borders[-1] + 1):
        lines[n] = f"| {' | '.join(cells[n])} |" if n in cells else ""
    if whole:
        lines[head] = "|" + " --- |" * len(edges)
    return borders[-1] + 1


def _grid(lines: list[str], place: int) -> int:
    """A grid of RST or Org: its first inner rule becomes that below the header, where every row has a line of its own."""
    end = place
    while end < len(lines) and re.match(r"\s*[|+]", lines[end]):
        end += 1
    rules = [n for n in range(place, end) if GRID.match(lines[n])]
    start = place
    if lines[place].strip().startswith("|"):  # Org: one rule, below the header
        while start and re.match(r"\s*\|", lines[start - 1]):
            start -= 1
        whole = place == start + 1
        lines[place] = lines[place].replace("+", "|") if whole else ""
        _blank(lines, rules[1:])
        return end
    _blank(lines, rules)
    rows = [lines[n] for n in range(start, end) if lines[n]]
    width = rows[0].count("|") - 1 if rows else 0
    if len(rules) >= 3 and len(rules) == len(rows) + 1 and all(row.count("|") - 1 == width for row in rows):
        lines[start:end] = [rows[0], "|" + " --- |" * width, *rows[1:], *[""] * (end - start - len(rows) - 1)]
    return end
