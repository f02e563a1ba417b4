"""What this machine has: system, cores, memory, Python, GPUs. Loads no heavy package."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forethought.doctor.finding import GIB, Finding


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
