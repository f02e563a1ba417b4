"""What lies at a URL as files of this machine: a file or folder to read, and a folder to work in that is written back."""

import contextlib
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from engine.errors import UserError
from engine.store.places import Place, filesystem, join, place, remove, told
from engine.store.retries import patiently

OF_ONE_PROCESS = ("memory://",)
"""Storage that no other process sees, so that engines cannot write there."""
Seen = dict[str, tuple[int, int]]


def shown(where: Place) -> Place:
    """A place as messages name it: a local path as it was given, a URL with both its slashes."""
    found = place(where)
    return where if isinstance(found, Path) else found


@contextlib.contextmanager
def local_file(where: Place) -> Iterator[Path]:
    """The file itself, or a copy of one at a URL for as long as the block lasts; raises UserError where there is none."""
    found = place(where)
    if isinstance(found, Path):
        yield found
        return
    with tempfile.TemporaryDirectory(prefix="forethought-") as scratch:
        yield copied(found, Path(scratch))


@contextlib.contextmanager
def local_folder(where: Place, apart: tuple[str, ...] = ()) -> Iterator[tuple[Path, Place]]:
    """(folder to write tables in, place for what engines write): for a local path both are that path.

    For a URL the first is a copy on this machine, without the folders whose names begin as `apart` says. When the block ends, in
    whatever way, its files are written to the URL and those that went are removed there; engines write to the URL itself, from any
    machine, so what they did is not lost with this one.
    """
    found = place(where)
    if isinstance(found, Path):
        yield found, found
        return
    alone = found.startswith(OF_ONE_PROCESS)
    with tempfile.TemporaryDirectory(prefix="forethought-") as scratch:
        folder = Path(scratch)
        for name in listed(found):
            if alone or not name.startswith(apart):
                _fetch(found, name, folder / name)
        before = _seen(folder)
        try:
            yield folder, folder if alone else found
        finally:
            _write_back(folder, found, before)


def copied(url: str, folder: Path, wanted: tuple[str, ...] = ()) -> Path:
    """A file or folder at a URL, copied into `folder`; for files that do not end in one of `wanted` an empty one stands there.

    Raises UserError where there is nothing at the URL, or it cannot be read.
    """
    files, path = filesystem(url)
    name = PurePosixPath(path).name or "files"
    with told("read", url, "check the address and the access to it"):
        if not files.exists(path):
            raise UserError(f"There is no file or folder {url}: check the path.")
        if files.isfile(path):
            _fetch(url, "", folder / name, wanted)
            return folder / name
    (folder / name).mkdir(exist_ok=True)
    for inner in listed(url):
        _fetch(url, inner, folder / name / inner, wanted)
    return folder / name


def listed(url: str) -> list[str]:
    """The files below a URL, by their path from there, sorted; none where there is no such folder. Names that lead out of it are refused."""
    files, path = filesystem(url)
    found, root = list[str](), path.rstrip("/")
    with told("list", url, "check the address and the access to it"), contextlib.suppress(FileNotFoundError):
        files.invalidate_cache()
        found = [name[len(root) :].lstrip("/") for name in files.find(path) if name.startswith(f"{root}/")]
    for name in found:
        if ".." in PurePosixPath(name).parts or "\0" in name or "\\" in name:
            raise UserError(f"{url} holds an object whose name points outside its folder ({name!r}): rename it.")
    return sorted(name for name in found if name and not name.endswith("/"))


def _fetch(url: str, name: str, to: Path, wanted: tuple[str, ...] = ()) -> None:
    files, path = filesystem(str(join(url, name)) if name else url)
    to.parent.mkdir(parents=True, exist_ok=True)
    if wanted and not to.name.lower().endswith(wanted):
        to.touch()
        return
    with told("read", join(url, name), "check the access to it"):
        patiently(partial(files.get_file, path, str(to)))


def _seen(folder: Path) -> Seen:
    """The files of a folder, with what tells whether they were written since; those last that say which others are finished."""
    found = [file for file in folder.rglob("*") if file.is_file()]
    found.sort(key=lambda file: ("_manifest" in file.parts, file))
    return {str(file.relative_to(folder)): (file.stat().st_mtime_ns, file.stat().st_size) for file in found}


def _write_back(folder: Path, url: str, before: Seen) -> None:
    after = _seen(folder)
    for name, state in after.items():
        if before.get(name) != state:
            with told("write", join(url, name), "make it writable, then run again: what engines finished is kept"):
                files, path = filesystem(str(join(url, name)))
                patiently(partial(files.put_file, str(folder / name), path))
    for name in before.keys() - after.keys():
        remove(join(url, name))
