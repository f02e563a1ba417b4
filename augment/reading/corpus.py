"""Reads a corpus into a table of documents: files and folders of tables, Markdown, HTML, text, PDF, office documents and books."""

import hashlib
import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from augment.reading.encodings import decoded
from augment.reading.formats.base import Unreadable
from augment.reading.formats.choice import ENDINGS as CONVERTED
from augment.reading.formats.choice import convert
from augment.reading.given import local_paths
from augment.reading.html import declared_encoding, read_page
from augment.reading.normal import LINE_END, normal_text
from augment.reading.tables import ENDINGS as TABLES
from augment.reading.tables import UNREADABLE, Skipped, file_rows, reason, table_documents
from augment.text.pages import without_marks
from engine.errors import UserError

MARKDOWN, HTML, PLAIN = (".md", ".markdown"), (".html", ".htm"), (".txt", ".text", ".rst", ".org")
ENDINGS = (*TABLES, *MARKDOWN, *HTML, *PLAIN, *CONVERTED)
OTHER_KIND, READ_BEFORE = "a kind of file that is not read", "the same file was read before"
KEY = re.compile(r"""["']?([A-Za-z_][\w.-]{0,40})["']?:(?:\s|$)""")
USUAL = set(
    "title subtitle date author authors tags categories category layout slug summary description draft lang id keywords".split()
)
Row = tuple[str, str, str, str]
SCHEMA = {"doc_id": pl.String, "text": pl.String, "source": pl.String, "meta": pl.String}


@dataclass(frozen=True, eq=False)
class Corpus:
    """The documents that were read and the places that were not."""

    documents: pl.DataFrame
    """One row per document, all columns text: doc_id, text, source, meta (a JSON object)."""
    skipped: Skipped
    """(source, reason) of every file, line or row that holds no usable document, and of files named twice."""

    @property
    def left_out(self) -> Skipped:
        """What was skipped, but for files that were read under another name."""
        return [(source, why) for source, why in self.skipped if why != READ_BEFORE]


def read_corpus(paths: Sequence[str | Path], text_column: str | None = None) -> Corpus:
    """Read files and folders, in the order given; a folder is read recursively, sorted by path. Both may be at a URL (s3://...);
    hf:NAME, hf:NAME:SPLIT or hf:NAME@CONFIG:SPLIT is a data set of the hub.

    Hidden files and folders (".name") stay out of a folder without a word; every other file that is not read is in
    `skipped` with its reason. A row of a table is a document, and so is a Markdown, HTML or text file (.rst and .org
    count as text), a PDF, a Word document, a presentation, a workbook and a book (`augment.reading.formats`). Text is UTF-8, what a byte
    order mark or an HTML page says, or an encoding that can be told with certainty (`decoded`); JSON is UTF-8. Texts and titles are written in one way (`normal_text`). The text is the column
    `text_column`, else the first that has values of `text`, `prompt` + `completion`, `content`, `document`; the other
    columns, the YAML front matter, the title and date of a page, and an `encoding` other than UTF-8 go to `meta`.
    `source` is the path below the folder given (the name of a file given), for tables with `#` and the row counted from 1
    (in JSON lines, the line). `doc_id` is the start of a SHA-256 of the text and of how often that text came before, so it
    survives moved files and new rows.

    Raises UserError for a missing path, no document at all, and, where the file itself was given rather than its folder,
    for an unsupported file and a missing or non-text column.
    """
    with local_paths(paths, ENDINGS) as given:
        documents, skipped = _read(given, text_column)
    if not documents:
        source, fault = next((skip for skip in skipped if skip[1] != OTHER_KIND), skipped[0])
        raise UserError(
            f"No document could be read from {', '.join(map(str, paths))}; the first problem is in {source}: "
            f"{fault}. Give files with at least one non-empty text."
        )
    return Corpus(pl.DataFrame(documents, schema=SCHEMA, orient="row"), skipped)


def _read(given: Sequence[tuple[Path, str]], text_column: str | None) -> tuple[list[Row], Skipped]:
    """The documents of files and folders, as rows of the table, and what holds none."""
    skipped: Skipped = []
    documents: list[Row] = []
    repeats: Counter[str] = Counter()
    for path, name in _files(given, skipped):
        try:
            found = list(_read_file(path, name, text_column, skipped))
        except (*UNREADABLE, Unreadable) as error:
            skipped.append((name, str(error) if isinstance(error, Unreadable) else reason(error)))
            continue
        except UserError as error:
            if path in {where for where, _ in given}:
                raise
            skipped.append((name, str(error).removeprefix(f"{name} ").rstrip(".")))
            continue
        for source, text, fields in found:
            text = normal_text(text)
            if "pages" in fields and path.suffix.lower() in CONVERTED:
                text, places = without_marks(text, fields["pages"])
                fields = fields | {"pages": places}
            if not text.strip():
                skipped.append((source, "empty text"))
                continue
            try:
                meta = json.dumps(_plain(fields | _titled(fields)), ensure_ascii=False)
                (text + meta).encode()
            except (UnicodeEncodeError, RecursionError) as error:
                skipped.append((source, reason(error)))
                continue
            identity = f"{repeats[text]}\0{text}"
            repeats[text] += 1
            documents.append((hashlib.sha256(identity.encode()).hexdigest()[:16], text, source, meta))
    return documents, skipped


