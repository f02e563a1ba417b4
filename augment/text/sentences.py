"""Finds the sentences of Markdown, reStructuredText, Org and plain text, and all else that stands there: blocks by markdown-it-py."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from markdown_it import MarkdownIt

from augment.text.dialogue import answers, asks, speakers, told
from augment.text.markup import as_markdown
from augment.text.rows import statement
from augment.text.splitting import CJK, one_line

Kind = Literal["sentence", "item", "row", "heading", "header", "table", "code", "mark"]
ASKED = ("sentence", "item", "row")
"""Kinds of units that operators on sentences ask about."""

# Only the block structure is parsed. Indented text and HTML are prose more often than not, in text files above all.
BLOCKS = (
    MarkdownIt("commonmark", {"maxNesting": 100}).enable("table").disable(["code", "html_block", "inline", "text_join"])
)

ROW = re.compile(r"(?:[ \t]*\|[^|\n]*\|.*\|[ \t]*(?:\n|$))+")
NOTE = re.compile(
    r"\[\^[^\]\s]{1,60}\](?::\s*)?|!\[[^\]\n]{0,500}\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])"
)
"""A footnote's mark, and an image: no part of a sentence."""
MARKS = re.compile(r"</?[A-Za-z][^<>]*>|\$\$?[^$]+\$\$?|\[\d+\]_?|\[\]\([^()]*\)|<?\bhttps?://[^\s<>]+>?")
"""What says nothing alone: tags, formulas, citations, addresses, links without a word."""
ALONE = re.compile(
    r"(?:(?:class|exception|function|method) )?[A-Za-z_]\w*(?:(?:(?:\.|::)\w+)+(?:\(.*\))?|\([^()]*\))|.{0,45}[:：]\**"
    r"|(?:For example|For instance|E\.g\.|Here(?:['’]s| is| are))(?=\W).{0,90}[:：]"
    r"|(?:See(?: also)?:? )?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\([^()]*(?:\([^()]*\)[^()]*)*\)\.?"
    r"|(?:\*\*)?`[^`]+`(?:\*\*)?[.,;]?|\*\*[^*:：]{1,98}\?\*\*|[A-Za-z0-9_.~$-]*/[A-Za-z0-9_.~$-]+/[A-Za-z0-9_.~$/:-]*"
)
"""What names or announces, and says nothing: a name in code, as documentation has it above what it says of it; code alone; a path; a few
words before what follows: "For example:"; a lone link; a question in bold type."""
TITLE = re.compile(r"\s*(\*\*|__)(?!\s)([^*_\n][^*\n]{0,98}[^.*。\s]|\w)\1\s*")
"""A paragraph that is a title in bold type."""


class Unit(NamedTuple):
    """What a text is made of.

    Asked about by operators on sentences: a `sentence`, a question with its answer as one; an `item`, the sentence of a list item; a
    `row`, the statement that a table's row makes under its header. Not asked about: a `heading`; the `header` of
    a table; a row of a `table` that has none; `code`; a `mark`, such as an image, a formula, a lone "!", a name in
    code, code alone or "For example:".
    """

    text: str
    """Without the marks of its block; cells of a table's line are joined by " | "; code keeps its fences and line breaks."""
    kind: Kind


class Placed(NamedTuple):
    """A unit and where it stands."""

    unit: Unit
    headings: tuple[str, ...]
    """The headings above it, the widest first; those above a heading are its own."""
    block: int
    """The line, from 0, where its block begins; blocks share no line."""
    written: str
    """Its characters in the order of the text, where a statement from a table or of a speaker has them otherwise."""


def says(text: str) -> bool:
    """Whether there is a word in a text but for footnotes, images, tags, formulas, citations and addresses."""
    return re.search(r"\w", MARKS.sub("", NOTE.sub("", text))) is not None


def split_sentences(text: str, language: str = "en") -> list[str]:
    """What operators on sentences ask about, in order, stripped and non-empty: units of the kinds `ASKED`."""
    return [unit.text for unit in units(text, language) if unit.kind in ASKED]


def targets(
    text: str, mode: Literal["none", "independent", "cumulative"], language: str = "en"
) -> list[tuple[str, str]]:
    """What is asked about in a document, as (preceding context, target text).

    none: the whole text at once, without context. independent: each sentence alone. cumulative: each sentence with all
    sentences before it as its context; all contexts together grow with the square of the length, so cut a long document
    first (`augment.text.passages`). Sentences are those of `split_sentences`; a text without any gives nothing.
    """
    if mode == "none":
        return [("", text.strip())] if text.strip() else []
    context, found = "", []
    for sentence in split_sentences(text, language):
        found.append((context, sentence))
        if mode == "cumulative":
            context = joined(context, sentence)
    return found


def joined(before: str, text: str) -> str:
    """Two texts as one, with a space between them but between Chinese or Japanese ones."""
    close = not before or re.fullmatch(rf"[{CJK}]{{2}}", before[-1] + text[:1])
    return before + ("" if close else " ") + text


