"""Tables: the rows of Parquet, CSV and JSON files, as documents for `augment` and as a table for `train` and `score`."""

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from augment.reading.encodings import MARKS, binary, decode
from engine.errors import UserError
from engine.store.copies import local_file, shown
from engine.store.places import Place

ENDINGS = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".parquet", ".csv", ".tsv")
DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 200
"""Lines of a table by which its delimiter is found."""
csv.field_size_limit(2**31 - 1)
UNREADABLE = (OSError, EOFError, zlib.error, UnicodeError, RecursionError, pl.exceptions.PolarsError)
"""What damaged files raise; `reason` says it in a line."""
TEXT_COLUMNS = (("text",), ("prompt", "completion"), ("content",), ("document",))

Skipped = list[tuple[str, str]]
Row = tuple[str, dict[str, Any]]


def read_table(where: Place) -> pl.DataFrame:
    """The table in a file (a path or a URL), for jobs that need every row: strings stay strings, and a column of mixed types becomes text.

    Raises UserError for another kind of file, a damaged one, one without rows, and for the first row that cannot be read.
    """
    if not str(where).lower().endswith(ENDINGS):
        raise UserError(f"{shown(where)} is not a readable table: give one of {', '.join(ENDINGS)}.")
    with local_file(where) as path:
        return _table(path, str(shown(where)))


def _table(path: Path, name: str) -> pl.DataFrame:
    skipped: Skipped = []
    try:
        if path.suffix.lower() == ".parquet":
            table = _parquet(path)
        else:
            rows = []
            for source, row in file_rows(path, name, skipped):
                try:
                    json.dumps(row, ensure_ascii=False).encode()
                    rows.append(row)
                except UnicodeEncodeError as error:
                    skipped.append((source, reason(error)))
            # all rows say what a column is, not the first few; without `strict` 1 beside "one" becomes "1" and is not lost
            table = pl.DataFrame(rows, infer_schema_length=None, strict=False)
    except UNREADABLE as error:
        raise UserError(f"{name} cannot be read as {path.suffix}: {reason(error)}.") from error
    if skipped:
        source, why = skipped[0]
        raise UserError(f"{source} cannot be read: {why}; the file has {len(skipped):,} such rows: fix or remove them.")
    if table.is_empty():
        raise UserError(f"{name} has no rows.")
    return table


def file_rows(path: Path, name: str, skipped: Skipped) -> list[Row]:
    """(source, fields) of each row of a file; rows that cannot be read are added to `skipped` with their reason."""
    ending = path.suffix.lower()
    if ending == ".parquet":
        return frame_rows(_parquet(path), name)
    data = path.read_bytes()
    if ending in (".csv", ".tsv"):
        return csv_rows(data, name, skipped, "\t" if ending == ".tsv" else "")
    return json_rows(gzip.decompress(data) if ending == ".gz" else data, name, skipped)


def _parquet(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path, glob=False, hive_partitioning=False)


def frame_rows(frame: pl.DataFrame, name: str) -> list[Row]:
    """(source, fields) of each row, counted from 1."""
    return [(f"{name}#{number}", row) for number, row in enumerate(frame.iter_rows(named=True), 1)]


def csv_rows(data: bytes, name: str, skipped: Skipped, delimiter: str = "") -> list[Row]:
    """Rows of a CSV file, all text (007 is no 7), empty fields None; rows that do not fit their header are added to `skipped`.

    Without `delimiter`, it is that of `DELIMITERS` by which most rows have as many fields as the header. Where the encoding is in
    doubt, rows that are UTF-8 are read.
    """
    try:
        text, lossy = decode(data), False
    except UnicodeError:
        if binary(data):
            raise
        text, lossy = data.decode(errors="replace"), True
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="").readlines()
    delimiter = delimiter or _delimiter(lines)
    fields = list(_csv(lines, delimiter))
    if delimiter == "\t" and any(isinstance(row, str) for row in fields):  # quotes often mean nothing there
        fields = list(csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE))
    if not fields:
        return []
    header, *others = fields
    if isinstance(header, str):
        raise UnicodeError(f"the header cannot be read: {header}")
    names = [name if name not in header[:place] else f"{name}_{place + 1}" for place, name in enumerate(header)]
    found: list[Row] = []
    for number, row in enumerate((row for row in others if row), 1):
        source = f"{name}#{number}"
        if isinstance(row, str):
            skipped.append((source, row))
        elif len(row) != len(header):
            skipped.append((source, f"its number of fields is {len(row):,}, that of the header {len(header):,}"))
        elif lossy and any("\ufffd" in value for value in row):
            skipped.append((source, "not UTF-8"))
        else:
            found.append((source, {key: value or None for key, value in zip(names, row, strict=True)}))
    return found


