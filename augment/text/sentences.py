"""Splits Markdown or plain text into sentences: blocks by markdown-it-py, sentences by sentencex."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

import sentencex
from markdown_it import MarkdownIt

Kind = Literal["sentence", "heading", "item", "row", "code"]

CJK = r"\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff9f"
"""Chinese and Japanese script with its punctuation, for joining lines and sentences; words are cut by `words.CHARACTER`."""
# Only the block structure is parsed. Indented text and HTML are prose more often than not, in text files above all.
BLOCKS = (
    MarkdownIt("commonmark", {"maxNesting": 100}).enable("table").disable(["code", "html_block", "inline", "text_join"])
)

ROW = re.compile(r"(?:[ \t]*\|[^|\n]*\|.*\|[ \t]*(?:\n|$))+")
WINDOW = 2_000

ABBREVIATIONS = {"approx", "ch", "chs", "eq", "eqs", "est", "etc", "fig", "figs", "max", "min", "resp", "vol", "vols"}


class Unit(NamedTuple):
    """A sentence, heading, sentence of a list item, table row or code block."""

    text: str
    """Without the marks of its block; cells of a row are joined by " | "; code keeps its fences and line breaks."""
    kind: Kind


def split_sentences(text: str, language: str = "en") -> list[str]:
    """The sentences of paragraphs and list items, in order, stripped and non-empty; see `units`."""
    return [unit.text for unit in units(text, language) if unit.kind in ("sentence", "item")]


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

    `language` is an ISO 639-1 code; sentencex treats an unknown one as English. Paragraphs written mostly in Chinese or
    Japanese script are split as such whatever the language.
    """
    return [unit for unit, _ in placed_units(text, language)]


def placed_units(text: str, language: str = "en") -> Iterator[tuple[Unit, int]]:
    """The units, each with the number of the line, from 0, where its block begins; blocks share no line."""
    return ((unit, line) for unit, line in _units(text, language) if unit.text)


def _units(text: str, language: str) -> Iterator[tuple[Unit, int]]:
    line = 0
    items: list[str] = []  # what each open list item's first line starts with
    cells: list[str] = []
    block = ""
    for token in BLOCKS.parse(text):
        line = token.map[0] if token.map else line
        match token.type:
            case "fence":
                yield Unit(f"{token.markup}{token.info}\n{token.content}{token.markup}", "code"), line
            case "list_item_open":
                # "1912. The ship sank." opens a list for Markdown, but the number is a year to keep.
                items.append(f"{token.info}. " if len(token.info) == 4 else "")
            case "list_item_close":
                items.pop()
            case "tr_close":
                yield Unit(" | ".join(cells), "row"), line
                cells = []
            case "inline" if block in ("th_open", "td_open"):
                cells.append(_one_line(token.content))
            case "inline" if block == "heading_open":
                yield Unit(_one_line(token.content), "heading"), line
            case "inline" if ROW.fullmatch(token.content.strip()):
                # a passage that begins amid a table has no head, by which Markdown knows it
                yield from ((Unit(_cells(row), "row"), line) for row in token.content.splitlines())
            case "inline" if items:
                for sentence in _sentences(re.sub(r"^\[[ xX]\]\s", "", token.content), language):
                    yield Unit(items[-1] + sentence, "item"), line
                    items[-1] = ""
            case "inline":
                yield from ((Unit(sentence, "sentence"), line) for sentence in _sentences(token.content, language))
        block = token.type


def _cells(row: str) -> str:
    """A row that Markdown has not read."""
    return " | ".join(cell for cell in map(_one_line, row.strip().strip("|").split("|")) if cell)


def _one_line(text: str) -> str:
    """Join wrapped lines: by a space, but by nothing between Chinese or Japanese characters."""
    lines = "\n".join(line.strip().removesuffix("\\").rstrip() for line in text.strip().split("\n"))
    return re.sub(rf"(?<=[{CJK}])\n(?=[{CJK}])", "", lines).replace("\n", " ")


def _sentences(paragraph: str, language: str) -> list[str]:
    line = _one_line(paragraph)
    if 2 * len(re.findall(rf"[{CJK}]", line)) > len(re.findall(r"\w", line)):
        language = "ja" if re.search(r"[\u3040-\u30ff]", line) else "zh"
    sentences: list[str] = []
    for part in map(str.strip, _segment(language, line)):
        if sentences and language == "en" and _is_abbreviated(sentences[-1], part):
            sentences[-1] += f" {part}"
            continue
        # sentencex leaves closing emphasis ("**So it is.** Next.") at the head of the sentence that follows.
        closing = re.match(r"(?:[*_]{1,3}|~~)(?=\s|$)", part) if sentences else None
        if closing:
            sentences[-1] += closing.group()
            part = part[closing.end() :].strip()
        if part:
            sentences.append(part)
    return sentences


def _segment(language: str, line: str) -> Iterator[str]:
    """What sentencex makes of a line, window by window: its time grows with the square of the length in many languages.

    The last two sentences of a window are split again with what follows, so that none ends where a window does.
    """
    start, size = 0, WINDOW
    while start + size < len(line):
        parts = sentencex.segment(language, line[start : start + size])[:-2]
        yield from parts
        start += sum(map(len, parts))
        size = WINDOW if parts else 2 * size
    yield from sentencex.segment(language, line[start:])


def _is_abbreviated(left: str, right: str) -> bool:
    """Whether `left` ends in an English abbreviation that sentencex 1.0 does not know, so that `right` goes on."""
    word = re.search(r"\b(\w+)\.$", left[-12:])
    if word is None:
        return False
    return word[1] == "Ms" or (word[1].lower() in ABBREVIATIONS and re.match(r"[a-z\d]", right) is not None)
