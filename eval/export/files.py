"""The files of an export: a handful in one folder that can be moved or published as it is.

A folder is never overwritten: what lies in it already must be the same.
"""

from augment.results.card import parquet
from engine.errors import UserError
from engine.store.places import Place, check_writable, join, names, place, read_bytes, write_whole
from eval.benchmarks.base import Benchmark

Files = dict[str, bytes]
"""Content by name; what makes the others usable comes last."""


def questions(world: Benchmark) -> Files:
    """The questions of every split as Parquet files."""
    return {f"questions-{split}.parquet": parquet(world.questions.filter(split=split)) for split in world.chance}


def write(folder: Place, files: Files) -> None:
    """Write the files of an export, each whole; raises UserError where the folder holds another file or content."""
    for name in lacking(folder, files):
        write_whole(join(place(folder), name), files[name])


def lacking(folder: Place, files: Files) -> list[str]:
    """The files that a folder does not have yet; raises UserError where it holds another file or content."""
    folder = place(folder)
    there = sorted(n for n in names(folder) if not n.startswith((".", "__pycache__")))
    for name in there:
        if name not in files or read_bytes(join(folder, name)) != files[name]:
            raise UserError(f"{folder} holds other files ({name}): choose another --out, or delete it.")
    check_writable(folder)
    return [name for name in files if name not in there]
