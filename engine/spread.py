"""Functions of one table after another, done side by side: on the cores of this machine, or of all machines of a Ray cluster."""

import os
import pickle
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")
FEW = 4
"""Up to so many tables are done in this process: another one takes a second or two to start."""
AHEAD = 3
"""Tables of a core of this machine that are handed out before the first result is taken."""


def spread(function: Callable[[T, Any], R], tables: Iterable[T], given: Any) -> Iterator[R]:
    """`function(table, given)` for each table, in order; what `function` raises is raised here.

    `function` belongs to a module, and it, the tables, `given` and the results can be pickled. Results are taken as they are
    used, so no more tables are held than the cores need. Where Ray runs on several machines all of them work, else this one alone.
    """
    rest = iter(tables)
    first = list(islice(rest, FEW + 1))
    nodes = _nodes()
    if len(first) <= FEW or (cores() < 2 and not nodes):
        return (function(table, given) for table in chain(first, rest))
    return (_on_nodes if nodes else _on_cores)(function, chain(first, rest), pickle.dumps(given))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _on_cores(function: Callable[[T, Any], R], tables: Iterable[T], given: bytes) -> Iterator[R]:
    # not the standard library's processes: those run the user's script once more where it has no `if __name__ == "__main__"`
    from joblib import Parallel, delayed

    work = Parallel(n_jobs=cores(), backend="loky", return_as="generator", batch_size=1, pre_dispatch=AHEAD * cores())
    yield from work(delayed(_beside)(function, table, given, os.getpid()) for table in tables)


def _beside(function: Callable[[T, Any], R], table: T, given: bytes, driver: int) -> R:
    """`_one` in another process than the driver's."""
    _end_with(driver)
    return _one(function, table, given)


@lru_cache(1)
def _end_with(driver: int) -> None:
    """From now on this process ends when the driver does, however that ends; it would wait for work for minutes."""

    def watch() -> None:
        while os.getppid() == driver:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _on_nodes(function: Callable[[T, Any], R], tables: Iterable[T], given: bytes) -> Iterator[R]:
    import ray

    # no CPU is asked for, as engines hold them all and wait while this goes on; so many at a time as there are
    one: Any = ray.remote(num_cpus=0, scheduling_strategy="SPREAD", max_retries=3)(_one)
    common, waiting = ray.put(given), deque[Any]()
    most = max(1, sum(int(node["Resources"].get("CPU", 0)) for node in _nodes()))
    try:
        for table in tables:
            waiting.append(one.remote(function, table, common))
            if len(waiting) >= most:
                yield _got(waiting.popleft())
        while waiting:
            yield _got(waiting.popleft())
    finally:
        for task in waiting:
            ray.cancel(task)


def _got(task: Any) -> Any:
    """The result of a task; its error as it was, and not within the report of Ray's."""
    import ray

    try:
        return ray.get(task)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None


def _nodes() -> list[dict[str, Any]]:
    """The machines of a Ray cluster that this process is connected to, where there are several."""
    ray = sys.modules.get("ray")
    found = [node for node in ray.nodes() if node["Alive"]] if ray and ray.is_initialized() else []
    return found if len(found) > 1 else []


def _one(function: Callable[[T, Any], R], table: T, given: bytes) -> R:
    return function(table, _unpacked(given))


@lru_cache(1)
def _unpacked(given: bytes) -> Any:
    """What all tables have in common, unpacked once in each process; it comes from this program."""
    return pickle.loads(given)
