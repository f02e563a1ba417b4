"""Training examples of every arm, matched so that arms differ in content and not in amount."""

import math
from random import Random
from typing import Any

import polars as pl

from augment.operators.registry import is_global
from augment.text.sentences import joined, targets
from engine.config import Split
from engine.errors import UserError
from engine.store.ids import content_id
from train.examples.controls import masked_documents, paraphrases, reversed_documents, shuffled_inferences

EXAMPLES: dict[str, Any] = {
    "example_id": pl.String,
    "text": pl.String,
    "origin": pl.String,
    "doc_ids": pl.List(pl.String),
}
TRAINED_ARMS = (
    "finetuned",
    "finetuned+local",
    "finetuned+global",
    "finetuned+all",
    "finetuned+repeat",
    "finetuned+paraphrase",
    "finetuned+shuffled",
    "finetuned+reverse-training",
    "finetuned+masked",
)
AUGMENTED = set(TRAINED_ARMS) - {"finetuned"}
"""Trained on inferences, or matched in amount to what is."""


def originals(documents: pl.DataFrame, split: Split = "none", language: str = "en") -> pl.DataFrame:
    """The documents as examples: each whole, or each of its sentences, alone or with those before it (as `prompt`).

    A document without a sentence, only of headings, tables or code, stays whole.
    """
    table = documents.select(
        pl.col("doc_id").alias("example_id"),
        "text",
        pl.lit("original").alias("origin"),
        pl.concat_list("doc_id").alias("doc_ids"),
    )
    if split == "none":
        return table
    rows = []
    for row in table.iter_rows(named=True):
        found = targets(row["text"], split, language) or [("", row["text"])]
        for number, (before, sentence) in enumerate(found):
            identity = content_id(row["example_id"], number)
            rows.append(row | {"example_id": identity, "text": joined(before, sentence), "prompt": before or None})
    schema = EXAMPLES | ({"prompt": pl.String} if split == "cumulative" else {})
    return pl.DataFrame(rows, schema=EXAMPLES | {"prompt": pl.String}).select(list(schema))


