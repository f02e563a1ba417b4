"""Ray: a local one that only this machine can reach and that knows none of the driver's secrets, or a running cluster."""

import contextlib
import json
import logging
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.config import EngineConfig
from engine.console import verbose
from engine.errors import UserError
from engine.store.places import Place, write_whole

CODE = Path(__file__).resolve().parents[2]
STAGES = ("engine", "augment", "train", "eval", "forethought")
FORWARDED = (
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "HF_TOKEN",
    "VLLM_CPU_KVCACHE_SPACE",
    "VLLM_CPU_OMP_THREADS_BIND",
    "CUDA_HOME",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "AZURE_STORAGE_CONNECTION_STRING",
    "WANDB_API_KEY",
)
"""The only environment variables that reach a cluster's workers from the driver's environment."""
INHERITED = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_", "TZ", "TMPDIR", "XDG_", "LD_LIBRARY_PATH"),
    *("PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX", "RAY_", "VLLM_", "HF_H", "HF_DATASETS_", "TRANSFORMERS_", "TOKENIZERS_"),
    *("TORCH", "PYTORCH_", "TRITON_", "CUDA", "NVIDIA_", "NCCL_", "GLOO_", "ROCR_", "HIP_", "OMP_", "MKL_", "KMP_"),
    *("WANDB_", "AWS_CA_BUNDLE", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "FORETHOUGHT_", "FSSPEC_"),
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
)
"""Beginnings of the names that a local Ray inherits besides: its workers are children of this process."""


SHARED_SECONDS = 60.0
"""How long `check_shared` waits for answers: a first task unpacks the code."""


def start_ray(config: EngineConfig) -> None:
    """Attach to the cluster named by the config or RAY_ADDRESS, else start one that listens on localhost only."""
    import ray

    if ray.is_initialized():
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray starts workers at niceness 15: beside anything else that computes, an engine would take many times as long
    os.environ.setdefault("RAY_worker_niceness", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    environment = {name: os.environ[name] for name in FORWARDED if name in os.environ}
    environment |= {"TOKENIZERS_PARALLELISM": "true", "RAY_USAGE_STATS_ENABLED": "0", "VLLM_NO_USAGE_STATS": "1"}
    if verbose():
        environment |= {"FORETHOUGHT_ENGINE_LOG": "INFO", "VLLM_LOGGING_STREAM": "ext://sys.stderr"}
    environment.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    options: dict[str, Any] = {"log_to_driver": verbose(), "logging_level": logging.ERROR, "configure_logging": True}
    address = config.address or os.environ.get("RAY_ADDRESS")
    try:
        if address:
            ray.init(address=address, runtime_env=shipped(environment), **options)
            return
        # engines idle while arms train and the other way round, so a local Ray counts the cores for both
        cpus = (os.cpu_count() or 1) + int(config.replicas * config.cpus)
        local: dict[str, Any] = {"num_cpus": cpus, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        with _only_inherited(), only_localhost():
            _init_local(local | {"runtime_env": {"env_vars": environment}} | options)
    except ConnectionError as error:
        raise UserError(f"No Ray cluster answers at {address}: start one or leave engine.address out.") from error


def shipped(environment: dict[str, str]) -> dict[str, Any]:
    """What goes to a cluster's workers: the code and these variables, without what a submitted job has brought already.

    Ray refuses a driver that says again what its job says.
    """
    job = json.loads(os.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR", "{}")).get("runtime_env") or {}
    kept = {name: value for name, value in environment.items() if name not in job.get("env_vars", {})}
    # paths, as Ray Client cannot copy module objects
    code = {} if "py_modules" in job else {"py_modules": [str(CODE / name) for name in STAGES]}
    return {"env_vars": kept} | code


def attached() -> bool:
    """Whether Ray is a cluster that this process did not start, and may grow or shrink."""
    import ray
    from ray._private import worker

    own = worker._global_node
    return ray.is_initialized() and not (own and own.head)


def check_shared(folder: Place) -> None:
    """Raise UserError where a machine of the cluster, other than this one, does not see or cannot write a local folder.

    A task on each machine that has processors looks for a file that is written here. A machine that does not answer in
    time is passed over: its engine will tell.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    if not isinstance(folder, Path):
        return
    own = None if ray.util.client.ray.is_connected() else ray.get_runtime_context().get_node_id()
    able = [n for n in ray.nodes() if n["Alive"] and n["Resources"].get("CPU") and n["NodeID"] != own]
    if not able:
        return
    marker = folder / f".seen-{secrets.token_hex(4)}"
    write_whole(marker, b"")
    look, asked = ray.remote(_writable), dict[Any, dict[str, Any]]()
    for node in able:
        there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        asked[look.options(num_cpus=0, max_retries=0, scheduling_strategy=there).remote(str(marker))] = node
    try:
        for found in ray.wait(list(asked), num_returns=len(asked), timeout=SHARED_SECONDS)[0]:
            with contextlib.suppress(ray.exceptions.RayError):  # the machine is gone
                if not ray.get(found):
                    raise UserError(
                        f"The machine {asked[found]['NodeManagerAddress']} of the cluster does not see {folder}, or cannot write "
                        "there: choose an --out on storage that all machines mount at the same path."
                    )
    finally:
        marker.unlink(missing_ok=True)


def _writable(marker: str) -> bool:
    """Runs on another machine."""
    return os.path.exists(marker) and os.access(os.path.dirname(marker), os.W_OK)


def _init_local(options: dict[str, Any]) -> None:
    """Start Ray on this machine; a start that is too slow for Ray (30 s, on a busy machine) is tried again."""
    import ray

    for attempt in range(3):
        try:
            ray.init(address="local", **options)
            return
        except Exception as error:  # Ray raises a plain Exception for this
            if "timed out during startup" not in str(error) or attempt == 2:
                raise
            ray.shutdown()


@contextlib.contextmanager
def _only_inherited() -> Iterator[None]:
    """Hide the rest of the environment while Ray starts its processes, whose workers inherit what they have."""
    hidden = {n: v for n, v in os.environ.items() if not n.startswith(INHERITED) and n not in FORWARDED}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)


@contextlib.contextmanager
def only_localhost() -> Iterator[None]:
    """Keep Ray from putting the machine's own address, which others can reach, in the place of 127.0.0.1.

    On Linux it does so unless it is told, as by default on macOS, that this is no cluster. Its processes learn that from
    the environment, this one from the constant, because Ray may be imported already.
    """
    from ray._private import ray_constants

    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = False
    os.environ[ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR] = "0"
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before
        del os.environ[ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR]