def units(text: str, language: str = "en") -> list[Unit]:
    """All units of a text, in order.

    `language` is an ISO 639-1 code; an unknown one is treated as English. Paragraphs written mostly in Chinese or
    Japanese script are split as such whatever the language. Comments, formulas on lines of their own, directives, drawers and code of RST and Org
    are no units (`as_markdown`).
    """
    return [placed.unit for placed in placed_units(text, language)]


def placed_units(text: str, language: str = "en") -> Iterator[Placed]:
    """The units of a text, each with the headings above it and the line where its block begins."""
    known, headings, waiting = speakers(text), list[tuple[int, str]](), list[Placed]()
    for block in _blocks(as_markdown(text)):
        if block.kind == "heading":
            headings = [heading for heading in headings if heading[0] < block.level]
        above = tuple(heading for _, heading in headings)
        units = [
            Placed(Unit(text, kind), above, block.line, written or text)
            for text, kind, written in _told(block, language, known, above)
            if text
        ]
        if waiting and units and answers(units[0].unit.text):  # the question is a paragraph of its own
            question = waiting.pop()
            both = " ".join([question.unit.text, *(answer.unit.text for answer in units)])
            units = [question._replace(unit=Unit(both, question.unit.kind), written=both)]
        yield from waiting
        waiting = [units.pop()] if units and units[-1].unit.kind in ASKED and asks(units[-1].unit.text) else []
        yield from units
        if block.kind == "heading" and block.content:
            headings.append((block.level, block.content))
    yield from waiting


def rows_without_header(text: str) -> int:
    """How many rows of tables no operator on sentences asks about, since their table has no header and they say nothing alone."""
    return sum(placed.unit.kind == "table" for placed in placed_units(text))


class _Block(NamedTuple):
    kind: Kind
    content: str
    line: int
    level: int = 0
    """Of a heading."""
    cells: tuple[str, ...] = ()
    """Of a table's line."""
    head: tuple[str, ...] = ()
    """Of the table's header, whose cells are empty where a table has none."""
    start: str = ""
    """What its first sentence begins with."""


def _told(
    block: _Block, language: str, known: frozenset[str], above: tuple[str, ...]
) -> Iterator[tuple[str, Kind, str]]:
    """(text, kind, as written) of the units of a block."""
    if block.kind == "row":
        written = " | ".join(block.cells)
        said = statement(block.head, block.cells, above[-1] if above else "")
        yield (said, "row", written) if said else (written if re.search(r"\w", written) else "", "table", "")
    elif block.kind in ("sentence", "item"):
        start = block.start
        for speaker, sentence in told(NOTE.sub("", block.content), language, known):
            asked = says(sentence) and not ALONE.fullmatch(sentence)
            yield speaker + start + sentence, block.kind if asked else "mark", start + sentence
            start = ""
        if not re.search(r"\S", NOTE.sub("", block.content)):
            yield one_line(block.content), "mark", ""
    else:
        yield block.content, block.kind, ""


def _blocks(text: str) -> Iterator[_Block]:
    """The blocks of a Markdown text in order; a list item may have several, a table has one for each line."""
    line = level = 0
    items: list[str] = []  # what each open list item's first line starts with
    cells: list[str] = []
    head: tuple[str, ...] | None = None
    block = ""
    for token in BLOCKS.parse(text):
        line = token.map[0] if token.map else line
        match token.type:
            case "heading_open":
                level = int(token.tag[1])
            case "fence":
                yield _Block("code", f"{token.markup}{token.info}\n{token.content}{token.markup}", line)
            case "list_item_open":
                # "1912. The ship sank." opens a list for Markdown, but the number is a year to keep.
                items.append(f"{token.info}. " if len(token.info) == 4 else "")
            case "list_item_close":
                items.pop()
            case "table_open":
                head = None
            case "tr_close" if head is None:
                head = tuple(cells)
                yield _Block("header", " | ".join(cells) if any(cells) else "", line)
                cells = []
            case "tr_close":
                yield _Block("row", "", line, 0, tuple(cells), head or ())
                cells = []
            case "inline" if block in ("th_open", "td_open"):
                cells.append(one_line(token.content))
            case "inline" if block == "heading_open":
                yield _Block("heading", one_line(token.content), line, level)
            case "inline" if ROW.fullmatch(token.content.strip()):
                # a passage that begins amid a table has no head, by which Markdown knows it
                for row in token.content.splitlines():
                    yield _Block("table", " | ".join(_cells(row)), line)
            case "inline" if block == "paragraph_open" and not items and (title := TITLE.fullmatch(token.content)):
                yield _Block("heading", title[2], line, 7)
            case "inline" if items:
                yield _Block("item", re.sub(r"^\[[ xX]\]\s", "", token.content), line, start=items[-1])
                items[-1] = ""
            case "inline":
                yield _Block("sentence", token.content, line)
        block = token.type


def _cells(row: str) -> list[str]:
    """The cells of a row that Markdown has not read."""
    return [cell for cell in map(one_line, row.strip().strip("|").split("|")) if cell]
