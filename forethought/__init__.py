"""Forethought's front door: `forethought VERB` on the command line, and the same jobs as functions (`forethought.api`) in Python."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forethought.api import augment, evaluate, run, score, train

__all__ = ["augment", "evaluate", "run", "score", "train"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"forethought has no {name!r}; it has {', '.join(__all__)}")
    import forethought.api

    return getattr(forethought.api, name)