def _files(paths: Sequence[tuple[Path, str]], skipped: Skipped) -> Iterator[tuple[Path, str]]:
    """Every file to read with its name relative to the path given; each file once."""
    if not paths:
        raise UserError(f"There is no corpus: give files or folders with {', '.join(ENDINGS)}.")
    seen: set[Path] = set()
    for given, called in paths:
        if not given.exists():
            raise UserError(f"There is no file or folder {called}: check the path of the corpus.")
        if given.is_dir():
            files = _folder_files(given, called, skipped)
        elif given.is_file() and _is_read(given.name):
            files = [(given, called if called.startswith("hf:") else _shown(given, given.parent))]
        else:
            raise UserError(f"{called} has an unsupported format: give {', '.join(ENDINGS)}, or a folder.")
        for path, name in files:
            if path.resolve() in seen:
                skipped.append((name, READ_BEFORE))
            else:
                seen.add(path.resolve())
                yield path, name


def _folder_files(folder: Path, called: str, skipped: Skipped) -> list[tuple[Path, str]]:
    root = folder.resolve()
    files: list[tuple[Path, str]] = []
    others: Skipped = []

    def told(error: OSError) -> None:
        others.append((_shown(Path(error.filename), folder), f"the folder cannot be read: {error.strerror}"))

    for parent, folders, names in os.walk(folder, onerror=told):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(parent, name) for name in (*folders, *names)):
            name = _shown(path, folder)
            if path.name.startswith("."):
                continue
            if path.is_dir():
                if path.is_symlink():
                    others.append((name, "a linked folder is not followed; give it as a path of its own"))
            elif not _is_read(path.name):
                others.append((name, OTHER_KIND))
            elif not path.resolve().is_relative_to(root):
                others.append((name, "the link leads out of the folder; give the file as a path of its own"))
            elif not path.is_file():
                others.append((name, "a broken link or not a regular file"))
            else:
                files.append((path, name))
    if not files and all(why == OTHER_KIND for _, why in others):
        raise UserError(f"The folder {called} has no file to read: give files ending in {', '.join(ENDINGS)}.")
    skipped.extend(sorted(others))
    return sorted(files, key=lambda file: file[1])


def _shown(path: Path, folder: Path) -> str:
    """A path below a folder; a name that is no UTF-8 would break the tables."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode(errors="replace")


def _is_read(name: str) -> bool:
    return name.lower().endswith(ENDINGS)


def _read_file(
    path: Path, name: str, text_column: str | None, skipped: Skipped
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The (source, text, other fields) of each document in a file."""
    ending = path.suffix.lower()
    if ending in (*MARKDOWN, *HTML, *PLAIN):
        data = path.read_bytes()
        text, encoding = decoded(data, declared_encoding(data) if ending in HTML else None)
        fields: dict[str, Any] = {}
        if ending in HTML:
            text, fields = read_page(text)
        elif ending in MARKDOWN:
            text, fields = _front_matter(LINE_END.sub("\n", text))
        fields |= {} if encoding == "utf-8" else {"encoding": encoding}
        yield name, text.strip("\n"), fields
        return
    if ending in CONVERTED:
        found = convert(path)
        skipped.extend((f"{name} {page}", why) for page, why in found.faults)
        yield name, found.text, found.fields | ({"pages": found.pages} if found.pages else {})
        return
    before = len(skipped)
    rows = file_rows(path, name, skipped)
    if rows:
        named = _named_encoding(path.read_bytes()) if ending in (".csv", ".tsv") else {}
        for source, text, fields in table_documents(rows, name, text_column, skipped):
            yield source, text, named | fields
    elif len(skipped) == before:
        skipped.append((name, "no rows"))


def _named_encoding(data: bytes) -> dict[str, str]:
    """`encoding` of a table that is not UTF-8; of one in doubt, whose sound rows are read as UTF-8, nothing."""
    try:
        encoding = decoded(data)[1]
    except UnicodeError:
        return {}
    return {} if encoding == "utf-8" else {"encoding": encoding}


def _front_matter(text: str) -> tuple[str, dict[str, Any]]:
    """Split off a YAML block between `---` lines at the very start: fields with names as they are usual there; else it is prose."""
    lines = text.split("\n")
    ends = (i for i, line in enumerate(lines) if i and line.rstrip() in ("---", "..."))
    end = next(ends, None) if lines[0].rstrip() == "---" else None
    if end is None:
        return text, {}
    block = "\n".join(lines[1:end])
    outer = [line for line in lines[1:end] if re.match(r"[^\s#\-\]})]", line)]
    names = [KEY.match(line) for line in outer]
    if not all(names) or not any(name[1].lower() in USUAL or name[1].islower() for name in names if name):
        return text, {}
    try:
        fields = yaml.safe_load(block) or {}
    except (yaml.YAMLError, ValueError, RecursionError):
        # Titles with an unquoted colon and impossible dates are common: keep such a block, but not in the text.
        fields = {"front_matter": block}
    return ("\n".join(lines[end + 1 :]), fields) if isinstance(fields, dict) else (text, {})


def _titled(fields: Mapping[str, Any]) -> dict[str, str]:
    """The title, written as texts are."""
    title = fields.get("title")
    return {"title": " ".join(normal_text(title).split())} if isinstance(title, str) else {}


def _plain(value: Any) -> Any:
    """A value as strict JSON has it; fields without a value go, dates and the like become text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)
