"""Everything that `forethought doctor` looks at, in order, and how it is told."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from engine.store.places import write_whole
from forethought.doctor.cluster import ray_address
from forethought.doctor.finding import Finding
from forethought.doctor.machine import gpu, gpus, machine, python
from forethought.doctor.model_files import model_access
from forethought.doctor.packages import packages
from forethought.doctor.storage import shared_memory, storage

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def examine(model: str, out: Path) -> Iterator[Finding]:
    """All findings, in the order in which they are printed."""
    cards, refused = gpus()
    yield from machine()
    yield from python()
    yield from packages(bool(cards))
    yield from gpu(cards, refused)
    yield shared_memory(Path("/dev/shm"))
    yield from storage(out, os.environ.get("RAY_ADDRESS"))
    yield from model_access(model, cards)
    yield ray_address(os.environ.get("RAY_ADDRESS"))


def report(findings: Sequence[Finding], file: Path | None = None) -> int:
    """Print every finding, write them where asked; returns the exit status, 1 where one fails."""
    console = Console(highlight=False, soft_wrap=True)
    for one in findings:
        console.print(f"[{COLOURS[one.status]}]{one.status:<4}[/]  {one.check:<12}  {escape(one.found)}")
        if one.remedy:
            console.print(f"{'':<20}[bold]->[/] {escape(one.remedy)}")
    counts = Counter(one.status for one in findings)
    console.print(f"{counts['ok']} ok, {counts['warn']} to look at, {counts['fail']} that will not do")
    if file:
        write_whole(file, json.dumps([asdict(one) for one in findings], indent=2).encode())
    return 1 if counts["fail"] else 0
