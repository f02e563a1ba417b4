"""Long documents in passages that fit a model, and corpora without the paragraphs that recur in document after document."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

import polars as pl

from augment.text.pages import without_spans
from augment.text.sentences import placed_units
from augment.text.words import CHUNK
from engine.errors import UserError

WHITE = re.compile(r"\s*")
PARAGRAPHS = r"(?s).+?(?:\n(?:[ \t]*\n)+|\z)"


class Passage(NamedTuple):
    """A part of a document: `text` is its characters from `start` to before `end`."""

    text: str
    start: int
    end: int


class _Piece(NamedTuple):
    start: int
    end: int
    tokens: int
    whole: bool
    """A whole sentence or block, not a part of one that is too long."""


def passages(
    text: str, tokens: Callable[[str], int], most: int, overlap: int = 0, language: str = "en"
) -> list[Passage]:
    """Cut a document into passages of whole sentences, headings, rows and code blocks, as they stand in the text.

    `tokens` counts the tokens of a text (without special ones). No passage has more than `most`; one begins with the
    whole sentences of at most `overlap` tokens that end the one before it. A sentence or block longer than `most` is
    cut between words, and a word between characters. Together the passages hold all of the text but white space at
    their ends, in order. Every unit is counted once and so is every passage; the time grows with the length.

    Raises UserError where the overlap leaves no room, or not even one character fits.
    """
    if not 0 <= overlap < most:
        raise UserError(
            f"The passage overlap is {overlap} tokens: it must be at least 0 and less than the {most} of a passage."
        )
    if not text.strip():
        return []
    if tokens(text.strip()) <= most:
        return [_passage(text, 0, len(text))]
    pieces = [piece for start, end in _spans(text, language) for piece in _pieces(text, start, end, tokens, most)]
    found: list[Passage] = []
    first = fresh = 0  # of the next passage: its first piece, and its first that is not repeated
    while fresh < len(pieces):
        end, size = fresh, sum(piece.tokens for piece in pieces[first:fresh])
        while end < len(pieces) and (end == fresh or size + pieces[end].tokens <= most):
            size += pieces[end].tokens
            end += 1
        passage = _passage(text, pieces[first].start, pieces[end - 1].end)
        # together, pieces may have more tokens than each on its own
        while end - first > 1 and tokens(passage.text) > most:
            first, end = (first + 1, end) if first < fresh else (first, end - 1)
            passage = _passage(text, pieces[first].start, pieces[end - 1].end)
        if passage.text:
            found.append(passage)
        first, fresh = _repeated(pieces, first, end, most, overlap), end
    return found


def _repeated(pieces: list[_Piece], begun: int, end: int, most: int, overlap: int) -> int:
    """The first piece before `end` to repeat, after the one that the last passage begins with."""
    room = min(overlap, most - pieces[end].tokens) if end < len(pieces) else 0
    first = end
    while first - 1 > begun and pieces[first - 1].whole and pieces[first - 1].tokens <= room:
        first -= 1
        room -= pieces[first].tokens
    return first


def _passage(text: str, start: int, end: int) -> Passage:
    part = text[start:end]
    inner = part.strip()
    start += len(part) - len(part.lstrip())
    return Passage(inner, start, start + len(inner))


def _spans(text: str, language: str) -> Iterator[tuple[int, int]]:
    """(start, end) of every unit with the marks and white space around it: they cover the text without a gap."""
    lines = [0, *(end.end() for end in re.finditer(r"\r\n?|\n", text))]
    starts = [0]
    cursor, last = 0, -1
    for placed in placed_units(text, language):
        if placed.block != last:
            cursor, last = lines[placed.block], placed.block
            while starts[-1] > cursor:
                starts.pop()
        else:
            cursor = WHITE.match(text, cursor).end()  # type: ignore[union-attr]
        starts.append(cursor)
        # The characters of a unit stand in the text in this order, with the marks of its block in between.
        for character in "".join(placed.written.split()):
            place = text.find(character, cursor, cursor + 1000)
            cursor = cursor if place < 0 else place + 1
    edges = [*dict.fromkeys(starts), len(text)]
    yield from pairwise(edges)


def _pieces(text: str, start: int, end: int, tokens: Callable[[str], int], most: int) -> Iterator[_Piece]:
    """A unit as it is or, where it is too long, cut between words."""
    count = tokens(text[start:end])
    if count <= most:
        yield _Piece(start, end, count, True)
        return
    part, size = start, 0
    for word in CHUNK.finditer(text, start, end):
        for left, _, count in _halves(text, word.start(), word.end(), tokens, most):
            if size and size + count > most:
                yield from (_Piece(*half, False) for half in _halves(text, part, left, tokens, most))
                part, size = left, 0
            size += count
    yield from (_Piece(*half, False) for half in _halves(text, part, end, tokens, most))


def _halves(text: str, start: int, end: int, tokens: Callable[[str], int], most: int) -> Iterator[tuple[int, int, int]]:
    """(start, end, tokens) of a part of the text that is halved until it fits."""
    count = tokens(text[start:end])
    if count <= most:
        yield start, end, count
    elif end - start == 1:
        raise UserError(f"Not even {text[start:end]!r} fits in a passage of {most} tokens: raise the limit.")
    else:
        middle = (start + end) // 2
        yield from _halves(text, start, middle, tokens, most)
        yield from _halves(text, middle, end, tokens, most)


def _spans_out(lengths: Iterable[int], out: Iterable[bool]) -> Iterator[tuple[int, int]]:
    """(start, end) of the parts of a text that are taken out of it."""
    for (start, end), gone in zip(pairwise([0, *accumulate(lengths)]), out, strict=True):
        if gone:
            yield start, end


def drop_repeated(
    documents: pl.DataFrame, in_more_than: int = 10, characters: int = 100
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take paragraphs that recur verbatim, such as headers, footers and licences, out of all places but their first.

    `documents` is the table of `read_corpus`; a paragraph ends at an empty line. Those of at least `characters` that
    stand in more than `in_more_than` documents go, and a document of which nothing is left. A corpus of up to that many
    documents is never touched: there, and for short paragraphs, saying a thing again is more often meant than not, and
    augmentation asks about a repeated sentence only once in any case. The text of the other paragraphs, the order and
    the doc_ids stay as they are.

    Returns the documents and what was dropped: doc_id, source, paragraph, reason.
    """
    parts = (
        documents.select("doc_id", "source", pl.col("text").str.extract_all(PARAGRAPHS).alias("part"))
        .with_row_index("row")
        .explode("part")
        .with_row_index("place")
        .with_columns(pl.col("part").str.strip_chars().alias("paragraph"))
    )
    repeated = (
        parts.filter(pl.col("paragraph").str.len_chars() >= characters)
        .group_by("paragraph")
        .agg(pl.col("row").n_unique().alias("documents"), pl.col("place").min().alias("first"))
        .filter(pl.col("documents") > in_more_than)
    )
    marked = parts.join(repeated, on="paragraph", how="left", maintain_order="left")
    marked = marked.with_columns((pl.col("place") > pl.col("first")).fill_null(False).alias("gone"))
    gone = marked.filter("gone").with_columns(
        pl.format("stands verbatim in {} documents and came before", "documents").alias("reason")
    )
    left = (
        marked.filter(pl.col("row").is_in(gone["row"].unique().implode()))
        .group_by("row")
        .agg(
            pl.col("part").filter(~pl.col("gone")).str.join("").str.strip_chars("\n").alias("left"),
            pl.col("part").str.len_chars().alias("lengths"),
            pl.col("gone").alias("out"),
        )
    )
    kept = (
        documents.with_row_index("row")
        .join(left, on="row", how="left", maintain_order="left")
        .with_columns(pl.coalesce("left", "text").alias("text"))
        .filter(pl.col("text").str.strip_chars() != "")
    )
    if "meta" in documents.columns:
        moved = [
            meta if out is None else without_spans(meta, _spans_out(lengths, out))
            for meta, lengths, out in kept.select("meta", "lengths", "out").iter_rows()
        ]
        kept = kept.with_columns(meta=pl.Series(moved, dtype=pl.String))
    return kept.select(documents.columns), gone.select("doc_id", "source", "paragraph", "reason")
