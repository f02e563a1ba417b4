"""What Ray's workers see of this process: the code, and a part of its environment."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.console import verbose

CODE = Path(__file__).resolve().parents[2]
STAGES = ("engine", "augment", "train", "eval", "forethought")
FORWARDED = (
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "HF_TOKEN_PATH",
    "VLLM_CPU_KVCACHE_SPACE",
    "VLLM_CPU_OMP_THREADS_BIND",
    "CUDA_HOME",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "GOOGLE_APPLICATION_CREDENTIALS",
)
"""The environment variables that reach workers in Ray's runtime environment, which Ray's dashboard and API show: no secrets."""
SECRETS = (
    "HF_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_CONNECTION_STRING",
    "WANDB_API_KEY",
)
"""What a local Ray's workers inherit besides, as children of this process. To a cluster they go only where `FORWARD` names them."""
FORWARD = "FORETHOUGHT_FORWARD"
"""An environment variable with further names, with commas, of variables to put into Ray's runtime environment."""
INHERITED = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_", "TZ", "TMPDIR", "XDG_", "LD_LIBRARY_PATH"),
    *("PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX", "RAY_", "VLLM_", "HF_H", "HF_DATASETS_", "TRANSFORMERS_", "TOKENIZERS_"),
    *("TORCH", "PYTORCH_", "TRITON_", "CUDA", "NVIDIA_", "NCCL_", "GLOO_", "ROCR_", "HIP_", "OMP_", "MKL_", "KMP_"),
    *("WANDB_", "AWS_CA_BUNDLE", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "FORETHOUGHT_", "FSSPEC_"),
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
)
"""Beginnings of the names that a local Ray inherits besides: its workers are children of this process."""


def forwarded() -> dict[str, str]:
    """The variables that Ray's runtime environment hands to workers."""
    named = [name.strip() for name in os.environ.get(FORWARD, "").split(",")]
    environment = {name: os.environ[name] for name in (*FORWARDED, *named) if name in os.environ}
    environment |= {"TOKENIZERS_PARALLELISM": "true", "RAY_USAGE_STATS_ENABLED": "0", "VLLM_NO_USAGE_STATS": "1"}
    if verbose():
        environment |= {"FORETHOUGHT_ENGINE_LOG": "INFO", "VLLM_LOGGING_STREAM": "ext://sys.stderr"}
    environment.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    return environment


def shipped(environment: dict[str, str]) -> dict[str, Any]:
    """What goes to a cluster's workers: the code and these variables, without what a submitted job has brought already.

    Ray refuses a driver that says again what its job says.
    """
    job = json.loads(os.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR", "{}")).get("runtime_env") or {}
    kept = {name: value for name, value in environment.items() if name not in job.get("env_vars", {})}
    # paths, as Ray Client cannot copy module objects
    code = {} if "py_modules" in job else {"py_modules": [str(CODE / name) for name in STAGES]}
    return {"env_vars": kept} | code


@contextlib.contextmanager
def only_inherited() -> Iterator[None]:
    """Hide the rest of the environment while Ray starts its processes, whose workers inherit what they have."""
    hidden = {n: v for n, v in os.environ.items() if not n.startswith(INHERITED) and n not in (*FORWARDED, *SECRETS)}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)