def _csv(lines: list[str], delimiter: str) -> Iterator[list[str] | str]:
    """The fields of each row, or why it cannot be read; reading goes on with the line after one that begins such a row."""
    start = 0
    while start < len(lines):
        reader = csv.reader(lines[start:], delimiter=delimiter, strict=True)
        begun = start
        try:
            for row in reader:
                begun = start + reader.line_num
                yield row
            return
        except csv.Error as error:
            yield f"a quote that does not fit ({error})"
            start = begun + 1


def _delimiter(lines: list[str]) -> str:
    """What divides the fields: in as many rows as possible as many as in the header."""
    best, most = DELIMITERS[0], 0.0
    for delimiter in DELIMITERS:
        rows = [len(row) for row in csv.reader(lines[:SAMPLE], delimiter=delimiter) if row]
        share = rows.count(rows[0]) / len(rows) if rows and rows[0] > 1 else 0.0
        if share > most:
            best, most = delimiter, share
    return best


def json_rows(data: bytes, name: str, skipped: Skipped) -> list[Row]:
    """Rows of JSON lines, or of one JSON list or object spread over lines."""
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.startswith(tuple(mark for mark, _ in MARKS)):
        data = decode(data).encode()
    values: list[tuple[str, Any]] = []
    try:
        whole = _parse_json(data)
        values = [(f"{name}#{number}", value) for number, value in enumerate(_listed(whole), 1)]
    except (ValueError, RecursionError):
        for number, line in enumerate(data.split(b"\n"), 1):
            if line.strip():
                try:
                    values.append((f"{name}#{number}", _parse_json(line)))
                except (ValueError, RecursionError) as error:
                    skipped.append((f"{name}#{number}", reason(error)))
    skipped.extend((source, "not a JSON object") for source, value in values if not isinstance(value, dict))
    return [(source, value) for source, value in values if isinstance(value, dict)]


def _parse_json(data: bytes) -> Any:
    return json.loads(data.decode(), parse_constant=lambda _: None)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def table_documents(
    rows: list[Row], name: str, text_column: str | None, skipped: Skipped
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The (source, text, other fields) of each row; raises UserError where no column holds the text."""
    columns = list(dict.fromkeys(key for _, row in rows for key in row))
    choices = [(text_column,)] if text_column else TEXT_COLUMNS
    present = [choice for choice in choices if set(choice) <= set(columns)]
    listed = ", ".join(columns) or "no columns"
    if not present and text_column:
        raise UserError(f"{name} has no column {text_column!r}: set the text column to one of its columns: {listed}.")
    if not present:
        raise UserError(
            f"{name} has no column text, prompt + completion, content or document: set the text column to one of "
            f"its columns: {listed}."
        )
    chosen = next((c for c in present if any(row.get(key) is not None for _, row in rows for key in c)), present[0])
    values = [row[key] for _, row in rows for key in chosen if row.get(key) is not None]
    if values and not any(map(_is_text, values)):
        raise UserError(
            f"Column {' + '.join(chosen)} of {name} holds {type(values[0]).__name__} values, not text: set the text "
            f"column to a text column among {listed}."
        )
    for source, row in rows:
        parts = [row[key] for key in chosen if row.get(key) is not None]
        odd = next((part for part in parts if not _is_text(part)), None)
        if odd is not None:
            skipped.append((source, f"the text is of type {type(odd).__name__}"))
        else:
            yield source, _join(parts), {key: value for key, value in row.items() if key not in chosen}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _join(parts: list[str]) -> str:
    """Prompt and completion as they stand, with a space where neither brings white space."""
    text = ""
    for part in parts:
        glued = bool(text and part) and not text[-1].isspace() and not part[0].isspace()
        text += f" {part}" if glued else part
    return text


def reason(error: Exception) -> str:
    """One line that says why a file or row was not read."""
    match error:
        case UnicodeDecodeError():
            return f"not {error.encoding.upper()}"
        case UnicodeEncodeError():
            return "half of a Unicode surrogate pair"
        case json.JSONDecodeError():
            return f"invalid JSON ({error.msg}, column {error.colno})"
        case UnicodeError():
            return str(error)
        case RecursionError():
            return "nested too deeply"
        case OSError(strerror=str(strerror)):
            return f"cannot be read ({strerror})"
    return f"cannot be read ({(str(error) or type(error).__name__).splitlines()[0]})"
