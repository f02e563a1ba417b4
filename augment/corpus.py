"""Reads a corpus: JSON lines, Parquet, CSV, Markdown and text, as files or folders, into one table of documents."""

import gzip
import hashlib
import json
import math
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from engine.errors import UserError

ENDINGS = (".jsonl", ".jsonl.gz", ".json", ".parquet", ".csv", ".md", ".markdown", ".txt")
TEXT_COLUMNS = (("text",), ("prompt", "completion"), ("content",), ("document",))
SCHEMA = {"doc_id": pl.String, "text": pl.String, "source": pl.String, "meta": pl.String}

Skipped = list[tuple[str, str]]
Row = tuple[str, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Corpus:
    """The documents that were read and the places that were not."""

    documents: pl.DataFrame
    """One row per document, all columns text: doc_id, text, source, meta (a JSON object)."""
    skipped: Skipped
    """(source, reason) of every file, line or row that holds no usable document."""


def read_corpus(paths: Sequence[str | Path], text_column: str | None = None) -> Corpus:
    """Read files and folders, in the order given; a folder is read recursively, sorted by path, without hidden files.

    A row of a table is a document, and so is a Markdown or text file. The text is the column `text_column`, else the
    first that has values of `text`, `prompt` + `completion`, `content`, `document`; the other columns, or the YAML
    front matter, go to `meta`. `source` is the path below the folder given (the name of a file given), for tables with
    `#` and the row counted from 1 (in JSON lines, the line). `doc_id` is the start of a SHA-256 of the text and of how
    often that text came before, so it survives moved files and new rows.

    Raises UserError for a missing path, an unsupported file, a missing or non-text column, or no document at all.
    """
    skipped: Skipped = []
    documents: list[tuple[str, str, str, str]] = []
    repeats: Counter[str] = Counter()
    for path, name in _files(paths, skipped):
        try:
            found = list(_read_file(path, name, text_column, skipped))
        except (OSError, EOFError, zlib.error, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
            skipped.append((name, _reason(error)))
            continue
        for source, text, fields in found:
            if not text.strip():
                skipped.append((source, "empty text"))
                continue
            try:
                meta = json.dumps(_plain(fields), ensure_ascii=False)
                (text + meta).encode()
            except (UnicodeEncodeError, RecursionError) as error:
                skipped.append((source, _reason(error)))
                continue
            identity = f"{repeats[text]}\0{text}"
            repeats[text] += 1
            documents.append((hashlib.sha256(identity.encode()).hexdigest()[:16], text, source, meta))
    if not documents:
        source, reason = skipped[0]
        raise UserError(
            f"No document could be read from {', '.join(map(str, paths))}; the first fault is in {source}: "
            f"{reason}. Give files with at least one non-empty text."
        )
    return Corpus(pl.DataFrame(documents, schema=SCHEMA, orient="row"), skipped)


def _files(paths: Sequence[str | Path], skipped: Skipped) -> Iterator[tuple[Path, str]]:
    """Every file to read with its name relative to the path given; each file once."""
    if not paths:
        raise UserError(f"No corpus is named: give files or folders with {', '.join(ENDINGS)}.")
    seen: set[Path] = set()
    for given in map(Path, paths):
        if not given.exists():
            raise UserError(f"There is no file or folder {given}: check the path of the corpus.")
        if given.is_dir():
            files = _folder_files(given, skipped)
        elif given.is_file() and _is_read(given.name):
            files = [(given, given.name)]
        else:
            raise UserError(f"{given} is of a kind that is not read: give one of {', '.join(ENDINGS)}, or a folder.")
        for path, name in files:
            if path.resolve() in seen:
                skipped.append((name, "the same file was read before"))
            else:
                seen.add(path.resolve())
                yield path, name


def _folder_files(folder: Path, skipped: Skipped) -> list[tuple[Path, str]]:
    root = folder.resolve()
    files: list[tuple[Path, str]] = []
    links: Skipped = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(parent, name) for name in (*folders, *names)):
            name = path.relative_to(folder).as_posix()
            if path.is_dir():
                if path.is_symlink():
                    links.append((name, "a linked folder is not followed; give it as a path of its own"))
            elif path.name.startswith(".") or not _is_read(path.name):
                continue
            elif not path.resolve().is_relative_to(root):
                links.append((name, "the link leads out of the folder; give the file as a path of its own"))
            elif not path.is_file():
                links.append((name, "a broken link or not a regular file"))
            else:
                files.append((path, name))
    if not files and not links:
        raise UserError(f"The folder {folder} has no file to read: files ending in {', '.join(ENDINGS)} are read.")
    skipped.extend(sorted(links))
    return sorted(files, key=lambda file: file[1])


def _is_read(name: str) -> bool:
    return name.lower().endswith(ENDINGS)


def _read_file(
    path: Path, name: str, text_column: str | None, skipped: Skipped
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The (source, text, other fields) of each document in a file."""
    ending = path.suffix.lower()
    if ending in (".md", ".markdown", ".txt"):
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        text, fields = (text, {}) if ending == ".txt" else _front_matter(text)
        yield name, text.strip("\n"), fields
        return
    before = len(skipped)
    if ending == ".parquet":
        rows = _frame_rows(pl.read_parquet(path, glob=False, hive_partitioning=False), name)
    elif ending == ".csv":
        rows = _csv_rows(path.read_bytes(), name, skipped)
    else:
        data = gzip.decompress(path.read_bytes()) if ending == ".gz" else path.read_bytes()
        rows = _json_rows(data, name, skipped)
    if rows:
        yield from _table_documents(rows, name, text_column, skipped)
    elif len(skipped) == before:
        skipped.append((name, "no rows"))


def _front_matter(text: str) -> tuple[str, dict[str, Any]]:
    """Split off a YAML block between `---` lines at the very start."""
    lines = text.split("\n")
    ends = (i for i, line in enumerate(lines) if i and line.rstrip() in ("---", "..."))
    end = next(ends, None) if lines[0].rstrip() == "---" else None
    if end is None:
        return text, {}
    block = "\n".join(lines[1:end])
    try:
        fields = yaml.safe_load(block)
    except (yaml.YAMLError, ValueError, RecursionError):
        # Titles with an unquoted colon and impossible dates are common: keep such a block, but not in the text.
        fields = {"front_matter": block}
    # Anything else between two rules is prose.
    return ("\n".join(lines[end + 1 :]), fields) if isinstance(fields, dict) else (text, {})


def _frame_rows(frame: pl.DataFrame, name: str) -> list[Row]:
    return [(f"{name}#{number}", row) for number, row in enumerate(frame.iter_rows(named=True), 1)]


def _csv_rows(data: bytes, name: str, skipped: Skipped) -> list[Row]:
    try:
        data.decode()
    except UnicodeDecodeError:
        # Polars only reads such a file lossily: the replacement character marks the rows at fault.
        rows = _frame_rows(pl.read_csv(data, infer_schema_length=None, encoding="utf8-lossy"), name)
        bad = [source for source, row in rows if any("\ufffd" in value for value in row.values() if _is_text(value))]
        skipped.extend((source, "not UTF-8") for source in bad)
        return [row for row in rows if row[0] not in set(bad)]
    return _frame_rows(pl.read_csv(data, infer_schema_length=None), name)


def _json_rows(data: bytes, name: str, skipped: Skipped) -> list[Row]:
    """Rows of JSON lines, or of one JSON list or object spread over lines."""
    data = data.removeprefix(b"\xef\xbb\xbf")
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
                    skipped.append((f"{name}#{number}", _reason(error)))
    skipped.extend((source, "not a JSON object") for source, value in values if not isinstance(value, dict))
    return [(source, value) for source, value in values if isinstance(value, dict)]


def _parse_json(data: bytes) -> Any:
    return json.loads(data.decode(), parse_constant=lambda _: None)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _table_documents(
    rows: list[Row], name: str, text_column: str | None, skipped: Skipped
) -> Iterator[tuple[str, str, dict[str, Any]]]:
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


def _plain(value: Any) -> Any:
    """A value as strict JSON has it; fields without a value go, dates and the like become text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)


def _reason(error: Exception) -> str:
    """One line that says why a file or row was not read."""
    match error:
        case UnicodeDecodeError():
            return "not UTF-8"
        case UnicodeEncodeError():
            return "half of a Unicode surrogate pair"
        case json.JSONDecodeError():
            return f"invalid JSON ({error.msg}, column {error.colno})"
        case RecursionError():
            return "nested too deeply"
        case OSError(strerror=str(strerror)):
            return f"cannot be read ({strerror})"
    return f"cannot be read ({(str(error) or type(error).__name__).splitlines()[0]})"
