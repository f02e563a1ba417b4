"""An adapter that one has already, asked beside the arms of a run: whether it can be, seen before anything is started."""

import json
from pathlib import Path

from engine.adapters import SETTINGS, WEIGHTS, room_for
from engine.errors import UserError
from engine.models import resolve_model
from eval.config import RunConfig


def check_adapter(config: RunConfig) -> None:
    """Raise UserError where the run's adapter is none, cannot be served, or was made for a model of another shape."""
    if not config.adapter:
        return
    if config.engine.kind == "fake":  # it serves anything
        return
    room_for([str(config.adapter)], config.engine.max_lora_rank)
    there = layers(config.model)
    for name, (given, taken) in _changed(config.adapter).items():
        told = f"The adapter {config.adapter} does not fit {config.model}: it changes the layer {name}"
        if name not in there:
            raise UserError(
                f"{told}, which that model lacks; give the model that it was trained on ({_base(config.adapter)})."
            )
        if (given, taken) != there[name]:
            raise UserError(
                f"{told} from {taken} to {given} values, but in that model it maps {there[name][1]} to {there[name][0]}; give the "
                f"model that it was trained on ({_base(config.adapter)})."
            )


def layers(model: str) -> dict[str, tuple[int, ...]]:
    """The linear layers of a model with (values out, values in), from its configuration: no weight is read."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        built = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(resolve_model(model)))
    return {
        name: tuple(module.weight.shape)
        for name, module in built.named_modules()
        if isinstance(module, torch.nn.Linear)
    }


def _changed(folder: Path) -> dict[str, tuple[int, int]]:
    """The layers that an adapter changes with (values out, values in), from the head of its file."""
    from safetensors import safe_open

    found: dict[str, dict[str, int]] = {}
    with safe_open(folder / WEIGHTS, framework="np") as tensors:
        for key in tensors.keys():  # noqa: SIM118 - a file, no mapping
            layer, _, part = key.removeprefix("base_model.model.").partition(".lora_")
            if part[:1] in ("A", "B"):
                out, inner = tensors.get_slice(key).get_shape()[:2]
                found.setdefault(layer, {})[part[0]] = inner if part[0] == "A" else out
    return {layer: (sizes.get("B", 0), sizes.get("A", 0)) for layer, sizes in found.items()}


def _base(folder: Path) -> str:
    """What the adapter names as its model; of a path the last part."""
    named = (
        json.loads((folder / SETTINGS).read_text(encoding="utf-8")).get("base_model_name_or_path")
        or "it does not say which"
    )
    return Path(named).name if Path(named).is_absolute() else named
