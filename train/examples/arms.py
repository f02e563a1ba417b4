"""Training examples of every arm, matched so that arms differ in content and not in amount."""

import math
from collections.abc import Sequence
from random import Random
from typing import Any

import polars as pl

from augment.operators.registry import is_global
from augment.text.sentences import joined, targets
from engine.config import Split
from engine.errors import UserError
from engine.store.ids import content_id
from train.examples.controls import masked_documents, paraphrases, reversed_documents, shuffled_inferences
from train.examples.names import CONTROLS, GROUPS, TUNED, WAYS

EXAMPLES: dict[str, Any] = {
    "example_id": pl.String,
    "text": pl.String,
    "origin": pl.String,
    "doc_ids": pl.List(pl.String),
}


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
        raise UserError("train.validation holds out rephrasings, but there are none: add the operator rephrase.")
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
    gold: Sequence[str] = (),
) -> pl.DataFrame:
    """The `examples` table of an arm; documents are taken apart as `split` says (see `originals`).

    finetuned: the documents. finetuned+local: and the kept inferences of operators that see a sentence or a document, finetuned+global: those of
    operators that see several documents, finetuned+all: both, finetuned+OPERATOR (several are joined by +): those of the operators named,
    finetuned+gold: the sentences of `gold`.

    Added to a name, `split` takes the documents apart into sentences; `unchecked` keeps inferences that a check rejected, if they are well-formed and
    new; `sourced` puts each inference behind the text that it was made from; `distilled` gives each example the documents that it comes from in a column
    `teacher_context`.

    The others are controls: the documents, and other texts until there are as many rows and tokens as in finetuned+all, drawn again where
    there are too few of them. finetuned+repeat: the documents themselves, so that more training alone is not taken for understanding.
    finetuned+paraphrase: the inferences of the operator `rephrase` alone. finetuned+shuffled: the inferences with their
    names exchanged, so that they are wrong. finetuned+reverse-training: the documents with their words reversed, each once
    or, where there is no room for all, some of them; then both kinds alike. finetuned+masked: the documents behind themselves with words
    masked.

    Raises UserError for another name, and where nothing is known of what an arm needs.
    """
    first, *parts = arm.split("+")
    if first != TUNED:
        raise UserError(f"There is no trained arm {arm!r}: choose {TUNED}, alone or with parts added by +.")
    if len(parts) == 1 and parts[0] in CONTROLS:
        return _control(parts[0], originals(documents, split, language), documents, inferences, tokenizer, seed)
    plain = originals(documents, "independent" if "split" in parts else split, language)
    named = [part for part in parts if part not in (*WAYS, "gold")]
    if "unchecked" in parts:
        inferences = inferences.with_columns(kept=pl.col("kept") | well_formed())
    if "sourced" in parts:
        inferences = inferences.with_columns(text=pl.format("{} {}", "source_text", "text"))
    added = pl.concat([inferred(_of(part, inferences, arm)) for part in named]) if named else plain.clear()
    if "gold" in parts:
        added = pl.concat([added, _known(gold, arm)], how="diagonal")
    table = pl.concat([plain, added.unique("example_id", maintain_order=True)], how="diagonal")
    return with_contexts(table, documents) if "distilled" in parts else table


def _known(gold: Sequence[str], arm: str) -> pl.DataFrame:
    """The sentences of `gold` as examples; raises UserError where there are none."""
    if not gold:
        raise UserError(
            f"{arm} needs a benchmark that knows everything that follows: reversals, syllogisms, semantic or fictional."
        )
    rows = [(content_id("gold", text), text, "gold", list[str]()) for text in gold]
    return pl.DataFrame(rows, schema=EXAMPLES, orient="row")


def well_formed() -> pl.Expr:
    """Whether an inference passed the check of form: it can be read, and neither the corpus nor another one says the same."""
    return pl.col("verdicts").str.json_path_match("$.format").eq("ok").fill_null(False)


def with_contexts(examples: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """The examples with the texts of the documents that each comes from as `teacher_context`."""
    texts = dict(documents.select("doc_id", "text").iter_rows())
    told = [
        "\n\n".join(texts[doc] for doc in dict.fromkeys(ids or ()) if doc in texts) or None
        for ids in examples["doc_ids"].to_list()
    ]
    return examples.with_columns(pl.Series("teacher_context", told, pl.String))


def _of(part: str, inferences: pl.DataFrame, arm: str) -> pl.DataFrame:
    """The inferences of a group of operators, or of the one named so, which may have found nothing to ask; raises UserError where none of a
    group was applied."""
    if part == "all" or inferences.is_empty():
        return inferences
    if part not in GROUPS:
        return inferences.filter(operator=part)
    names = [name for name in inferences["operator"].unique() if is_global(name) == (part == "global")]
    if not names:
        needed = "a global operator such as link" if part == "global" else "an operator on sentences or documents"
        raise UserError(f"{arm} needs {needed}: add it to augment.operators.")
    return inferences.filter(pl.col("operator").is_in(names))


def _control(
    name: str, plain: pl.DataFrame, documents: pl.DataFrame, inferences: pl.DataFrame, tokenizer: Any, seed: int
) -> pl.DataFrame:
    """The examples of a control arm; `plain` are those of the documents."""
    every = pl.concat([plain, inferred(inferences)], how="diagonal")
    added = plain.clear()
    if name == "paraphrase":
        if not inferences.is_empty() and "rephrase" not in inferences["operator"]:
            raise UserError("finetuned+paraphrase needs the operator rephrase: add it to augment.operators.")
        added = paraphrases(inferences)
    elif name == "shuffled":
        added = shuffled_inferences(inferences, seed)
    elif name == "reverse-training":
        added = reversed_documents(documents)
    elif name == "masked":
        added = masked_documents(documents, seed)
    both = pl.concat([plain, added], how="diagonal")
    base, pool, spread = both, added if added.height else plain, 4
    if name == "masked":
        base = plain
    if name == "reverse-training":
        base, pool, spread = (both, both, 4) if both.height <= every.height else (plain, added, 1)
    return matched(base, pool, every.height, count_tokens(every, tokenizer), tokenizer, seed, spread)
