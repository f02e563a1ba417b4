"""Forethought's front door: `forethought VERB` on the command line, and the same jobs as functions in Python.

__main__.py starts, pipes.py ends quietly where nobody reads, cli.py finds the verb, settings.py parses what it was given (configs/ has the shipped files), terminal.py keeps
noise away, verbs/ has a file per verb, doctor/ looks at the machine; api.py has the verbs as functions, which are named here.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forethought.api import augment, evaluate, run, score, train

__all__ = ["augment", "evaluate", "run", "score", "train"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"forethought has no {name!r}; it has {', '.join(__all__)}")
    import forethought.api

    return getattr(forethought.api, name)
