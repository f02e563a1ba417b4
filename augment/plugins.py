"""Plug-ins of other packages, found by their entry points: operators and checks."""

import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points


def plugins(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of a group, by name; looked for once, as that reads the metadata of all packages."""
    return _found(group, tuple(sys.path))


@lru_cache(8)
def _found(group: str, path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Of the packages on `path`, which is what `entry_points` looks through."""
    return tuple(sorted(entry_points(group=group), key=lambda point: point.name))
