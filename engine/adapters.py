"""Which adapters engines can serve, what room they need for them, and which weights a folder holds now."""

import functools
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.config import LORA_MODULES, EngineConfig, served_rank
from engine.errors import UserError

WEIGHTS, SETTINGS = "adapter_model.safetensors", "adapter_config.json"
UNSERVED = ("lm_head", "embed_tokens", "wte", "embed_out")
"""Layers whose changes vLLM does not serve (`lm_head`: not with log-likelihoods of prompts)."""
UNKNOWN = ("use_dora", "lora_bias", "modules_to_save", "layer_replication", "alora_invocation_tokens", "use_qalora")
"""Settings of PEFT that change what an adapter is and that vLLM refuses."""
MERGE = "merge it into its model (train with --train.merge true) and give that folder as --model"


@dataclass(frozen=True)
class Room:
    """What engines are started with to serve adapters: the largest rank, 0 for none, and the layers by name."""

    rank: int = 0
    modules: frozenset[str] = field(default_factory=frozenset)

    def covers(self, other: "Room") -> bool:
        """Whether adapters that need the other can be served in this one."""
        return other.rank <= self.rank and other.modules <= self.modules

    def __or__(self, other: "Room") -> "Room":
        return Room(max(self.rank, other.rank), self.modules | other.modules)

    def applied(self, config: EngineConfig) -> EngineConfig:
        """The settings of engines that have this room."""
        if not self.rank:
            return config.model_copy(update={"max_lora_rank": 0})
        vllm = {"lora_target_modules": sorted(self.modules)} | config.vllm
        return config.model_copy(update={"max_lora_rank": served_rank(self.rank), "vllm": vllm})


def room_ahead(config: EngineConfig) -> Room:
    """What is made room for before an adapter is seen: nothing, unless the settings name a rank."""
    if not config.max_lora_rank:
        return Room()
    try:
        return Room(served_rank(config.max_lora_rank), frozenset(LORA_MODULES))
    except ValueError as error:
        raise UserError(f"engine.max_lora_rank: {error}.") from error


def room_for(folders: Iterable[str], most: int | None) -> Room:
    """What these adapters need; raises UserError where one cannot be served, or needs a rank above `most`."""
    found = Room()
    for folder in folders:
        needed = read_adapter(folder)
        if most is not None and needed.rank > most:
            told = f"the adapter {folder} has rank {needed.rank}, but engine.max_lora_rank is {most}"
            raise UserError(
                f"Adapter not served: {told}; leave engine.max_lora_rank unset and it will follow the adapters."
            )
        found |= needed
    return found


def read_adapter(folder: str) -> Room:
    """What an adapter needs; raises UserError where the folder holds none that vLLM serves whole."""
    path = Path(folder)
    for name in (SETTINGS, WEIGHTS):
        if not (path / name).is_file():
            raise UserError(
                f"{folder} is not an adapter folder: it has no {name}; give a folder saved by train or PEFT."
            )
    try:
        settings = json.loads((path / SETTINGS).read_text(encoding="utf-8"))
        names = _tensors(path / WEIGHTS)
        rank = max(int(settings["r"]), *map(int, (settings.get("rank_pattern") or {}).values()), 1)
        served_rank(rank)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise UserError(f"The adapter {folder} cannot be served: {type(error).__name__}: {error}.") from error
    odd = [name for name in UNKNOWN if settings.get(name)]
    if odd or settings.get("bias", "none") != "none":
        raise UserError(f"The adapter {folder} uses {', '.join(odd) or 'bias'}, which vLLM does not support: {MERGE}.")
    paths = {re.sub(r"\.lora_.*", "", name) for name in names if ".lora_" in name}
    modules = {found.rsplit(".", 1)[-1] for found in paths} | {"experts" for found in paths if ".experts" in found}
    unserved = sorted(modules & set(UNSERVED)) or sorted(name for name in names if ".lora_" not in name)[:3]
    if unserved:
        told = ", ".join(unserved)
        raise UserError(f"The adapter {folder} changes {told}, which the engine would ignore: {MERGE}.")
    return Room(rank, frozenset(modules))


def digest(folder: str) -> str:
    """16 hex digits of the weights and settings that the folder holds now; another training into it has others."""
    stats = [(Path(folder) / name).stat() for name in (SETTINGS, WEIGHTS)]
    return _digest(folder, tuple((s.st_mtime_ns, s.st_size, s.st_ino) for s in stats))


@functools.lru_cache(maxsize=1024)
def _digest(folder: str, version: Any) -> str:
    found = hashlib.sha256()
    for name in (SETTINGS, WEIGHTS):
        found.update((Path(folder) / name).read_bytes())
    return found.hexdigest()[:16]


def _tensors(file: Path) -> list[str]:
    """The names in a safetensors file: a length of 8 bytes, then JSON."""
    with file.open("rb") as opened:
        size = int.from_bytes(opened.read(8), "little")
        header = json.loads(opened.read(size) if size < 1 << 28 else b"")
    return [name for name in header if name != "__metadata__"]
