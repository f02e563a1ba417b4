"""Rows of cells as a Markdown table."""

import re
from collections.abc import Sequence

NUMBER = re.compile(r"[-+−(]?[\d.,'\s]*\d[)%]?\s*\D{0,3}")


def table(rows: Sequence[Sequence[str]]) -> str:
    """The rows as a Markdown table: the first is its header where it looks like one, else the header is empty. "" where there is no cell."""
    filled = [[cell_text(cell) for cell in row] for row in rows if any(cell.strip() for cell in row)]
    width = max((last_filled(row) for row in filled), default=0)
    if not width:
        return ""
    filled = [[*row[:width], *[""] * (width - len(row))] for row in filled]
    if not is_header(filled):
        filled.insert(0, [""] * width)
    lines = [f"| {' | '.join(row)} |" for row in filled]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: all cells but perhaps the first filled, different, none a number, and rows below."""
    first = [cell.strip() for cell in rows[0]]
    named = first[1:] if len(first) > 1 and not first[0] else first
    return (
        len(rows) > 1
        and len(first) > 1
        and all(named)
        and len(set(named)) == len(named)
        and not any(NUMBER.fullmatch(cell) for cell in named)
    )


def cell_text(text: str) -> str:
    """A cell on one line, its bars escaped."""
    return " ".join(text.split()).replace("|", "\\|")


def last_filled(row: Sequence[str]) -> int:
    """How many cells there are up to the last filled one."""
    return max((place for place, cell in enumerate(row, 1) if cell), default=0)
