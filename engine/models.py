"""Which model a name stands for, whether one can take another's place, and whether there is a GPU to run it on."""

import hashlib
import json
from functools import cache
from pathlib import Path

from engine.config import PICO
from engine.errors import UserError

SAMPLE, SAMPLES = 1 << 20, 256
"""Bytes of a sample of a file of weights, and about how many there are of each; a smaller file is read whole."""
NO_PART = ("accuracy.json", "train.json", "training.json", "progress.json", "trainer_state.json")
"""Files in a folder of a model that say nothing of what it answers."""


def resolve_model(model: str) -> str:
    """A model name to what vLLM and transformers load: `pico`, a local folder or a hub name.

    Raises UserError where a path is not a model folder.
    """
    if model == "pico":
        return str(PICO)
    path = Path(model).expanduser()
    if path.is_dir():
        if not (path / "config.json").exists():
            raise UserError(
                f"{model} is not a model folder: it has no config.json; give a folder saved by save_pretrained."
            )
        if not any(path.glob("*.safetensors")):
            raise UserError(f"{model} has no .safetensors file; save it with safetensors (no other format is loaded).")
        return str(path.resolve())
    if path.exists() or model.startswith((".", "/", "~")) or model.count("/") != 1:
        raise UserError(
            f"There is no model {model!r}: give pico, a folder with config.json, or a hub name like org/name."
        )
    from transformers import AutoConfig

    try:
        AutoConfig.from_pretrained(model)
    except (OSError, ValueError) as error:
        raise UserError(
            f"The hub model {model} cannot be loaded ({str(error).splitlines()[0]}); check name, network and access."
        ) from error
    return model


def is_embedded(model: str) -> bool:
    """Whether a model is `pico`, by its name or its folder."""
    return model == "pico" or (Path(model).is_dir() and Path(model).resolve() == PICO)


@cache
def has_chat_template(model: str) -> bool:
    """Whether a model has learned to chat: of a folder its files tell, of a hub model its tokenizer; of no other name it is known."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        settings = folder / "tokenizer_config.json"
        named = settings.is_file() and bool(json.loads(settings.read_text(encoding="utf-8")).get("chat_template"))
        return named or any(folder.glob("*chat_template*"))
    if model.count("/") != 1:
        return False
    from transformers import AutoTokenizer

    try:
        return bool(AutoTokenizer.from_pretrained(model).chat_template)
    except (OSError, ValueError):  # there is none: the engine says so
        return False


def check_model(model: str) -> str:
    """`resolve_model`, but for pico, which each machine has in a place of its own: it goes by its name."""
    found = resolve_model(model)
    return "pico" if found == str(PICO) else found


def check_alike(one: str, other: str) -> None:
    """Raise UserError where the weights of two models cannot stand in each other's place."""
    from transformers import AutoConfig

    configs = [AutoConfig.from_pretrained(resolve_model(model)).to_dict() for model in (one, other)]
    names = (
        "architectures",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "vocab_size",
    )
    for name in names:
        if configs[0].get(name) != configs[1].get(name):
            raise UserError(
                f"{other} cannot replace {one}: its {name} is {configs[1].get(name)}, not "
                f"{configs[0].get(name)}; start a separate pool for it."
            )


def has_gpu() -> bool:
    """Whether PyTorch sees a CUDA device."""
    import torch

    return torch.cuda.is_available()


def fingerprint(model: str) -> str:
    """16 hex digits that tell a model's files from others: configuration, tokenizer, and of the weights sizes and samples.

    A hub model is known by its revision. Weights that were trained differ everywhere, so samples of each file do.
    """
    found = hashlib.sha256()
    folder = Path(resolve_model(model))
    if not folder.is_dir():
        from transformers import AutoConfig

        revision = getattr(AutoConfig.from_pretrained(model), "_commit_hash", None)
        return hashlib.sha256(f"{model} {revision}".encode()).hexdigest()[:16]
    for path in sorted((*folder.glob("*.json"), *folder.glob("*.jinja"), *folder.glob("*.safetensors"))):
        if path.name in NO_PART:
            continue
        size = path.stat().st_size
        found.update(f"{path.name} {size} ".encode())
        with path.open("rb") as file:
            for begin in range(0, size, max(SAMPLE, size // SAMPLES)):
                file.seek(begin)
                found.update(file.read(SAMPLE))
    return found.hexdigest()[:16]
