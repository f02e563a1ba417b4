"""Whether the Ray cluster that is named can be reached."""

import os
import socket
import tempfile
from pathlib import Path

from forethought.doctor.finding import Finding


def ray_address(address: str | None) -> Finding:
    """Whether a Ray cluster answers where RAY_ADDRESS points."""
    if not address or address == "local":
        return Finding("ray cluster", "ok", "RAY_ADDRESS is not set: a Ray that listens on localhost only is started")
    if address == "auto":
        known = Path(os.environ.get("RAY_TMPDIR", tempfile.gettempdir())) / "ray/ray_current_cluster"
        if not known.exists():
            return Finding(
                "ray cluster", "fail", "RAY_ADDRESS=auto, but no Ray runs here", "ray start --head, or unset it."
            )
        address = known.read_text().strip()
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return Finding(
            "ray cluster", "warn", f"{address} cannot be checked from here", "ray status says if it answers."
        )
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, OverflowError) as error:
        remedy = "Start the cluster, correct RAY_ADDRESS, or unset it for a Ray on this machine."
        return Finding("ray cluster", "fail", f"nothing answers at {address} ({error})", remedy)
    return Finding("ray cluster", "ok", f"{address} answers; Ray and Python must have the same versions there")
