"""A benchmark's draw for other tools: a task folder of lm-evaluation-harness, or a data set as hubs hold it.

Both are a handful of files in one folder that can be moved or published as it is. A folder is never overwritten: what
lies in it already must be the same.
"""

import importlib
import inspect
from pathlib import Path
from typing import Literal

import yaml

from augment.results.card import markdown, parquet, size_category
from engine.config import Settings
from engine.console import say
from engine.errors import UserError
from engine.store.places import Place, join, names, place, read_bytes, write_whole
from eval.benchmarks.base import Benchmark, context, ready
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig

Files = dict[str, bytes]
"""Content by name; what makes the others usable comes last."""

HERE = '''"""Paths of this folder's files: the harness looks for relative ones in the working directory, not beside the task."""

from pathlib import Path

HERE = Path(__file__).parent
QUESTIONS = {file.stem.removeprefix("questions-"): str(file) for file in sorted(HERE.glob("questions-*.parquet"))}
CONTEXT = (HERE / "context.txt").read_bytes().decode() if (HERE / "context.txt").exists() else ""


def text(doc):
    """What stands before a choice: the corpus, where the task puts it in context, and the stem."""
    return CONTEXT + doc["stem"]
'''
TASK = """# {made}
task: {group}_{split}
dataset_path: parquet
dataset_kwargs:
  data_files: !function here.QUESTIONS
test_split: {split}
output_type: multiple_choice
doc_to_text: !function here.text
doc_to_choice: choices
doc_to_target: {target}
target_delimiter: ""
num_fewshot: 0
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
  - metric: acc_norm
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1.0
  chance: {chance:.6g}
"""
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


class ExportJob(Settings):
    """Write a benchmark for lm-evaluation-harness, or as a data set for a hub."""

    benchmark: BenchmarkConfig = BenchmarkConfig()
    seed: int = 0
    """World of the benchmark."""
    to: Literal["lm-eval", "hub"] = "lm-eval"
    """lm-eval: a task folder of lm-evaluation-harness; hub: Parquet files and a card, for datasets.load_dataset."""
    arm: Literal["pretrained", "icl"] = "pretrained"
    """pretrained: questions alone; icl: behind the documents (lm-eval)."""
    out: Path = Path("exported")
    """Folder for the files; one that holds anything else is left alone."""


def export_job(job: ExportJob) -> None:
    """Draw the world and write its files; raises UserError where the folder holds anything else."""
    if job.to == "hub" and job.arm == "icl":
        raise UserError("export: --arm icl needs --to lm-eval; a data set for a hub holds the documents apart.")
    world = ready(load(job.benchmark, job.seed))
    if job.to == "hub":
        write(job.out, data_set(world, job.seed, command(job)))
        use = f"datasets.load_dataset({str(job.out)!r}, 'questions')"
    else:
        prefix = context(world.documents, job.seed, job.benchmark.per_fact) if job.arm == "icl" else ""
        group = f"forethought_{world.name}{'_icl' if prefix else ''}_seed{job.seed}"
        write(job.out, task_folder(world, group, prefix, command(job)))
        use = f"lm_eval --model hf --model_args pretrained=M --include_path {job.out} --tasks {group}"
    say(f"wrote {job.out}\nnext: {use}")


def command(job: ExportJob) -> str:
    """The command that writes the same files, without the folders of this machine."""
    settings = job.benchmark.model_dump(mode="json", exclude_defaults=True, exclude={"name", "data"})
    words = [f"forethought export --to {job.to} --benchmark {job.benchmark.name}"]
    words += ["--data FOLDER"] if job.benchmark.data else []
    words += [f"--benchmark.{name.replace('_', '-')} {value}" for name, value in settings.items()]
    words += ["--arm icl"] if job.arm == "icl" else []
    return " ".join([*words, f"--seed {job.seed}"])


def write(folder: Place, files: Files) -> None:
    """Write the files of an export, each whole; raises UserError where the folder holds another file or content."""
    folder = place(folder)
    for name in sorted(n for n in names(folder) if not n.startswith((".", "__pycache__"))):
        if name not in files or read_bytes(join(folder, name)) != files[name]:
            raise UserError(f"{folder} holds something else ({name}): choose another --out or delete it.")
    for name, content in files.items():
        write_whole(join(folder, name), content)


def task_folder(world: Benchmark, group: str, prefix: str, made: str) -> Files:
    """Files of a task per split (GROUP_SPLIT) and their group, for lm-evaluation-harness; `prefix` goes before every stem.

    Its `acc` is our norm `sum`, its `acc_norm` our norm `char`. Where several choices are right, each of them counts.
    """
    target = "right" if "right" in world.questions.columns else "answer"
    files = questions(world) | {"here.py": HERE.encode()}
    if prefix:
        files["context.txt"] = prefix.encode()
    for split, chance in world.chance.items():
        task = TASK.format(made=made, group=group, split=split, target=target, chance=chance)
        files[f"{split}.yaml"] = task.encode()
    whole = {"group": group, "task": [f"{group}_{split}" for split in world.chance], "metadata": {"version": 1.0}}
    return files | {"group.yaml": yaml.safe_dump(whole, sort_keys=False).encode()}


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


def questions(world: Benchmark) -> Files:
    """The questions of every split as Parquet files."""
    return {f"questions-{split}.parquet": parquet(world.questions.filter(split=split)) for split in world.chance}
