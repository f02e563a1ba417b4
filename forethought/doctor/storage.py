"""Where results and Ray's objects go: whether it can be written, has room, and is seen by other nodes."""

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from forethought.doctor.finding import GIB, Finding

LOCAL = ("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "overlay", "tmpfs")
"""File systems that other machines do not see."""


def shared_memory(folder: Path) -> Finding:
    """Where Ray's processes share objects."""
    if not folder.is_dir():
        return Finding("shared mem", "warn", f"no {folder}", "Ray uses a folder on disk in its place, which is slower.")
    free = shutil.disk_usage(folder).free / GIB
    small = "Start the container with --shm-size=8g or more, or Ray shares objects over the disk." if free < 1 else ""
    return Finding("shared mem", "warn" if small else "ok", f"{free:.1f} GiB free in {folder}", small)


def storage(out: Path, address: str | None) -> Iterator[Finding]:
    """Whether the folder of results can be written, has room, and can be seen by other nodes where there is a cluster."""
    folder = out.expanduser().absolute()
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir():
        yield Finding("out", "fail", f"{there} is a file", "Name another folder with --out.")
        return
    first, second = (there / f".forethought-{secrets.token_hex(4)}" for _ in range(2))
    try:
        with first.open("wb") as file:
            file.write(b"written")
            file.flush()
            os.fsync(file.fileno())
        first.replace(second)  # every result appears by a rename
        second.unlink()
    except OSError as error:
        first.unlink(missing_ok=True)
        yield Finding("out", "fail", f"{folder} cannot be written: {error.strerror}", "Name another folder with --out.")
        return
    kind = file_system(there)
    lone = bool(address) and kind in LOCAL
    remedy = (
        f"RAY_ADDRESS is set, and other nodes do not see a folder on {kind}: name one on shared storage with --out."
    )
    yield Finding("out", "warn" if lone else "ok", f"{folder} can be written ({kind})", remedy if lone else "")
    free = shutil.disk_usage(there).free / GIB
    full = "Make room, or name a folder on another disk with --out." if free < 10 else ""
    yield Finding("disk", "fail" if free < 1 else "warn" if full else "ok", f"{free:,.0f} GiB free", full)


def file_system(folder: Path) -> str:
    """The kind of file system that a folder is on."""
    try:
        rows = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    above = [(len(point), kind) for point, kind in rows if folder.resolve().is_relative_to(point)]
    return max(above, default=(0, "unknown"), key=lambda row: row[0])[1]
