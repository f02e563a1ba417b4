"""Forethought's front door: `forethought VERB` on the command line, and the same jobs as functions (`eval.api`) in Python."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eval.api import augment, evaluate, run, score, train

__all__ = ["augment", "evaluate", "run", "score", "train"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"forethought has no {name!r}; it has {', '.join(__all__)}")
    import eval.api

    return getattr(eval.api, name)


def main() -> None:
    """Run one verb and exit with its status."""
    from eval.cli import run

    sys.exit(run(sys.argv[1:], last=True))


if __name__ == "__main__":
    main()
