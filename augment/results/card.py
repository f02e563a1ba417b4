"""The examples as a hub-style data set: Parquet files and a card, for `datasets.load_dataset`."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from engine.store.places import remove, write_whole

SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M", 10_000_000: "1M<n<10M"}
"""The hub's names for numbers of rows."""
COLUMNS = {
    "example_id": "content hash; of an inference its inference_id, of a document its doc_id, of a copy an id of its own",
    "text": "what to train on",
    "origin": "`original`: a document; `replay`: general text; anything else: an inference",
    "doc_ids": "documents that the text comes from",
    "inference_id": "content hash of the request and the place in its answer",
    "operator": "prompt that the inference was asked for with",
    "request_id": "content hash of model, prompt and sampling",
    "sample": "number of the answer to the request",
    "model": "model that wrote it",
    "source_text": "sentence or sentences that it was inferred from",
    "verdicts": "JSON object: what each check said",
    "kept": "whether it passed and may be among the examples",
    "reason": "why it was rejected",
}
CARD = """---
{front}---

# {title}

Documents and what a language model inferred from them in its context, to finetune on: after training on documents alone a model
knows what they say and misses what they imply (Lampinen et al. 2025, arXiv 2505.00661).

## How it was made

Each sentence (or document, where they were not divided) was given to the model with the prompt of each operator; every line of an
answer is one inference. Checks rejected some, with a reason. The examples are the documents and the kept inferences, each without
its source in front.

- Model: {model}
- Sampling: {sampling}
- Made by `forethought augment`.

{operators}

## Review

{review}

## What it holds

{splits}

```python
examples = datasets.load_dataset(folder, "examples", split="train")
```

{columns}

## Limits

- The documents are in it whole: their license and what they tell about people hold for this data set too. The license is
  unknown to the program that made this; set it before you publish.
- Inferences were written by a model. The checks do not prove them; read some (`review.html` shows them with their sources).
- Nothing was compared with anyone's test set: look for overlap before you measure on one.
- {validation}
"""


def write_data_set(
    folder: Path,
    splits: Mapping[str, pl.DataFrame],
    inferences: pl.DataFrame,
    requests: pl.DataFrame,
    model: str,
    reviewed: Sequence[str] = (),
) -> None:
    """Write README.md, examples-SPLIT.parquet and inferences.parquet; files of splits that are empty now are removed."""
    tables = {f"examples-{split}.parquet": splits.get(split, pl.DataFrame()) for split in ("train", "validation")}
    tables["inferences.parquet"] = inferences
    for name, table in tables.items():
        if table.is_empty():
            remove(folder / name)
        else:
            write_whole(folder / name, parquet(table))
    write_whole(folder / "README.md", card(splits, inferences, requests, model, reviewed).encode())


def card(
    splits: Mapping[str, pl.DataFrame],
    inferences: pl.DataFrame,
    requests: pl.DataFrame,
    model: str,
    reviewed: Sequence[str] = (),
) -> str:
    """The README.md: YAML front matter, how the data set was made and reviewed, counts, columns, limits."""
    filled = {split: table for split, table in splits.items() if not table.is_empty()}
    rows = sum(table.height for table in filled.values()) + inferences.height
    files = [{"split": split, "path": f"examples-{split}.parquet"} for split in filled]
    configs: list[dict[str, Any]] = [{"config_name": "examples", "default": True, "data_files": files}]
    if not inferences.is_empty():
        configs.append({"config_name": "inferences", "data_files": [{"split": "train", "path": "inferences.parquet"}]})
    front = {
        "pretty_name": "Documents and what they imply",
        "license": "unknown",
        "task_categories": ["text-generation"],
        "tags": ["synthetic", "augmentation"],
        "size_categories": [size_category(rows)],
        "configs": configs,
    }
    counts = inferences.group_by("operator").agg(pl.len(), pl.col("kept").sum()).sort("operator").rows()
    made_of = [(split, *row) for split, table in filled.items() for row in _origins(table)]
    columns = dict.fromkeys([c for table in (*filled.values(), inferences) for c in table.columns])
    return CARD.format(
        front=yaml.safe_dump(front, sort_keys=False),
        title=front["pretty_name"],
        model=Path(model).name if Path(model).is_dir() else model,
        sampling=_sampling(requests),
        operators=markdown(("operator", "inferences", "kept"), counts),
        review="\n".join(f"- {line}" for line in reviewed) or "Nobody has reviewed these inferences.",
        splits=markdown(("split of `examples`", "origin", "rows", "characters"), made_of),
        columns=markdown(("column", ""), [(name, COLUMNS.get(name, "")) for name in columns]),
        validation="The validation split shares no document, no sentence and no inference with the training split; the config "
        "`inferences` is not split."
        if "validation" in filled
        else "There is no validation split.",
    )


def size_category(rows: int) -> str:
    """The hub's name for a number of rows."""
    return next((name for most, name in SIZES.items() if rows < most), "10M<n<100M")


def _origins(table: pl.DataFrame) -> list[tuple[Any, ...]]:
    characters = pl.col("text").str.len_chars().sum().alias("characters")
    return table.group_by("origin", maintain_order=True).agg(pl.len(), characters).rows()


def _sampling(requests: pl.DataFrame) -> str:
    """How answers were sampled, as in the requests; each has a seed of its own."""
    found: dict[str, None] = {}
    for text, n in requests.select("sampling", "n").unique(maintain_order=True).iter_rows():
        settings = {name: value for name, value in json.loads(text).items() if name != "seed"}
        words = [*(f"{name} {value}" for name, value in settings.items()), f"{n} per request"]
        found[", ".join(words)] = None
    return "; ".join(found) or "nothing was asked"


def markdown(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in (head, ("---",) * len(head), *rows))


def parquet(table: pl.DataFrame) -> bytes:
    """A table as the content of a Parquet file, without the hint that would make `datasets` read texts as large_string."""
    content = io.BytesIO()
    table.write_parquet(content, compression="zstd", use_pyarrow=True, pyarrow_options={"store_schema": False})
    return content.getvalue()
