"""What a finished training leaves besides weights: the merged model, and a card that says where it comes from."""

import importlib.metadata
import json
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Template

from engine.store.places import write_whole

DONE = "train.json"
"""Written last into a job's folder: the job is finished. Holds steps, loss, seconds, loss history."""
CARD = Template(
    """---
base_model: {{ base }}
library_name: {{ "peft" if adapter else "transformers" }}
pipeline_tag: text-generation
tags: [forethought, sft, trl{{ ", lora" if adapter }}]
---
# {{ name }}

{{ "A LoRA adapter of" if adapter else "All weights of" }} `{{ base }}`, finetuned by Forethought on {{ "{:,}".format(examples) }} texts
(SHA-256 of them: {{ digest }}), seed {{ seed }}: {{ result.steps }} steps of {{ config.batch }}
{{ "packed rows" if config.packing else "texts" }}, peak learning rate {{ config.learning_rate }}, loss on
{{ "the whole text" if config.loss == "text" else "what follows a prompt" }}; last loss {{ "%.3f"|format(last) }}.

```python
from transformers import AutoModelForCausalLM, AutoTokenizer{% if adapter %}
from peft import PeftModel

model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained({{ base.__repr__() }}), FOLDER){% else %}

model = AutoModelForCausalLM.from_pretrained(FOLDER){% endif %}
tokenizer = AutoTokenizer.from_pretrained(FOLDER)
```

Made with {{ versions }}. `train.json` holds the loss curve.
"""
)


def finished(out: Path, examples: pl.DataFrame | None = None) -> dict[str, Any] | None:
    """What a finished job left, or None; with `examples` also None where the job was trained on other texts."""
    path = out / DONE
    if examples is not None and other_texts(out, examples):
        return None
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def other_texts(out: Path, examples: pl.DataFrame) -> bool:
    """Whether a folder holds a job that was trained on other texts, finished or not."""
    kept = out / "examples.parquet"
    return kept.exists() and not pl.read_parquet(kept).equals(trained_on(examples))


def trained_on(examples: pl.DataFrame) -> pl.DataFrame:
    """The columns of examples that training reads."""
    return examples.select(c for c in ("text", "prompt") if c in examples.columns)


def write_card(out: Path, facts: dict[str, Any]) -> None:
    """README.md of a folder; `facts`: base, name, adapter, examples, digest, seed, result, config."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("trl", "transformers", "torch"))
    losses = facts["result"]["losses"]
    last = losses[-1][1] if losses else facts["result"]["loss"]
    write_whole(out / "README.md", CARD.render(**facts, versions=versions, last=last).encode())


def merge(model: str, adapter: Path, out: Path) -> None:
    """Write `model` with the adapter merged into it, with its tokenizer and chat template: safetensors for any program."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    merged: Any = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(model, dtype="auto"), str(adapter))
    merged.merge_and_unload().save_pretrained(out)
    AutoTokenizer.from_pretrained(model).save_pretrained(out)
