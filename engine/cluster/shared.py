"""Whether all machines of a cluster see a folder."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.store.places import Place, write_whole

SHARED_SECONDS = 60.0
"""How long `check_shared` waits for answers: a first task unpacks the code."""


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
                        f"The machine {asked[found]['NodeManagerAddress']} of the cluster cannot see {folder} or cannot write "
                        "there: choose an --out on storage that all machines mount at the same path."
                    )
    finally:
        marker.unlink(missing_ok=True)


def _writable(marker: str) -> bool:
    """Runs on another machine."""
    return os.path.exists(marker) and os.access(os.path.dirname(marker), os.W_OK)
