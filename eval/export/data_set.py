"""A benchmark's draw as a data set, as hubs hold it: Parquet files and a card, for `datasets.load_dataset`."""

import importlib
import inspect

import yaml

from augment.results.card import markdown, parquet, size_category
from eval.benchmarks.base import Benchmark
from eval.export.files import Files, questions

COLUMNS = {
    "doc_id": "content hash",
    "text": "the document: one item to train on",
    "source": "file or generator that it comes from",
    "meta": "JSON object; `facts` lists the facts that a document states",
    "fact": "what the document is about; the in-context arm shows one document of each, at random",
    "question_id": "content hash",
    "benchmark": "name",
    "split": "what answering takes",
    "subtype": "a finer division, for clustered or separate figures",
    "stem": "the text before a choice",
    "choices": "continuations of the stem, each with its own leading space; they are never shown in context",
    "answer": "index of the right choice",
    "needs": "facts that imply the answer",
    "right": "indices of all right choices, `answer` among them",
}
LICENSES = {"celebrities": "mit"}
"""Of texts that are not this project's own."""
CARD = """---
{front}---

# {title}

{about}

"The paper" is Lampinen et al. 2025, *On the generalization of language models from in-context learning and finetuning*
(arXiv 2505.00661). Finetune on the documents or put them in the context, then score every choice by its log-likelihood after
the stem.

```python
questions = datasets.load_dataset(folder, "questions")
documents = datasets.load_dataset(folder, "documents", split="train")
```

{tables}

Made by `{made}`.
"""


def data_set(world: Benchmark, seed: int, made: str) -> Files:
    """Files of a data set with the configs `questions` (with the benchmark's splits) and `documents`, and its card."""
    rows = world.questions.height + world.documents.height
    asked = [{"split": split, "path": f"questions-{split}.parquet"} for split in world.chance]
    told = [{"split": "train", "path": "documents.parquet"}]
    front = {
        "pretty_name": f"Forethought {world.name}, seed {seed}",
        "license": LICENSES.get(world.name, "apache-2.0"),
        "language": ["en"],
        "task_categories": ["multiple-choice"],
        "tags": ["synthetic", "out-of-context-reasoning", "generalization", world.name],
        "size_categories": [size_category(rows)],
        "configs": [
            {"config_name": "questions", "default": True, "data_files": asked},
            {"config_name": "documents", "data_files": told},
        ],
    }
    sizes = dict(world.questions["split"].value_counts().rows())
    tables = [
        markdown(
            ("split", "questions", "guessing is right"), [(s, sizes[s], f"{c:.1%}") for s, c in world.chance.items()]
        ),
        markdown(("documents", ""), [(name, COLUMNS.get(name, "")) for name in world.documents.columns]),
        markdown(("questions", ""), [(name, COLUMNS.get(name, "")) for name in world.questions.columns]),
    ]
    card = CARD.format(
        front=yaml.safe_dump(front, sort_keys=False),
        title=front["pretty_name"],
        about=inspect.getdoc(importlib.import_module(f"eval.benchmarks.{world.name}")),
        tables="\n\n".join(tables),
        made=made,
    )
    return questions(world) | {"documents.parquet": parquet(world.documents), "README.md": card.encode()}
