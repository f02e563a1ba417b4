"""`forethought show ID`: where one training line comes from, from the text back to the document."""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.text import Text

from augment.results.review import source_sentences
from augment.text.pages import pages_at, pages_of
from engine.errors import UserError
from engine.store.parts import parts

KEYS = {"documents": "doc_id", "examples": "example_id", "inferences": "inference_id", "requests": "request_id"}
"""Tables and the column of their ids; an id of several tables is looked up in the first."""
FILES = {
    "examples": ("examples.parquet", "examples-validation.parquet"),
    "inferences": ("inferences.parquet",),
    "requests": ("requests.parquet",),
    "documents": ("documents.parquet", "replay.parquet"),
}
SHORTEST = 4
"""Characters of an id's start that may stand for it."""
MOST = 10
"""Rows of one kind that are printed in full."""
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Chain:
    """The rows that belong to one id; a table that the folder lacks gives none."""

    examples: Rows
    inferences: Rows
    requests: Rows
    generations: Rows
    documents: Rows


def table(folder: Path, kind: str) -> pl.LazyFrame:
    """A table of the folder, read where it is needed; empty where there is none."""
    if kind == "generations":
        found = parts(folder.absolute() / kind)
    else:
        found = [folder / name for name in FILES[kind] if (folder / name).is_file()]
    empty = pl.LazyFrame(schema={KEYS.get(kind, "request_id"): pl.String})
    frames = [pl.scan_parquet(path, glob=False) for path in found]
    return pl.concat(frames, how="diagonal_relaxed") if frames else empty


def find(folder: Path, start: str) -> tuple[str, str]:
    """(kind, id) of the id that is `start`, or else of the only one that begins with it."""
    if not any((folder / name).is_file() for names in FILES.values() for name in names):
        raise UserError(f"{folder} holds no tables of `augment` or `run`: give such a folder as --out.")
    found: dict[str, str] = {}
    for kind, column in KEYS.items():
        ids = pl.col(column).cast(pl.String)
        fits = (ids == start) | ids.str.starts_with(start) if len(start) >= SHORTEST else ids == start
        for identity in table(folder, kind).filter(fits).select(ids.unique()).collect()[column]:
            found.setdefault(identity, kind)
    if start in found:
        return found[start], start
    if not found:
        short = f" (an id's start needs at least {SHORTEST} characters)" if len(start) < SHORTEST else ""
        raise UserError(f"No id in {folder} begins with {start!r}{short}; look ids up in the tables there.")
    if len(found) > 1:
        some = ", ".join(sorted(found)[:3])
        raise UserError(f"{len(found)} ids in {folder} begin with {start!r} ({some}...): give more characters.")
    return next((kind, identity) for identity, kind in found.items())


def chain(folder: Path, kind: str, identity: str) -> Chain:
    """All rows that belong to an id: those that it came from, and for a request or document those that came from it."""
    here = pl.col(KEYS[kind]) == identity
    examples = rows(folder, "examples", pl.col("example_id") == identity) if kind in ("documents", "examples") else []
    if kind == "documents":
        inferences = rows(folder, "inferences", pl.col("doc_ids").list.contains(identity))
        documents = once(rows(folder, kind, here), "doc_id")
        return Chain(once(examples, "example_id"), once(inferences, "inference_id"), [], [], documents)
    inferences = rows(folder, "inferences", here) if kind != "examples" else _behind(folder, examples)
    asked = {row["request_id"]: None for row in inferences} if kind != "requests" else {identity: None}
    requests = rows(folder, "requests", pl.col("request_id").is_in(list(asked)))
    generations = rows(folder, "generations", pl.col("request_id").is_in(list(asked)))
    if kind != "requests":
        drawn = {(row["request_id"], row.get("sample") or 0) for row in inferences}
        generations = [row for row in generations if (row["request_id"], row["sample"]) in drawn]
    cited = {i: None for row in (*examples, *(inferences or requests)) for i in row.get("doc_ids") or []}
    documents = rows(folder, "documents", pl.col("doc_id").is_in(list(cited)))
    return Chain(
        once(examples, "example_id"),
        once(inferences, "inference_id"),
        once(requests, "request_id"),
        generations,
        once(documents, "doc_id"),
    )


def _behind(folder: Path, examples: Rows) -> Rows:
    """The inferences that examples of one id are: those of the same id, or of the same text, for copies have ids of their own."""
    texts = {row["text"]: row["example_id"] for row in examples if row["origin"] not in ("original", "replay")}
    found = rows(folder, "inferences", pl.col("inference_id").is_in(list(texts.values())))
    return found or rows(folder, "inferences", pl.col("text").is_in(list(texts)) & pl.col("kept"))


def rows(folder: Path, kind: str, fits: pl.Expr) -> Rows:
    """The rows of a table that fit; none where it has no such column."""
    found = table(folder, kind)
    known = found.collect_schema().names()
    return found.filter(fits).collect().to_dicts() if set(fits.meta.root_names()) <= set(known) else []


