"""What a user names as documents, as files of this machine: paths, URLs of object stores, data sets of the hub."""

import contextlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.errors import UserError
from engine.store.copies import copied
from engine.store.places import place

HUB = re.compile(r"hf:(?P<name>[^:@]+)(?:@(?P<config>[^:@]+))?(?::(?P<split>.+))?")
"""hf:NAME, hf:NAME:SPLIT, hf:NAME@CONFIG, hf:NAME@CONFIG:SPLIT."""
NO_TEXT = {"Image", "Audio", "Video", "Pdf", "Nifti"}
"""Kinds of columns of data sets that hold no text, and much of it."""


@contextlib.contextmanager
def local_paths(paths: Sequence[str | Path], endings: tuple[str, ...]) -> Iterator[list[tuple[Path, str]]]:
    """Local files and folders, each with what it is called by the user, as long as the block lasts.

    Of folders at a URL only the files that end in one of `endings` are copied. Raises UserError where a URL cannot be used, and for a data
    set that cannot be had.
    """
    found: list[tuple[Path, str]] = []
    with tempfile.TemporaryDirectory(prefix="forethought-") as scratch:
        for number, given in enumerate(map(str, paths)):
            folder = Path(scratch) / str(number)
            where = place(given)
            if isinstance(where, str):
                folder.mkdir()
                found.append((copied(where, folder, endings), where))
            elif given.startswith("hf:"):
                folder.mkdir()
                found.append((hub_table(given, folder), given))
            else:
                found.append((where if ":/" in given else Path(given), given))
        yield found


def hub_table(given: str, folder: Path) -> Path:
    """A data set of the hub (or a folder in the form of one) as a Parquet file in `folder`: the split named, else `train`, else the only one.

    No code of a data set is run. Raises UserError where it cannot be had, or has splits of which none is named.
    """
    asked = HUB.fullmatch(given)
    if asked is None:
        raise UserError(f"{given} does not name a data set: write hf:NAME, hf:NAME:SPLIT or hf:NAME@CONFIG:SPLIT.")
    import datasets
    from datasets.exceptions import DatasetsError

    try:
        loaded = datasets.load_dataset(asked["name"], asked["config"], split=asked["split"])
    except ConnectionError as error:
        raise UserError(
            f"The hub cannot be reached for {given} ({_line(error)}): check the network, or give a folder with the files of the data set."
        ) from error
    except (DatasetsError, OSError, ValueError) as error:
        raise UserError(f"{given} cannot be read ({_line(error)}): check its name, config and split.") from error
    if isinstance(loaded, dict):
        splits = list(loaded)
        if "train" not in splits and len(splits) > 1:
            raise UserError(f"{given} has the splits {', '.join(splits)}: name one, as in {given}:{splits[0]}.")
        loaded = loaded["train" if "train" in splits else splits[0]]
    columns = [name for name, kind in loaded.features.items() if type(kind).__name__ in NO_TEXT]
    path = folder / "data.parquet"
    loaded.remove_columns(columns).to_parquet(str(path))
    return path


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
