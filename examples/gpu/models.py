"""Model folders of a real model's shape without its weights: throughput asks only for the shape.

`models/NAME.json` is the configuration. The tokenizer is the embedded model's, with made-up words up to the vocabulary's size: a
prompt of n nonsense words has n tokens, and whatever the model writes can be decoded.
"""

import json
from pathlib import Path
from typing import Any

from engine.config import PICO

LETTERS = "abcdefghijklmnopqrstuvwxyz"
CONFIGS = Path(__file__).resolve().parent / "models"


def make_model(name: str, home: Path, weights: bool = False) -> Path:
    """The folder HOME/models/NAME. Without `weights` it is for engines with `load_format=dummy`; with them they are random."""
    folder = home / "models" / name
    config = json.loads((CONFIGS / f"{name}.json").read_text())
    if not (folder / "tokenizer.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config))
        write_tokenizer(folder, config)
        write_nothing(folder / "model.safetensors")
    if weights and not (folder / "weights").exists():
        write_weights(folder)
        (folder / "weights").touch()
    return folder


def write_tokenizer(folder: Path, config: dict[str, Any]) -> None:
    """The embedded model's tokenizer, padded with words of letters that no other word begins with."""
    tokenizer = json.loads((PICO / "tokenizer.json").read_text(encoding="utf-8"))
    words = tokenizer["model"]["vocab"]
    tokenizer["model"]["ignore_merges"] = True  # a word of the vocabulary is one token: what is decoded encodes back
    for number in range(len(words), config["vocab_size"]):
        letters = "".join(LETTERS[number // 26**place % 26] for place in range(4))
        words[f"\u0120zzz{letters}"] = number  # a space and a word, as byte-level tokens write it
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    settings = json.loads((PICO / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["model_max_length"] = config["max_position_embeddings"]
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def write_nothing(path: Path) -> None:
    """A safetensors file: `resolve_model` takes only folders that have one."""
    import torch
    from safetensors.torch import save_file

    save_file({"nothing": torch.zeros(1)}, path, metadata={"format": "pt"})


def write_weights(folder: Path) -> None:
    """Random weights in bf16, drawn on the GPU where there is one: on a CPU four billion take a minute."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    device = "cuda" if torch.cuda.is_available() else "cpu"
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), dtype=torch.bfloat16)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder)


def parameters(folder: Path) -> int:
    """Weights of the model of a folder, each counted once."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    return sum(weight.numel() for weight in model.parameters())