def once(rows: Rows, key: str) -> Rows:
    """One row of each id: a run holds a row for every seed and arm, which are gathered in the first."""
    found: dict[Any, dict[str, Any]] = {}
    for row in rows:
        first = found.setdefault(row[key], row | {"where": [], "doc_ids": []})
        first["doc_ids"] += [i for i in row.get("doc_ids") or [] if i not in first["doc_ids"]]
        if row.get("seed") is not None:
            first["where"].append(f"{row['arm']}, seed {row['seed']}" if row.get("arm") else f"seed {row['seed']}")
    return list(found.values())


def lines(kind: str, found: Chain, plain: bool) -> list[Text]:
    """The chain as text: a heading per row, its fields, its text; the source is marked in its documents."""
    model = next((row["model"] for row in found.inferences if row.get("model")), None)
    sources = list(dict.fromkeys(s for row in (*found.inferences, *found.requests) for s in source_sentences(row)))
    if kind == "documents":
        sources = []
    made: list[Text] = []
    for row in found.examples[:MOST]:
        made += block("example", row["example_id"], {"origin": row["origin"], "in": row["where"]}, row["text"])
    for row in found.inferences[:MOST]:
        fields = {name: row.get(name) for name in ("operator", "kept", "reason", "verdicts", "sample")}
        made += block("inference", row["inference_id"], fields | {"in": row["where"]}, row["text"])
    for row in found.requests[:MOST]:
        fields = {"model": row.get("model") or model, "sampling": row.get("sampling"), "answers": row.get("n")}
        made += block("request", row["request_id"], fields, prompt(row))
    for row in found.generations[:MOST]:
        tokens = {name: row.get(name) for name in ("finish_reason", "prompt_tokens", "cached_tokens", "output_tokens")}
        made += block("answer", f"sample {row['sample']}", tokens | {"error": row.get("error")}, row["text"] or "")
    for sentence in sources[:MOST]:
        made += block("source", "", {}, sentence)
    for row in found.documents[:MOST]:
        meta, places = on_pages(row, sources)
        fields = {"from": row.get("source"), "on": places, "meta": meta, "in": row["where"]}
        made += block("document", row["doc_id"], fields, "")[:-1]
        made += [*marked(safe(row["text"]), [safe(s) for s in sources], plain), Text("")]
    left = {name: len(rows) - MOST for name, rows in vars(found).items() if len(rows) > MOST}
    return made + [Text(f"... and {count:,} more {name}") for name, count in left.items()]


def block(name: str, identity: str, fields: dict[str, Any], text: str) -> list[Text]:
    """A heading, a line of fields that are known, and the text."""
    known = {
        k: ", ".join(v) if isinstance(v, list) else str(v) for k, v in fields.items() if v not in (None, "", [], "{}")
    }
    made = [Text.assemble((name.upper(), "bold cyan"), " ", (safe(identity), "bold"))]
    made += [Text(safe("; ".join(f"{key}: {value}" for key, value in known.items())), style="dim")] if known else []
    return [*made, *(Text("  " + line) for line in safe(text).splitlines()), Text("")]


def prompt(row: dict[str, Any]) -> str:
    """The prompt of a request: the messages, turn by turn, which the model's chat template joins, or the plain text."""
    if row.get("prompt"):
        return str(row["prompt"])
    turns = json.loads(row.get("messages") or "[]")
    return "\n".join(f"[{turn['role']}]\n{turn['content']}" for turn in turns)


def on_pages(row: dict[str, Any], sentences: list[str]) -> tuple[str | None, list[str]]:
    """The meta of a document without its pages; and the names of those on which the sentences stand, or the words of the row of a table."""
    meta = json.loads(row.get("meta") or "{}")
    pages = pages_of(meta)
    if not pages:
        return row.get("meta"), []
    del meta["pages"]
    text, found = row["text"], dict[str, None]()
    ends = [*list(pages.values())[1:], len(text)]
    for sentence in sentences:
        if spans := spans_of(text, sentence):
            found |= dict.fromkeys(name for span in spans for name in pages_at(pages, *span))
            continue
        words = set(re.findall(r"\w+", sentence))
        held = zip(pages.items(), ends, strict=True)
        found |= dict.fromkeys(name for (name, place), end in held if words <= set(re.findall(r"\w+", text[place:end])))
    return json.dumps(meta, ensure_ascii=False), [name for name in pages if name in found]


def spans_of(text: str, sentence: str) -> list[tuple[int, int]]:
    """Where a sentence stands in a text, whatever its line breaks."""
    pattern = r"\s+".join(map(re.escape, sentence.split()))
    return [match.span() for match in re.finditer(pattern, text)] if pattern else []


def marked(text: str, sentences: list[str], plain: bool) -> list[Text]:
    """The lines of a document with the sentences marked: in colour, or as >>>sentence<<<."""
    made, end = Text("  "), 0
    for start, stop in sorted(span for sentence in sentences for span in spans_of(text, sentence)):
        if start < end:
            continue
        made.append(text[end:start])
        made.append(f">>>{text[start:stop]}<<<" if plain else text[start:stop], style="bold black on yellow")
        end = stop
    made.append(text[end:])
    return [Text("\n  ").join(made.split("\n"))]


def safe(text: str) -> str:
    """Text without characters that a terminal obeys, or that its encoding lacks: documents are not trusted."""
    found = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", lambda m: f"\\x{ord(m[0]):02x}", text)
    encoding = sys.stdout.encoding or "utf-8"
    return found.encode(encoding, "backslashreplace").decode(encoding)
