"""What a finished training leaves besides weights: the merged model, and a card that says where it comes from."""

import importlib.metadata
import json
from pathlib import Path
from typing import Any

from jinja2 import Template

from engine.errors import UserError
from engine.store.places import write_whole
from train.sft.network import ends_as_trained

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


def finished(out: Path) -> dict[str, Any] | None:
    """What a finished job left, or None; `train.sft.folder.result_of` also looks at what it was made from."""
    path = out / DONE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def write_card(out: Path, facts: dict[str, Any]) -> None:
    """README.md of a folder; `facts`: base, name, adapter, examples, digest, seed, result, config."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("trl", "transformers", "torch"))
    losses = facts["result"]["losses"]
    last = losses[-1][1] if losses else facts["result"]["loss"]
    write_whole(out / "README.md", CARD.render(**facts, versions=versions, last=last).encode())


def merge(model: str, adapter: Path, out: Path) -> None:
    """Write `model` with the adapter merged into it, with its tokenizer and chat template: safetensors for any program.

    Raises UserError where the adapter is no safetensors file.
    """
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    if not (adapter / "adapter_model.safetensors").exists():
        raise UserError(f"{adapter} has no adapter_model.safetensors (no other format is loaded).")
    disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(model)
    base: Any = AutoModelForCausalLM.from_pretrained(model, dtype="auto", use_safetensors=True)
    merged: Any = PeftModel.from_pretrained(base, str(adapter)).merge_and_unload()
    ends_as_trained(merged, tokenizer)
    merged.save_pretrained(out)
    tokenizer.save_pretrained(out)
