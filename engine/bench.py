"""Throughput of the pool against vLLM's own `LLM` class, on the same work in the same call."""

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console

from engine.config import PICO, EngineConfig
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store import write_whole


def bench(
    what: str, model: str, config: EngineConfig, rows: int, context: int, repeats: int, out: Path | None
) -> dict[str, Any]:
    """Measure `what` (generate, score or plane); returns and writes work, ours, peers and ratio.

    Seconds are medians of `repeats` runs without the start of the engine, which `start_seconds` reports apart. Ratio is
    ours / peer in work per second. The pool is closed before the peer's engine starts, so they do not compete.
    """
    if out and out.is_dir():
        raise UserError(f"--json {out} is a folder; give a file.")
    rng = random.Random(0)
    words = (PICO / "lexicon.txt").read_text(encoding="utf-8").split()
    result: dict[str, Any]
    if what == "plane":
        table = pl.DataFrame({"request_id": [str(i) for i in range(rows)], "prompt": [f"row {i}" for i in range(rows)]})
        fake = config.model_copy(update={"kind": "fake"})
        ours, start = _ours(lambda p, f: p.generate(table, f), model, fake, repeats)
        result = {"work": {"rows": rows, "engine": "fake"}, "ours": _rate(ours, start, rows), "peers": {}, "ratio": {}}
    elif what == "generate":
        prompts = [" ".join(rng.choices(words, k=64)) for _ in range(rows)]
        sampling = {"max_tokens": 64, "temperature": 0.0, "ignore_eos": True}
        table = pl.DataFrame(
            {"request_id": [str(i) for i in range(rows)], "prompt": prompts, "sampling": [json.dumps(sampling)] * rows}
        )
        ours, start = _ours(lambda p, f: p.generate(table, f), model, config, repeats)
        peer, peer_start = _llm(
            model, config, repeats, lambda llm, vllm: llm.generate(prompts, vllm.SamplingParams(**sampling))
        )
        work = {"rows": rows, "prompt_words": 64, "new_tokens": 64}
        result = _compare(work, ours, start, {"LLM.generate": (peer, peer_start)}, rows)
    elif what == "score":
        prefix = " ".join(rng.choices(words, k=context)) + "\n"
        stems = [f"{rng.choice(words)} {i} are" for i in range(rows)]
        choices = [[f" {' '.join(rng.choices(words, k=n))}" for n in (3, 5, 8, 12)] for _ in stems]
        ids = [str(i) for i in range(rows)]
        table = pl.DataFrame({"item_id": ids, "prefix": [prefix] * rows, "stem": stems, "choices": choices})
        texts = [prefix + s + c for s, options in zip(stems, choices, strict=True) for c in options]
        ours, start = _ours(lambda p, f: p.score(table, f), model, config, repeats)
        sample = texts[: max(4, min(len(texts), 40_000 // context))]
        peer, peer_start = _llm(
            model,
            config,
            repeats,
            lambda llm, vllm: llm.generate(sample, vllm.SamplingParams(max_tokens=1, prompt_logprobs=0)),
        )
        work = {"questions": rows, "choices": 4, "context_words": context, "peer_sample": len(sample)}
        scaled = peer * len(texts) / len(sample)
        result = _compare(work, ours, start, {"LLM.generate, prompt_logprobs": (scaled, peer_start)}, len(texts))
    else:
        raise UserError(f"There is no benchmark {what!r}; choose from generate, score, plane.")
    if out:
        write_whole(out, json.dumps(result, indent=2).encode())
    Console().print_json(json.dumps(result))
    return result


def _ours(
    job: Callable[[EnginePool, Path], Any], model: str, config: EngineConfig, repeats: int
) -> tuple[float, float]:
    seconds = []
    with EnginePool(model, config, quiet=True) as pool, tempfile.TemporaryDirectory() as folder:
        warm = pl.DataFrame({"request_id": ["warm"], "prompt": ["zogo are more"], "sampling": ['{"max_tokens": 2}']})
        pool.generate(warm, Path(folder) / "warm")
        for number in range(repeats):
            started = time.monotonic()
            job(pool, Path(folder) / str(number))
            seconds.append(time.monotonic() - started)
        return statistics.median(seconds), pool.seconds["start"]


def _llm(model: str, config: EngineConfig, repeats: int, job: Callable[[Any, Any], Any]) -> tuple[float, float]:
    """The same work by vLLM's offline class in this process, with the engine arguments of the pool and no adapters."""
    from engine.vllm_engine import engine_options

    options = engine_options(model, config.model_copy(update={"max_lora_rank": 0}))
    import vllm

    started = time.monotonic()
    llm = vllm.LLM(**options)
    start, seconds = time.monotonic() - started, []
    for _ in range(repeats):
        started = time.monotonic()
        job(llm, vllm)
        seconds.append(time.monotonic() - started)
        llm.reset_prefix_cache()
    return statistics.median(seconds), start


def _rate(seconds: float, start: float, count: int) -> dict[str, float]:
    return {"seconds": seconds, "per_second": count / seconds, "start_seconds": start}


def _compare(
    work: dict[str, Any], ours: float, start: float, peers: dict[str, tuple[float, float]], count: int
) -> dict[str, Any]:
    return {
        "work": work,
        "ours": _rate(ours, start, count),
        "peers": {name: _rate(seconds, begun, count) for name, (seconds, begun) in peers.items()},
        "ratio": {name: seconds / ours for name, (seconds, _) in peers.items()},
    }
