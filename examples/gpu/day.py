"""A day on a GPU in fifteen minutes: steps one after another, each with a deadline and a JSON of its own.

    python3 examples/gpu/day.py --out $OUT --steps machine check score --minutes 8
    python examples/gpu/day.py --rehearse --out /tmp/day        # the same on a CPU, with the embedded model

Each step is a process that writes OUT/STEP.json again after everything that it has measured. One that overruns is stopped
with all that it started, its JSON says so, and the next step goes on. What `unpack.py` installed in `--home` is found there.
Ends with status 1 where a step was stopped or failed.
"""

import argparse
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOME = Path.home() / "gpu-day"
MINUTES = {"machine": 2.0, "check": 3.0, "score": 5.0, "generate": 4.0, "sft": 4.0, "pretrain": 4.0, "curse": 6.0}
"""The steps in their order, and how long each may take."""

SLOWER = 2
"""The rehearsal's limits, in multiples: two cores start an engine in half a minute."""


def write(path: Path, found: dict[str, Any]) -> None:
    """Write a JSON file whole."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(json.dumps(found, indent=1))
    fresh.replace(path)


def step(name: str, args: argparse.Namespace) -> None:
    """Do one step in this process."""
    import steps
    from setting import Day, Skipped, device

    path = args.out / f"{name}.json"
    found = json.loads(path.read_text()) | device(args.rehearse)

    def put(key: str, value: Any) -> None:
        found["result"][key] = value
        write(path, found)

    write(path, found)
    try:
        getattr(steps, name)(Day(args.rehearse, args.home, args.out, args.sizes, args.weights, args.minutes), put)
    except Skipped as reason:
        found["skipped"] = str(reason)
    write(path, found)


def environment(args: argparse.Namespace) -> dict[str, str]:
    """That of a step: what was carried comes before what the machine has, and nothing asks a network."""
    places = [str(args.home / "site"), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    found = os.environ | {"PYTHONPATH": os.pathsep.join(places), "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
    found |= {"VLLM_CACHE_ROOT": str(args.home / "cache"), "TOKENIZERS_PARALLELISM": "true", "PYTHONUNBUFFERED": "1"}
    if args.rehearse:  # what the pool gives engines on a CPU: all cores, none of them by number
        cores = str(len(os.sched_getaffinity(0)))
        found |= {"CUDA_VISIBLE_DEVICES": "", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": cores}
    return found


def run(name: str, command: list[str], seconds: float, args: argparse.Namespace) -> dict[str, Any]:
    """Run a step's process until its deadline and complete its JSON; returns what the JSON holds."""
    args.out.mkdir(parents=True, exist_ok=True)
    args.home.mkdir(parents=True, exist_ok=True)
    path, log = args.out / f"{name}.json", args.home / f"{name}.log"
    write(path, {"step": name, "rehearsal": args.rehearse, "limit_seconds": round(seconds), "result": {}})
    began, cpu = time.monotonic(), cpu_seconds()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=environment(args), cwd=ROOT, start_new_session=True
        )
        try:
            status: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            end(process)
    found = json.loads(path.read_text())
    ended = "skipped" if "skipped" in found else "done" if status == 0 else f"failed with status {status}"
    found |= {"ended": f"stopped at its limit of {seconds:.0f} s" if status is None else ended}
    found |= {"seconds": round(time.monotonic() - began, 1), "cpu_seconds": round(cpu_seconds() - cpu, 1)}
    if status != 0:
        found["log"] = [line[:400] for line in log.read_text(errors="replace").splitlines()[-30:]]
    write(path, found)
    return found


def cpu_seconds() -> float:
    """Of all processes that have ended, and that whoever started them waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a step and all that it started, also what has a session of its own, as Ray's processes have."""
    import psutil

    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for child in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    process.wait()


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", "gpu-day")), help="folder of the JSONs")
    parser.add_argument("--home", type=Path, default=HOME, help="folder of packages, models, logs (as of unpack.py)")
    parser.add_argument("--steps", nargs="+", default=list(MINUTES), choices=list(MINUTES))
    parser.add_argument("--minutes", type=float, default=10.0, help="for all steps together")
    parser.add_argument("--rehearse", action="store_true", help="on a CPU, small, with the embedded model")
    parser.add_argument("--sizes", nargs="+", default=["llama-1b", "qwen3-4b", "llama-8b"], help="files of models/")
    parser.add_argument("--weights", type=Path, help="model folder for the step curse")
    parser.add_argument("--step", choices=list(MINUTES), help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.out, args.home = args.out.absolute(), args.home.absolute()
    if args.step:
        step(args.step, args)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a step does not outlive a day that is ended
    finish, good = time.monotonic() + 60 * args.minutes, True
    for name in (name for name in MINUTES if name in args.steps):
        seconds = min(60 * MINUTES[name] * (SLOWER if args.rehearse else 1), finish - time.monotonic())
        command = [sys.executable, str(Path(__file__).resolve()), *sys.argv[1:], "--step", name]
        command += ["--minutes", str(max(0.0, seconds) / 60)]
        found = run(name, command, max(0.0, seconds), args)
        good &= found["ended"] in ("done", "skipped")
        print(
            json.dumps(
                {key: found.get(key) for key in ("step", "device", "ended", "seconds", "cpu_seconds", "skipped")}
            ),
            flush=True,
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
