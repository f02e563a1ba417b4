"""Ray: a local one that only this machine can reach and that knows none of the driver's secrets, or a running cluster."""

import contextlib
import logging
import math
import os
import tempfile
from collections.abc import Iterator
from typing import Any

from engine.cluster.environment import forwarded, only_inherited, shipped
from engine.config import EngineConfig
from engine.console import verbose
from engine.errors import UserError
from engine.models import has_gpu

LONGEST = 40
"""Bytes of a folder's path in which Ray's sockets have room."""


def start_ray(config: EngineConfig) -> None:
    """Attach to the cluster named by the config or RAY_ADDRESS, else start one that listens on localhost only."""
    import ray

    if ray.is_initialized():
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray starts workers at niceness 15: beside anything else that computes, an engine would take many times as long
    os.environ.setdefault("RAY_worker_niceness", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # workers that wait ahead of need have not the environment of an engine, which so has a new one: they only cost their start
    os.environ.setdefault("RAY_prestart_worker_first_driver", "0")
    environment = forwarded()
    options: dict[str, Any] = {"log_to_driver": verbose(), "logging_level": logging.ERROR, "configure_logging": True}
    address = config.address or os.environ.get("RAY_ADDRESS")
    try:
        if address:
            ray.init(address=address, runtime_env=shipped(environment), **options)
            return
        # engines idle while arms train and the other way round, so a local Ray counts the cores for both
        cpus = (os.cpu_count() or 1) + int(config.replicas * config.cpus)
        local: dict[str, Any] = {"num_cpus": cpus, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        if folder := short_folder():
            local["_temp_dir"] = folder
        with only_inherited(), only_localhost():
            _init_local(local | {"runtime_env": {"env_vars": environment}} | options)
    except ConnectionError as error:
        raise UserError(f"No Ray cluster answers at {address}: start one, or leave engine.address unset.") from error


def short_folder() -> str | None:
    """A folder for Ray's sockets where that for temporary files, such as a Slurm job's, has too long a name for them; else None.

    Ray puts some 60 bytes behind it, and a socket's path may have 107. Raises UserError where /tmp cannot be used either.
    """
    if len(os.fsencode(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir())) <= LONGEST:
        return None
    short = f"/tmp/ray-{os.getuid()}"
    try:
        os.makedirs(short, mode=0o700, exist_ok=True)
        if os.stat(short).st_uid != os.getuid():
            raise PermissionError(f"{short} belongs to another user")
    except OSError as error:
        raise UserError(
            f"The path of the temporary folder ({tempfile.gettempdir()}) is too long for Ray's sockets and {short} "
            f"cannot be used ({error.strerror or error}): set RAY_TMPDIR to a folder of at most {LONGEST} characters."
        ) from error
    return short


def attached() -> bool:
    """Whether Ray is a cluster that this process did not start, and may grow or shrink."""
    import ray
    from ray._private import worker

    own = worker._global_node
    return ray.is_initialized() and not (own and own.head)


def on_gpu(config: EngineConfig) -> bool:
    """Whether engines run on GPUs; of a cluster that is asked, of this machine only where Ray runs already."""
    if config.gpus is not None or config.kind != "vllm":
        return bool(config.gpus)
    import ray

    if not ray.is_initialized() and not config.address and "RAY_ADDRESS" not in os.environ:
        return has_gpu()
    start_ray(config)
    return bool(ray.cluster_resources().get("GPU", 0))


def gpus_per_engine(config: EngineConfig) -> float:
    """Ray GPUs of one engine: as many as its model is split over; raises UserError where engine.gpus says otherwise."""
    split = math.prod(int(config.vllm.get(name, 1)) for name in ("tensor_parallel_size", "pipeline_parallel_size"))
    if config.kind != "vllm" or not on_gpu(config):
        return config.gpus or 0.0
    if config.gpus is not None and config.gpus != split and (split > 1 or config.gpus > 1):
        raise UserError(
            f"engine.gpus is {config.gpus:g}, but engine.vllm splits a model over {split} (tensor_parallel_size x "
            "pipeline_parallel_size): leave engine.gpus unset and it will follow."
        )
    return float(split) if config.gpus is None else config.gpus


def lacking(config: EngineConfig, gpus: float, engines: int) -> str | None:
    """What Ray's machines lack to hold that many engines; None where they fit. An engine needs one machine."""
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    each = {"CPU": config.cpus, "GPU": gpus}
    room = sum(min([10**6, *(int(n.get(k, 0) / amount) for k, amount in each.items() if amount)]) for n in nodes)
    if room >= engines:
        return None
    have = {name: sum(node.get(name, 0) for node in nodes) for name in each}
    return (
        f"engine.replicas {config.replicas} with engine.cpus {config.cpus:g} and {gpus:g} GPUs each asks for "
        f"{config.replicas * config.cpus:g} CPUs and {config.replicas * gpus:g} GPUs; Ray has {have['CPU']:g} and "
        f"{have['GPU']:g}, room for {room} of them: lower engine.replicas, engine.cpus or engine.gpus."
    )


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
