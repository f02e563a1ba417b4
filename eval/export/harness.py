"""A benchmark's draw as a task folder of lm-evaluation-harness: a task per split, and their group."""

import yaml

from eval.benchmarks.base import Benchmark
from eval.export.files import Files, questions

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
