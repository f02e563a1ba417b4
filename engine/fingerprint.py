"""What results are computed from: a fingerprint of model, adapters and the settings that change values. No path is in it."""

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from engine.config import EngineConfig
from engine.models import resolve_model
from engine.store.ids import content_id

SPEED = frozenset(
    "async_scheduling block_size compilation_config cpu_offload_gb data_parallel_size disable_log_stats distributed_executor_backend "
    "enable_chunked_prefill enable_prefix_caching enforce_eager gpu_memory_utilization kv_cache_memory_bytes max_loras "
    "max_cpu_loras max_lora_rank max_model_len max_num_batched_tokens max_num_seqs max_parallel_loading_workers "
    "pipeline_parallel_size scheduling_policy swap_space tensor_parallel_size".split()
)
"""Engine arguments of vLLM that change how fast or whether a row is done, not its values; all others count."""
READ = (
    "*.safetensors *.safetensors.index.json *config.json tokenizer* special_tokens_map.json added_tokens.json vocab* merges.txt "
    "*.model *chat_template*"
).split()
"""Files of a model folder or adapter that an engine reads."""
_known: dict[tuple[Any, ...], str] = {}


def fingerprint(model: str, config: EngineConfig, known: str | None = None) -> tuple[str, dict[str, Any]]:
    """16 hex digits for a model under some settings, and what they stand for; `known` says what the weights are."""
    if config.kind == "openai":  # whose weights nobody can look at
        facts = {"model": f"at {config.base_url}", "settings": {"kind": "openai", "name": model}}
        return content_id(facts), {"name": model, **facts}
    settings = {name: value for name, value in config.vllm.items() if name not in SPEED}
    facts = {"model": known or model_digest(model, config.kind), "settings": {"kind": config.kind, "vllm": settings}}
    return content_id(facts), {"name": Path(model).name if os.path.isdir(model) else model, **facts}


def adapter_fingerprint(adapter: str) -> str | None:
    """The digest of an adapter's folder; its name where it has none here, None where a folder is gone."""
    if os.path.isdir(adapter):
        return folder_digest(Path(adapter))
    return None if os.path.isabs(adapter) else adapter


def folder_digest(folder: Path) -> str:
    """A digest of all that an engine reads of a folder, whole: a weight that was edited anywhere changes it.

    Reading costs what the engine's own reading costs, which then finds the files in memory. What has been read stays known
    by size and time of change.
    """
    files = sorted({file for pattern in READ for file in folder.glob(pattern) if file.is_file()})
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as threads:
        found = dict(zip((file.name for file in files), threads.map(_digest, files), strict=True))
    return content_id(found)


def _digest(file: Path) -> str:
    state = file.stat()
    key = (str(file), state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
    if key not in _known:
        with file.open("rb") as content:
            _known[key] = hashlib.file_digest(content, "sha256").hexdigest()
    return _known[key]


def model_digest(model: str, kind: str = "vllm") -> str:
    """What a model's name stands for: its files, or its revision on a hub."""
    if kind == "fake":
        if os.path.isdir(model):
            return folder_digest(Path(model))
        # of the faults of a fake engine only this one changes answers
        return f"fake {'turn=' in model}" if model.startswith("fake:") else model
    found = Path(resolve_model(model))
    return folder_digest(found) if found.is_dir() else f"{model} {_revision(model)}"


def _revision(model: str) -> str:
    """The commit of a hub model whose config has been fetched; of a hub without a cache there is none."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(model, "config.json")
    return Path(found).parent.name if isinstance(found, str) else ""


def as_text(facts: dict[str, Any]) -> str:
    """What `fingerprint` stands for, to read in a message."""
    settings = facts["settings"].get("vllm")
    if facts["settings"]["kind"] == "openai":
        return f"{facts['name']} {facts['model']}"
    told = f" and engine.vllm {json.dumps(settings)}" if settings else ""
    return f"{facts['name']} ({facts['model'][:16].strip()}){told}"
