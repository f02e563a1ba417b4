"""Where in a text its pages begin: of a PDF pages, of a presentation slides, of a workbook sheets.

Readers put `MARK` where a page begins. It is no character of any text, survives normalisation, and is taken out once the text is as
it will be kept; what stays is a mapping from the page's name to the place in the text, in `meta` under `pages`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MARK = "\ufdd0"
Pages = dict[str, int]
"""Names of pages ("page 3", "slide 2", "sheet Prices") in order, and where each begins, in characters."""


def without_marks(text: str, names: Sequence[str]) -> tuple[str, Pages]:
    """The text without its marks, and where the pages begin that they stood for, one name for each mark."""
    first, *others = text.split(MARK)
    found, place = Pages(), len(first)
    for name, part in zip(names, others, strict=True):
        found[name] = place
        place += len(part)
    return text.replace(MARK, ""), found


def pages_of(meta: Any) -> Pages:
    """The pages that a document's `meta` holds; none where it holds none, or another thing under that name."""
    found = meta.get("pages") if isinstance(meta, dict) else None
    sound = isinstance(found, dict) and all(type(place) is int for place in found.values())
    return found if sound and isinstance(found, dict) else {}


def pages_at(pages: Mapping[str, int], start: int, end: int) -> list[str]:
    """The names of the pages on which the characters from `start` to before `end` stand."""
    return list(part_of(pages, start, end))


def part_of(pages: Mapping[str, int], start: int, end: int) -> Pages:
    """The pages of a part of a text, counted from its start."""
    found, before = Pages(), ""
    for name, place in pages.items():
        if place <= start:
            before = name
        elif place < end:
            found[name] = place - start
    return ({before: 0} if before else {}) | found


def without_spans(meta: str, gone: Iterable[tuple[int, int]]) -> str:
    """A document's `meta` (JSON) when the characters of some spans (start, end) are taken out of its text: pages begin that much earlier."""
    told, spans = json.loads(meta), list(gone)
    pages = pages_of(told)
    moved = {n: place - sum(max(0, min(place, end) - start) for start, end in spans) for n, place in pages.items()}
    return json.dumps(told | {"pages": moved}, ensure_ascii=False) if pages else meta
