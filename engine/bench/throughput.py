"""`forethought bench generate|score|plane`: the pool against its peers, on the same work in the same call."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.bench.generate import generate
from engine.bench.peers import PEERS
from engine.bench.plane import plane
from engine.bench.result import check_out, choose_peers, publish
from engine.bench.score import score
from engine.config import EngineConfig
from engine.errors import UserError

WORK: dict[str, Callable[..., dict[str, Any]]] = {"generate": generate, "score": score, "plane": plane}
ROWS = {"generate": 1000, "score": 100, "plane": 20_000}
CONTEXT = {"generate": 0, "score": 4000, "plane": 0}


def bench(
    what: str,
    model: str,
    config: EngineConfig,
    rows: int | None = None,
    context: int | None = None,
    repeats: int = 3,
    peers: tuple[str, ...] | None = None,
    out: Path | None = None,
    store: str | None = None,
) -> dict[str, Any]:
    """Measure `what` (generate, score or plane); returns, prints and writes work, ours, peers and ratio.

    Seconds are medians of `repeats` runs on different texts, without the start of the engine, which `start_seconds`
    reports apart. Ratio is ours / peer in work per second. The pool is closed before a peer starts, and each peer has a
    process of its own; one that cannot run has its reason under `error`. `peers` are names of `PEERS`, by default all. `store`: where the rows of `plane` lie.
    """
    check_out(out)
    if what not in ROWS:
        raise UserError(f"There is no benchmark {what!r}; choose from {', '.join(ROWS)}.")
    chosen = choose_peers(PEERS.get(what, {}), peers)
    rows = ROWS[what] if rows is None else rows
    context = CONTEXT[what] if context is None else context
    # no peer serves adapters here, so the pool does not either
    config = config.model_copy(update={"max_lora_rank": 0})
    where = {"store": store} if what == "plane" else {}
    return publish(WORK[what](model, config, rows, context, repeats, chosen, **where), out)
