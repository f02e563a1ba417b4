"""From documents to inferences: requests, engine, parsing, verification, each a table in the output folder."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from augment.config import AugmentConfig
from augment.operators import load_operators, parse
from augment.sentences import split_sentences
from augment.verify import Verifier
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store import content_id, write_table

INFERENCES: dict[str, Any] = {
    "inference_id": pl.String,
    "text": pl.String,
    "operator": pl.String,
    "doc_ids": pl.List(pl.String),
    "request_id": pl.String,
    "sample": pl.Int32,
    "model": pl.String,
    "source_text": pl.String,
    "verdicts": pl.String,
    "kept": pl.Boolean,
    "reason": pl.String,
}


def make_requests(documents: pl.DataFrame, config: AugmentConfig, model: str) -> pl.DataFrame:
    """The `requests` table, with operator, source_text and doc_ids: one row per different sentence and operator.

    Raises UserError where no document has a sentence.
    """
    sources: dict[str, list[str]] = {}
    for doc_id, text in documents.select("doc_id", "text").iter_rows():
        for sentence in split_sentences(text, config.language) if config.split else [text.strip()]:
            sources.setdefault(sentence, []).append(doc_id)
    if not sources:
        raise UserError(
            "The documents have no sentence, only headings, tables or code; with augment.split false they are used whole."
        )
    sampling: dict[str, Any] = {"temperature": config.temperature, "max_tokens": config.max_tokens}
    rows = []
    for operator in load_operators(config):
        for text, doc_ids in sources.items():
            prompt = operator.render(text)
            identity = content_id(model, prompt, sampling, config.seed, config.samples)
            rows.append(
                {
                    "request_id": identity,
                    "prefix_key": operator.name,
                    "messages": json.dumps([{"role": "user", "content": prompt}], ensure_ascii=False),
                    "sampling": json.dumps(sampling | {"seed": int(identity, 16) % 2**31}),
                    "n": config.samples,
                    "operator": operator.name,
                    "source_text": text,
                    "doc_ids": sorted(set(doc_ids)),
                }
            )
    return pl.DataFrame(rows).unique("request_id", maintain_order=True)


def make_inferences(requests: pl.DataFrame, generations: pl.DataFrame, model: str) -> pl.DataFrame:
    """Parse and verify answers into the `inferences` table, rejected ones with their reason.

    An engine error becomes a rejected row too, so every request is accounted for.
    """
    verifier = Verifier(requests["source_text"].unique().to_list())
    joined = requests.join(generations, on="request_id", how="inner", maintain_order="left").sort(
        "operator", "source_text", "sample", maintain_order=True
    )
    rows = []
    for row in joined.iter_rows(named=True):
        lines = parse(row["text"] or "")
        cut = row["finish_reason"] == "length"
        entries: list[tuple[str, str | None]] = [
            (text, verifier.reject(text, row["source_text"], cut and text is lines[-1])) for text in lines
        ]
        if row["error"]:
            entries = [("", f"engine: {row['error']}")]
        elif not entries:
            entries = [("", "the model found nothing to infer")]
        for number, (text, reason) in enumerate(entries):
            rows.append(
                {
                    "inference_id": content_id(row["request_id"], row["sample"], number),
                    "text": text,
                    "operator": row["operator"],
                    "doc_ids": row["doc_ids"],
                    "request_id": row["request_id"],
                    "sample": row["sample"],
                    "model": model,
                    "source_text": row["source_text"],
                    "verdicts": json.dumps({"format": reason or "ok"}, ensure_ascii=False),
                    "kept": reason is None,
                    "reason": reason,
                }
            )
    return pl.DataFrame(rows, schema=INFERENCES)


def augment(documents: pl.DataFrame, pool: EnginePool, config: AugmentConfig, model: str, out: Path) -> pl.DataFrame:
    """Write documents, requests, generations/ and inferences into `out`; returns the inferences. Reruns resume."""
    requests = make_requests(documents, config, model)
    write_table(out / "documents.parquet", documents)
    write_table(out / "requests.parquet", requests)
    generations = pool.generate(requests, out / "generations", label="augment")
    inferences = make_inferences(requests, generations, model)
    write_table(out / "inferences.parquet", inferences)
    return inferences
