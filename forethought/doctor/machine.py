"""What this machine has: cores, memory, GPUs, storage, a Ray cluster. Loads no heavy package."""

import importlib.util
import os
import platform
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

LOCAL = ("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "overlay", "tmpfs")
"""File systems that other machines do not see."""
GIB = 2**30


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, whether it will do, what was found, and what to do."""

    check: str
    status: Literal["ok", "warn", "fail"]
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Gpu:
    """A card as nvidia-smi names it; memory in GiB."""

    name: str
    total: float
    free: float
    driver: str


def machine() -> Iterator[Finding]:
    """System, cores and memory."""
    linux = platform.system() == "Linux"
    remedy = "" if linux else "Only Linux has been tried: use it, in a container or a virtual machine."
    yield Finding("system", "ok" if linux else "warn", platform.platform(terse=True), remedy)
    cores = len(os.sched_getaffinity(0)) if linux else os.cpu_count() or 1
    few = "" if cores > 1 else "Give it two cores or more: engine, driver and training share this one."
    yield Finding("cores", "warn" if few else "ok", str(cores), few)
    free = memory()
    low = "" if free >= 4 else "Close other programs or take a larger machine, and lower engine.kv_cache_gib (now 2)."
    yield Finding("memory", "warn" if low else "ok", f"{free:.1f} GiB free", low)


def memory() -> float:
    """GiB of memory that are free, within the limit of a container where there is one (cgroup v2)."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        most, used = (int(Path(f"/sys/fs/cgroup/memory.{name}").read_text()) for name in ("max", "current"))
        free = min(free, most - used)
    except (OSError, ValueError):  # no such limit, or "max"
        pass
    return max(0, free) / GIB


def python() -> Iterator[Finding]:
    """Python's version, and whether imports are compiled once or each time."""
    new = sys.version_info >= (3, 11)
    remedy = "" if new else "Install Python 3.11 or newer and run make PYTHON=python3.11."
    yield Finding("python", "ok" if new else "fail", f"{platform.python_version()}, {sys.executable}", remedy)
    spec = importlib.util.find_spec("vllm")
    if spec is None or spec.origin is None:
        return
    compiled = Path(importlib.util.cache_from_source(spec.origin))
    if compiled.exists():
        yield Finding("bytecode", "ok", "vLLM is compiled")
    elif not sys.dont_write_bytecode and os.access(Path(spec.origin).parent, os.W_OK):
        yield Finding("bytecode", "ok", "vLLM is compiled when it is first imported")
    else:
        why = "PYTHONDONTWRITEBYTECODE is set" if sys.dont_write_bytecode else "its folder cannot be written"
        slow = f"Compile it once: {sys.executable} -m compileall -q {Path(spec.origin).parents[1]}"
        yield Finding("bytecode", "warn", f"vLLM is not compiled and {why}: every engine starts slower", slow)


def gpus() -> tuple[list[Gpu], str]:
    """The cards of this machine, and what nvidia-smi says where it fails."""
    if not shutil.which("nvidia-smi"):
        return [], ""
    fields = "name,memory.total,memory.free,driver_version"
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], str(error)
    if done.returncode:
        return [], " ".join((done.stdout + done.stderr).split()) or f"status {done.returncode}"
    rows = [[part.strip() for part in line.rsplit(",", 3)] for line in done.stdout.splitlines() if line.count(",") > 2]
    number = {"[N/A]": "nan"}
    return [Gpu(n, float(number.get(t, t)) / 1024, float(number.get(f, f)) / 1024, d) for n, t, f, d in rows], ""


def gpu(cards: list[Gpu], refused: str) -> Iterator[Finding]:
    """GPUs, and whether PyTorch and a compiler can use them."""
    if refused:
        yield Finding(
            "gpu", "fail", f"nvidia-smi: {refused}", "Mend the driver, or restart the container with --gpus all."
        )
        return
    if not cards:
        yield Finding("gpu", "ok", "none: engine and training run on the cores")
        return
    told = "; ".join(f"{card.name}, {card.free:.0f} of {card.total:.0f} GiB free" for card in cards)
    busy = any(card.free < 0.8 * card.total for card in cards)
    remedy = "Other programs use it: end them, or lower engine.vllm gpu_memory_utilization." if busy else ""
    yield Finding("gpu", "warn" if busy else "ok", f"{told}; driver {cards[0].driver}", remedy)
    code = "import torch; print(torch.version.cuda or 'none', torch.cuda.device_count())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    cuda, count = (done.stdout.split() or ["none", "0"])[-2:]
    if done.returncode or count == "0":
        why = "is built without CUDA" if cuda == "none" else f"(CUDA {cuda}) sees no card"
        remedy = (
            "Run make clean and make ENGINE=gpu demo, or update the driver; CUDA_VISIBLE_DEVICES must not be empty."
        )
        yield Finding("torch.cuda", "fail", f"PyTorch {why}", remedy)
    else:
        yield Finding("torch.cuda", "ok", f"CUDA {cuda}, {count} cards")
    if not (shutil.which("cc") or shutil.which("gcc")):
        yield Finding(
            "compiler", "warn", "no cc or gcc", "Install one (apt install gcc): vLLM compiles kernels on GPUs."
        )


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
