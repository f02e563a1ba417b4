"""Whether a model can be had, is whole and fits: from its files, without torch or transformers."""

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.config import PICO, EngineConfig
from forethought.doctor.finding import GIB, Finding
from forethought.doctor.machine import Gpu, memory

INDEX = "model.safetensors.index.json"
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model", "tokenizer_config.json")


def faults(folder: Path) -> list[str]:
    """What is missing or broken in a model's folder; empty where engine and training can read it."""
    found = []
    try:
        json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except OSError:
        found.append("it has no config.json")
    except ValueError:
        found.append("its config.json is no JSON")
    if not any((folder / name).exists() for name in TOKENIZERS):
        found.append("it has no tokenizer")
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        found.append("it has no .safetensors file, and no other format of weights is loaded")
    found += [f"{name} is missing, though {INDEX} names it" for name in shards(folder) if not (folder / name).exists()]
    return found + [f"{file.name} is {fault}" for file in files if (fault := torn(file))]


def shards(folder: Path) -> list[str]:
    """The files of weights that the index names."""
    try:
        return sorted(set(json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError):
        return []


def header(file: Path) -> tuple[dict[str, Any], int]:
    """A safetensors file's header and the bytes that file should have (8, the header's length, the header, the tensors).

    Raises ValueError where it is none.
    """
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > file.stat().st_size:
            raise ValueError("no safetensors header")
        entries = json.loads(opened.read(length))
    tensors = {name: entry for name, entry in entries.items() if name != "__metadata__"}
    return tensors, 8 + length + max((entry["data_offsets"][1] for entry in tensors.values()), default=0)


def torn(file: Path) -> str:
    """What is wrong with a file of weights, empty where nothing is."""
    try:
        _, size = header(file)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pointer = file.stat().st_size < 1024 and b"git-lfs" in file.read_bytes()
        return "a git-lfs pointer and not the weights" if pointer else "no safetensors file"
    return "" if file.stat().st_size == size else f"cut off ({file.stat().st_size:,} of {size:,} bytes)"


def weights(folder: Path) -> int:
    """Number of weights, from the headers of the whole files."""
    files = [file for file in folder.glob("*.safetensors") if not torn(file)]
    return sum(math.prod(entry["shape"]) for file in files for entry in header(file)[0].values())


def cached(model: str) -> Path | None:
    """The snapshot of a hub model in this machine's cache, if its config is there; not for sure whole."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(model, "config.json")
    return Path(found).parent if isinstance(found, str | os.PathLike) else None


def model_access(model: str, cards: list[Gpu]) -> Iterator[Finding]:
    """Whether the model can be had and is whole, and whether its weights fit."""
    path = PICO if model == "pico" else Path(model).expanduser()
    local = model == "pico" or path.is_dir()
    if not local and (path.exists() or model.startswith((".", "/", "~")) or model.count("/") != 1):
        remedy = "Give pico, a folder with config.json, or a hub name like org/name."
        yield Finding("model", "fail", f"there is no model {model!r}", remedy)
        return
    folder = path if local else cached(model)
    wrong = faults(folder) if folder else ["it is not there"]
    if folder is None or (wrong and not local):
        yield hub(model, wrong)
        return
    if wrong:
        remedy = "Save it again by save_pretrained, with its tokenizer."
        yield Finding("model", "fail", f"{model}: {'; '.join(wrong)}", remedy)
        return
    count = weights(folder)
    yield Finding("model", "ok", f"{model}: {count / 1e6:,.0f} million weights{'' if local else ', in the hub cache'}")
    # bf16 on a GPU; fp32 and a cache for keys and values on a CPU
    needed = count * 2 / GIB if cards else count * 4 / GIB + EngineConfig().kv_cache_gib
    free = max(card.total for card in cards) if cards else memory()
    if needed > free:
        more = 'a smaller model, or engine.vllm {"tensor_parallel_size": N}' if cards else "a smaller model or a GPU"
        told = f"an engine needs at least {needed:.1f} GiB and there are {free:.1f}"
        yield Finding("model size", "warn" if len(cards) > 1 else "fail", told, f"Take {more}.")


REFUSED = {
    "GatedRepoError": ("is gated", "Accept its licence on the hub, then hf auth login."),
    "RepositoryNotFoundError": ("is not on the hub", "Check the name; for a private model hf auth login."),
    "RemoteEntryNotFoundError": ("has no config.json", "Name a model that transformers can load."),
}
"""What the hub's errors say of a model, and what to do."""


def hub(model: str, wrong: list[str]) -> Finding:
    """Whether a hub model that is not whole in the cache can be downloaded: asks for its config, downloads nothing."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    if constants.HF_HUB_OFFLINE:
        told = f"{model} is not whole in the cache {constants.HF_HUB_CACHE} ({wrong[0]}), and HF_HUB_OFFLINE is set"
        remedy = (
            f"Unset HF_HUB_OFFLINE; or run hf download {model} where there is a network, and set HF_HOME to its cache."
        )
        return Finding("model", "fail", told, remedy)
    try:
        get_hf_file_metadata(hf_hub_url(model, "config.json"))
    except Exception as error:  # noqa: BLE001  the errors of a network are those of whatever HTTP library the hub's uses
        elsewhere = f"Check network and proxy; or run hf download {model} elsewhere, and give its folder."
        unreachable = (f"is not in the cache, and the hub cannot be reached ({type(error).__name__})", elsewhere)
        told, remedy = REFUSED.get(type(error).__name__, unreachable)
        return Finding("model", "fail", f"{model} {told}", remedy)
    return Finding("model", "ok", f"{model} is on the hub and is downloaded when it is first used")
