"""From documents to what operators are shown of them: sentences with what is around them, passages, whole texts."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import polars as pl

from augment.config import AugmentConfig
from augment.operators.base import Operator, Record
from augment.text.passages import passages
from augment.text.sentences import ASKED, Unit, joined, placed_units, says
from engine.address import is_address
from engine.models import is_embedded, resolve_model

WINDOW, WINDOW_CHARS = 3, 600
"""Most sentences, and about most characters, that are shown before a sentence."""
TITLE_CHARS = 300


def records_of(operator: Operator, texts: pl.DataFrame, model: str, split: bool = True) -> list[Record]:
    """What an operator is shown of `texts` (text, doc_id or doc_ids, meta): every different piece once, with all its documents.

    A sentence that stands in another place is another piece if its prompt shows the place. Without `split` the texts are
    pieces already. Operators on documents are shown long ones in passages, which are cut by the tokens of `model`.
    """
    found: dict[Record, set[str]] = {}
    column = "doc_ids" if "doc_ids" in texts.columns else "doc_id"
    columns = ["text", column, *(["meta"] if operator.contextual and "meta" in texts.columns else [])]
    for text, docs, *meta in texts.select(columns).iter_rows():
        title, date = _title_and_date(meta[0]) if meta else ("", "")
        for piece in _pieces(operator, text, model) if split else [Record(text)]:
            if piece.text:
                about = Record(piece.text, (), "", title, piece.headings, date, piece.before)
                found.setdefault(about, set()).update([docs] if isinstance(docs, str) else docs)
    return [
        Record(one.text, tuple(sorted(docs)), "", one.title, one.headings, one.date, one.before)
        for one, docs in found.items()
    ]


def _pieces(operator: Operator, text: str, model: str) -> Iterator[Record]:
    """The texts that an operator is shown of a document, each with what is around it where it is shown that too."""
    sentences = (
        operator.scope == "sentence" and operator.config.split != "none" and type(operator).pieces is Operator.pieces
    )
    if operator.contextual and sentences:
        yield from sentences_in_place(text, operator.config.language)
        return
    for piece in operator.pieces(text):
        cut = operator.scope == "document" and not operator.rule
        for part in fitting(piece, operator.config, model) if cut else [piece]:
            yield Record(part)


def sentences_in_place(text: str, language: str) -> Iterator[Record]:
    """The sentences of a document with the headings above them and the last ones before them in their section.

    What names or announces something ("Reasons include:", `flush()`) is shown before it, though it is not asked about; the sentence
    above a list is shown before all its items.
    """
    section, told, lead = tuple[str, ...](), list[Unit](), ""
    for placed in placed_units(text, language):
        unit = placed.unit
        if placed.headings != section:
            section, told, lead = placed.headings, [], ""
        if unit.kind in ASKED:
            yield Record(unit.text, headings=section, before=_before(told, lead if unit.kind == "item" else ""))
        names = unit.kind == "mark" and says(unit.text)
        if unit.kind in ASKED or names:
            told.append(unit)
        if unit.kind == "sentence" or (names and unit.text.rstrip("*").endswith((":", "："))):
            lead = unit.text


def _before(told: Sequence[Unit], lead: str) -> str:
    """The last sentences that were told, with names and announcements among them and what stands above the list."""
    before, shown, sentences = "", set[str](), 0
    for unit in reversed(told[-2 * WINDOW :]):
        sentences += unit.kind in ASKED
        if sentences > WINDOW or (before and len(unit.text) + len(before) > WINDOW_CHARS):
            break
        before = joined(unit.text, before) if before else unit.text[-WINDOW_CHARS:]
        shown.add(unit.text)
    if lead and lead not in shown:
        before = joined(lead[-WINDOW_CHARS:], before)
    return before


def _title_and_date(meta: str | None) -> tuple[str, str]:
    """What reading found of them, each on one line."""
    found = json.loads(meta or "{}")
    values = (found.get(name) for name in ("title", "date")) if isinstance(found, dict) else ("", "")
    title, date = (" ".join(str(value).split())[:TITLE_CHARS] if value else "" for value in values)
    return title, date


def fitting(text: str, config: AugmentConfig, model: str) -> list[str]:
    """A text, or its passages of at most `config.passage_tokens` tokens."""
    if len(text.encode(errors="replace")) <= config.passage_tokens:  # a token has at least a byte
        return [text]
    count = token_counter(model, remote=is_address(config.teacher))
    found = passages(text, count, config.passage_tokens, config.overlap_tokens, config.language)
    return [passage.text for passage in found]


@cache
def token_counter(model: str, remote: bool = False) -> Callable[[str], int]:
    """Counts the tokens of a text for a model, without special ones; for a fake engine characters.

    Of a model that is served elsewhere (`remote`), and has no folder here, nobody here has the tokenizer: a token has four bytes then.
    """
    if model.startswith("fake"):
        return len
    if remote and not (is_embedded(model) or Path(model).is_dir()):
        return lambda text: -(-len(text.encode(errors="replace")) // 4)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(resolve_model(model))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False))