def held_back(inferences: pl.DataFrame, share: float, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The inferences without a share of the rephrasings, and those: texts on which to see when to stop.

    The same for every arm. Raises UserError where there is no rephrasing.
    """
    rephrasings = inferences.filter("kept", operator="rephrase")["inference_id"].sort().to_list()
    if not rephrasings:
        raise UserError("train.validation holds back rephrasings, and there are none: add the operator rephrase.")
    chosen = Random(f"validation {seed}").sample(rephrasings, max(1, round(share * len(rephrasings))))
    held = pl.col("inference_id").is_in(chosen)
    return inferences.filter(~held), inferences.filter(held)


def inferred(inferences: pl.DataFrame) -> pl.DataFrame:
    """Each kept inference as one example, without its source: a source in front would shadow it (Park et al. 2025)."""
    return inferences.filter("kept").select(
        pl.col("inference_id").alias("example_id"), "text", pl.lit("operator").alias("origin"), "doc_ids"
    )


def count_tokens(examples: pl.DataFrame, tokenizer: Any) -> int:
    """Tokens of all texts, without special tokens."""
    return sum(_lengths(examples, tokenizer))


def _lengths(examples: pl.DataFrame, tokenizer: Any) -> list[int]:
    texts = examples["text"].to_list()
    return list(map(len, tokenizer(texts, add_special_tokens=False).input_ids)) if texts else []


def repeated(examples: pl.DataFrame, rows: int, tokens: int, tokenizer: Any, seed: int) -> pl.DataFrame:
    """The examples, and copies of them up to `rows` rows and as nearly as can be `tokens` tokens; see `matched`."""
    return matched(examples, examples, rows, tokens, tokenizer, seed)


def matched(
    base: pl.DataFrame, pool: pl.DataFrame, rows: int, tokens: int, tokenizer: Any, seed: int, spread: int = 4
) -> pl.DataFrame:
    """All of `base`, and rows drawn from `pool` up to `rows` rows (so: steps) and as nearly as can be `tokens` tokens.

    Texts are seldom as long as those they stand in for, so they are drawn with odds that fall or rise with their length
    just so far that the tokens come out right, up to `spread` times as often as others; at equal lengths all come up equally
    often. Where even the longest are too short, rows go on to `tokens` (at most twice `rows`); where even the shortest are
    too long, the control has more tokens, never fewer steps.
    """
    rng, lengths, missing = Random(seed), _lengths(pool, tokenizer), max(0, rows - base.height)
    layers = -(-spread * missing // max(1, pool.height))
    deck = [(layer + rng.random(), i) for layer in range(layers) for i in range(pool.height)]
    mean = max(1.0, sum(lengths) / max(1, pool.height))

    def drawn(tilt: float, count: int) -> list[int]:
        keys = sorted((draw * math.exp(tilt * (lengths[i] / mean - 1)), i) for draw, i in deck)
        return [i for _, i in keys[:count]]

    low, high, wanted = -30.0, 30.0, tokens - count_tokens(base, tokenizer)
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(lengths[i] for i in drawn(middle, missing)) > wanted else (low, middle)
    copied = drawn(high, missing)
    total = sum(lengths[i] for i in copied)
    for i in drawn(high, missing + rows)[missing:]:
        if total >= wanted - mean:
            break
        copied.append(i)
        total += lengths[i]
    rng.shuffle(copied)
    table = pl.concat([base, pool[copied]], how="diagonal").with_row_index("copy")
    identity = pl.struct("example_id", "copy").map_elements(lambda r: content_id(r["example_id"], r["copy"]), pl.String)
    origin = pl.when(pl.col("copy") < base.height).then("origin").otherwise(pl.lit("control"))
    return table.with_columns(identity.alias("example_id"), origin.alias("origin")).drop("copy")


def examples_of(
    arm: str,
    documents: pl.DataFrame,
    inferences: pl.DataFrame,
    tokenizer: Any,
    seed: int,
    split: Split = "none",
    language: str = "en",
) -> pl.DataFrame:
    """The `examples` table of an arm; documents are taken apart as `split` says (see `originals`).

    finetuned: the documents. finetuned+local: and the kept inferences of operators that see a sentence or a document,
    finetuned+global: those of operators that see other documents too, finetuned+all: both. The others are controls: the documents,
    and other texts until there are as many rows and tokens as in finetuned+all, drawn again where there are too few of them.
    finetuned+repeat: the documents themselves, so that more training alone is not taken for understanding.
    finetuned+paraphrase: the inferences of the operator `rephrase` alone. finetuned+shuffled: the inferences with their
    names exchanged, so that they are wrong. finetuned+reverse-training: the documents with their words reversed, each once
    or, where there is no room for all, some of them; then both kinds alike. finetuned+masked: the documents behind themselves with words
    masked.
    """
    plain = originals(documents, split, language)
    every = pl.concat([plain, inferred(inferences)], how="diagonal")
    if arm == "finetuned":
        return plain
    if arm == "finetuned+all":
        return every
    if arm in ("finetuned+local", "finetuned+global"):
        return pl.concat([plain, inferred(_of_scope(inferences, arm == "finetuned+global", arm))], how="diagonal")
    added = plain.clear()
    if arm == "finetuned+paraphrase":
        if not inferences.is_empty() and "rephrase" not in inferences["operator"]:
            raise UserError("finetuned+paraphrase needs the operator rephrase: add it to augment.operators.")
        added = paraphrases(inferences)
    elif arm == "finetuned+shuffled":
        added = shuffled_inferences(inferences, seed)
    elif arm == "finetuned+reverse-training":
        added = reversed_documents(documents)
    elif arm == "finetuned+masked":
        added = masked_documents(documents, seed)
    elif arm != "finetuned+repeat":
        raise UserError(f"There is no trained arm {arm!r}; choose from {', '.join(TRAINED_ARMS)}.")
    both = pl.concat([plain, added], how="diagonal")
    base, pool, spread = both, added if added.height else plain, 4
    if arm == "finetuned+masked":
        base = plain
    if arm == "finetuned+reverse-training":
        base, pool, spread = (both, both, 4) if both.height <= every.height else (plain, added, 1)
    return matched(base, pool, every.height, count_tokens(every, tokenizer), tokenizer, seed, spread)


def _of_scope(inferences: pl.DataFrame, wide: bool, arm: str) -> pl.DataFrame:
    """The inferences of global operators, or of the others; raises UserError where no operator is of that kind."""
    names = [name for name in inferences["operator"].unique() if is_global(name) == wide]
    if not names and not inferences.is_empty():
        needed = "a global operator such as link" if wide else "an operator on sentences or documents"
        raise UserError(f"{arm} needs {needed}: add it to augment.operators.")
    return inferences.filter(pl.col("operator").is_in(names))
