"""How the workers of a training find one another: on one machine without a port that other machines could reach."""

import os
import secrets
import socket
import tempfile
from pathlib import Path
from typing import Any


def torch_config(backend: str) -> Any:
    """Ray Train's `TorchConfig`, but workers that share a machine meet in a file and talk over its loopback.

    `torch.distributed`'s own store listens on all interfaces, and knows no password. Workers on several machines need it.
    """
    from ray.train.torch import TorchConfig
    from ray.train.torch.config import _set_torch_distributed_env_vars, _setup_torch_process_group, _TorchBackend

    class Backend(_TorchBackend):
        """Ray's, apart from how the workers of one machine meet."""

        def on_start(self, worker_group: Any, backend_config: Any) -> None:
            """Connect the workers."""
            import ray

            if len(set(worker_group.execute(_machine))) > 1:
                super().on_start(worker_group, backend_config)
                return
            store = worker_group.execute_single(0, _store)
            worker_group.execute(_on_loopback)
            worker_group.execute(_set_torch_distributed_env_vars)
            count, setup = len(worker_group), {"backend": backend, "init_method": store}
            ray.get(
                [
                    worker_group.execute_single_async(
                        rank, _setup_torch_process_group, world_rank=rank, world_size=count, **setup
                    )
                    for rank in range(count)
                ]
            )

    class Config(TorchConfig):
        """Names the backend."""

        @property
        def backend_cls(self) -> Any:
            return Backend

    return Config(backend=backend)


def _machine() -> str:
    """Runs on a worker."""
    import ray

    return ray.get_runtime_context().get_node_id()


def _store() -> str:
    """A file that does not exist yet; torch removes it at the end."""
    return (Path(tempfile.gettempdir()) / f"forethought-workers-{secrets.token_hex(8)}").as_uri()


def _on_loopback() -> None:
    """Gloo and NCCL listen where they are told; some libraries ask for an address although the workers have met."""
    loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), None)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}
    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        if loopback:
            os.environ.setdefault(name, loopback)
