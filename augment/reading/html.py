"""HTML pages as Markdown-like text: headings, lists, tables, quotes and code stay; what is not text of the page goes.

lxml parses. The text is written here, because converters found elsewhere grow with the square of the length, put
backslashes into sentences, or guess which paragraphs matter: here only what the page marks as no text of its own goes.
"""

import re
from typing import Any

from lxml import etree

from augment.reading.chrome import fields_of, is_dropped, strip

BLOCKS = set(
    "address article aside body caption center dd details div dl dt fieldset figcaption figure footer form header hr "
    "html legend li main p section summary table tbody td tfoot th thead tr".split()
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
LISTS = ("ul", "ol", "menu")
LAYOUT = " | ".join(f".//{tag}" for tag in ("table", "pre", "blockquote", *HEADINGS)) + " | .//td[count(.//p) > 1]"
CHARSET = re.compile(rb"""<(?:meta[^>]+?charset|\?xml[^>]+?encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
BREAK = "\0"  # stands for <br>: lines of the source mean nothing
PROSE = 150
"""Characters of a cell that is prose."""
TERM = 100
"""Characters of a term that stands in front of its text."""
DEEPEST = 150
"""Levels that are told apart; what lies deeper is one paragraph."""


def declared_encoding(data: bytes) -> str | None:
    """The encoding that a page names in its head."""
    found = CHARSET.search(data[:4096])
    return found[1].decode() if found else None


def read_page(html: str) -> tuple[str, dict[str, Any]]:
    """The text of a page and its fields (`title`, `date`).

    The text is that of <main> where there is just one, else of <body>. Scripts, styles, fields of forms, <nav>, hidden
    parts, header, footer and aside of the whole page, what its class or id calls a notice, navigation, comments and so on,
    images, the addresses of links and the marks of notes are left out. A heading that stands outside of what is read comes first.
    Raises RecursionError where the parser gave up on the nesting.
    """
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(html.replace(BREAK, "").encode(), parser) if html.strip() else None
    if any("depth" in fault.message.lower() for fault in parser.error_log):
        raise RecursionError
    if root is None:
        return "", {}
    fields = fields_of(root, _line)
    strip(root)
    blocks = _main(root)
    if not any(re.search(r"\w", block) for block in blocks):
        blocks = _main(
            etree.fromstring(html.replace(BREAK, "").encode(), parser)
        )  # a page that calls all of itself a comment
    headings = [
        _line("".join(heading.itertext()))
        for heading in root.iter("h1")
        if not any(up.tag == "nav" for up in heading.iterancestors())
    ]
    if len(headings) == 1 and headings[0] and not any(block.startswith("# ") for block in blocks):
        blocks.insert(0, f"# {headings[0]}")
    return "\n\n".join(blocks), fields


def _main(root: Any) -> list[str]:
    mains = root.xpath("//main | //*[@role='main']")
    return _blocks(mains[0], 0, True) if len(mains) == 1 else _blocks(root, 0, False)


def _blocks(element: Any, depth: int, inside: bool) -> list[str]:
    """Paragraphs, headings, lists, tables and so on of an element; `inside` is <main> or <article>."""
    blocks: list[str] = []
    inline: list[str] = []
    _walk(element, blocks, inline, depth, inside)
    _flush(blocks, inline)
    return blocks


def _walk(element: Any, blocks: list[str], inline: list[str], depth: int, inside: bool) -> None:
    if depth > DEEPEST:
        inline.append(" ".join(element.itertext()))
        return
    inline.append(element.text or "")
    for child in element:
        tag = child.tag
        within = inside or tag in ("main", "article")
        if is_dropped(child, inside):
            pass
        elif tag == "br":
            inline.append(BREAK)
        elif tag in HEADINGS or tag in LISTS or tag in ("pre", "blockquote", "dl") or _is_data(child):
            _flush(blocks, inline)
            blocks.extend(_special(child, depth + 1, within))
        elif tag in BLOCKS:
            _flush(blocks, inline)
            _walk(child, blocks, inline, depth + 1, within)
            _flush(blocks, inline)
        else:
            inline.append("^" if tag == "sup" and _is_power(child) else "")
            _walk(child, blocks, inline, depth + 1, within)
        inline.append(child.tail or "")


def _flush(blocks: list[str], inline: list[str]) -> None:
    """What was gathered becomes paragraphs; two <br> in a row end one."""
    for paragraph in re.split(rf"{BREAK}\s*{BREAK}", "".join(inline)):
        lines = [line for line in map(_line, paragraph.split(BREAK)) if line]
        if lines:
            blocks.append("\n".join(lines))
    inline.clear()


def _special(element: Any, depth: int, inside: bool) -> list[str]:
    """The block of a heading, list, quote, code block or table."""
    tag = element.tag
    if tag == "pre":
        return _code(element)
    if tag == "table":
        return _table(element, depth, inside)
    if tag in LISTS:
        return _list(element, depth, inside)
    if tag == "dl":
        return _definitions(element, depth, inside)
    blocks = _blocks(element, depth, inside)
    if tag == "blockquote":
        return ["\n".join(f"> {line}".rstrip() for line in "\n\n".join(blocks).split("\n"))] if blocks else []
    return [f"{'#' * int(tag[1])} {_line(' '.join(blocks))}"] if blocks else []


def _list(element: Any, depth: int, inside: bool) -> list[str]:
    start = element.get("start") or ""
    number = int(start) if re.fullmatch(r"\d{1,8}", start) else 1
    items: list[str] = []
    for child in element:
        blocks = [] if is_dropped(child, inside) else _blocks(child, depth + 1, inside)
        mark = f"{number}. " if element.tag == "ol" else "- "
        number += child.tag == "li"
        text = "\n\n".join(blocks)
        # a list in an item follows without an empty line
        text = re.sub(r"\n\n(?=(?:-|\d+\.) )", "\n", text).replace("\n", "\n" + " " * len(mark))
        if text:
            items.append(re.sub(r"(?m)^ +$", "", mark + text))
    return ["\n".join(items)] if items else []


def _definitions(element: Any, depth: int, inside: bool) -> list[str]:
    """Terms and what is said of them: "Term: Text.", so that the text can be understood alone; a long term is a paragraph."""
    found: list[str] = []
    terms: list[str] = []
    for child in element:
        blocks = [] if is_dropped(child, inside) else _blocks(child, depth + 1, inside)
        if child.tag == "dt":
            terms += [_line(" ".join(blocks)).rstrip(": ")] if blocks else []
        elif terms and blocks and len(term := ", ".join(terms)) <= TERM and re.match(r"[^\W\d_]|[\"'“„(]", blocks[0]):
            found += [f"{term}: {blocks[0]}", *blocks[1:]]
            terms = []
        else:
            found += [*terms, *blocks]
            terms = []
    return found + terms


def _code(element: Any) -> list[str]:
    for line in element.iter("br"):
        line.text = "\n"
    code = "".join(element.itertext()).strip("\n")
    names = " ".join(element.xpath("@class | .//code/@class"))
    language = re.search(r"(?:language|lang|highlight-source)-([\w+#-]+)", names)
    fence = max(["```", *(f"{run}`" for run in re.findall("`{3,}", code))], key=len)
    return [f"{fence}{language[1] if language else ''}\n{code}\n{fence}"] if code.strip() else []


def _is_data(element: Any) -> bool:
    """Whether it is a table of data: one that arranges the page holds headings, tables, several paragraphs or, without a header, prose."""
    if element.tag != "table" or element.get("role") in ("presentation", "none") or element.xpath(LAYOUT):
        return False
    if element.find(".//th") is not None or element.find(".//caption") is not None:
        return True
    cells = [len(row.xpath("./td")) for row in element.iter("tr")]
    prose = any(
        len(text := _line("".join(cell.itertext()))) > PROSE and re.search(r"[.!?。]\s", text)
        for cell in element.iter("td")
    )
    return len([n for n in cells if n > 1]) > 1 and not prose


def _table(element: Any, depth: int, inside: bool) -> list[str]:
    """The caption as a paragraph, then the rows; the header is empty where no row of <th> comes first."""
    captions = [_line(" ".join(_blocks(caption, depth, inside))) for caption in element.iter("caption")]
    rows: list[list[str]] = []
    heads: list[bool] = []
    below: dict[int, tuple[int, str]] = {}  # cells that reach down: for how many rows, and their text
    for row in element.iter("tr"):
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        texts: list[str] = []
        for cell in cells:
            _reaching(texts, below)
            text = _line(" ".join(_blocks(cell, depth, inside))).replace("|", "\\|")
            for _ in range(_span(cell, "colspan")):
                below[len(texts)] = (_span(cell, "rowspan") - 1, text)
                texts.append(text)
        _reaching(texts, below)
        if any(texts):
            rows.append(texts if len(cells) > 1 else [texts[0]])
            heads.append(all(cell.tag == "th" for cell in cells))
    while rows and len(rows[0]) == 1 and max(map(len, rows)) > 1:  # a title within the table
        captions.append(rows.pop(0)[0])
        heads.pop(0)
    width = max(map(len, rows), default=0)
    if rows and not heads[0]:
        rows.insert(0, [""] * width)
    lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in rows]
    lines[1:1] = ["|" + " --- |" * width] if lines else []
    return [block for block in (*captions, "\n".join(lines)) if block]


def _reaching(texts: list[str], below: dict[int, tuple[int, str]]) -> None:
    """Add cells of the rows above that reach into this one at its next place."""
    while below.get(len(texts), (0, ""))[0] > 0:
        rows, text = below[len(texts)]
        below[len(texts)] = (rows - 1, text)
        texts.append(text)


def _span(cell: Any, name: str) -> int:
    value = cell.get(name) or ""
    return int(value) if re.fullmatch(r"[1-9]\d?", value) else 1


def _line(text: str) -> str:
    return " ".join(text.split())


def _is_power(element: Any) -> bool:
    """10<sup>6</sup> is a power; a number that is a link is a note."""
    linked = element.find(".//a") is not None or next(element.iterancestors("a"), None) is not None
    return not linked and re.fullmatch(r"[-+−]?\d+", "".join(element.itertext()).strip()) is not None
