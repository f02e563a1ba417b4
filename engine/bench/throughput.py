"""`forethought bench`: the pool against its peers, on the same work in the same call."""

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console

from engine.bench.peers import PEERS
from engine.config import PICO, EngineConfig
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.places import write_whole
from engine.tasks.encoding import encode_all
from engine.worker.actor import Status

Chosen = tuple[str, ...]

ROWS = {"generate": 1000, "score": 100, "plane": 20_000}
CONTEXT = {"generate": 0, "score": 4000, "plane": 0}
SAMPLE_TOKENS = 120_000
"""A peer that computes every context again gets about this many tokens of work per repeat, and the JSON says so."""
PEER_SECONDS = 1200
"""After this long a peer is stopped."""


def bench(
    what: str,
    model: str,
    config: EngineConfig,
    rows: int | None = None,
    context: int | None = None,
    repeats: int = 3,
    peers: Chosen | None = None,
    out: Path | None = None,
) -> dict[str, Any]:
    """Measure `what` (generate, score or plane); returns, prints and writes work, ours, peers and ratio.

    Seconds are medians of `repeats` runs on different texts, without the start of the engine, which `start_seconds`
    reports apart. Ratio is ours / peer in work per second. The pool is closed before a peer starts, and each peer has a
    process of its own; one that cannot run has its reason under `error`. `peers` are names of `PEERS`, by default all.
    """
    if out and out.is_dir():
        raise UserError(f"--json {out} is a folder; give a file.")
    if what not in ROWS:
        raise UserError(f"There is no benchmark {what!r}; choose from {', '.join(ROWS)}.")
    known = PEERS.get(what, {})
    chosen = tuple(known) if peers is None else peers
    if set(chosen) - set(known):
        raise UserError(f"There is no peer {sorted(set(chosen) - set(known))[0]!r}; choose from {', '.join(known)}.")
    rows = ROWS[what] if rows is None else rows
    context = CONTEXT[what] if context is None else context
    # no peer serves adapters here, so the pool does not either
    config = config.model_copy(update={"max_lora_rank": 0})
    measure = {"plane": plane, "generate": generate, "score": score}[what]
    result = measure(model, config, rows, context, repeats, chosen)
    if out:
        write_whole(out, json.dumps(result, indent=2).encode())
    Console().print_json(json.dumps(result))
    return result


@dataclass
class Ours:
    """What the pool did: median seconds of a repeat, seconds of its start, the engines' counts and the results."""

    seconds: float
    start: float
    count: int
    status: Status
    tables: list[pl.DataFrame]

    def rate(self) -> dict[str, float]:
        """As in the JSON."""
        return {"seconds": self.seconds, "per_second": self.count / self.seconds, "start_seconds": self.start}


def plane(model: str, config: EngineConfig, rows: int, context: int, repeats: int, chosen: Chosen) -> dict[str, Any]:
    """Rows from a file to a folder through two fake engines or more, which answer at once; then the finished job again.

    `driver_mib` is the largest memory of this process so far: compare runs with few and with many rows.
    """
    fake = config.model_copy(update={"kind": "fake", "replicas": max(2, config.replicas), "cpus": 0.5})
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "requests", Path(folder) / "out"
        source.mkdir()
        for number, start in enumerate(range(0, rows, 50_000)):  # in parts, so that making them takes no memory
            ids = pl.Series("request_id", range(start, min(rows, start + 50_000))).cast(pl.String)
            prompts = pl.select(request_id=ids, prompt=pl.format("row {}", ids))
            prompts.write_parquet(source / f"{number}.parquet")
        ours = _ours(lambda pool, _, n: pool.run("generate", source, out / str(n)), "none", fake, repeats, rows)
        with EnginePool("none", fake, quiet=True) as pool:
            started = time.monotonic()
            pool.run("generate", source, out / "0")
            resume = time.monotonic() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    work = {"rows": rows, "engine": "fake", "replicas": fake.replicas}
    return {
        "work": work,
        "ours": ours.rate() | {"resume_seconds": resume, "driver_mib": memory},
        "peers": {},
        "ratio": {},
    }


def generate(model: str, config: EngineConfig, rows: int, context: int, repeats: int, chosen: Chosen) -> dict[str, Any]:
    """Prompts of 64 tokens, 64 new ones; with `context`, prompts that share one of four such prefixes, in shuffled order."""
    new, length = (16, 16) if context else (64, 64)
    sampling = {"max_tokens": new, "temperature": 0.0, "ignore_eos": True}
    jobs = [_prompts(random.Random(f"generate-{n}"), rows, context, length) for n in range(repeats)]
    ids = [str(i) for i in range(rows)]
    tables = [
        pl.DataFrame({"request_id": ids, "prompt": p, "prefix_key": k, "sampling": [json.dumps(sampling)] * rows})
        for p, k in jobs
    ]
    ours = _ours(lambda pool, folder, n: pool.generate(tables[n], folder), model, config, repeats, rows)
    sample = max(32, min(rows, SAMPLE_TOKENS // context)) if context else rows
    work = {"rows": rows, "prompt_tokens": context + length, "shared_prefix": context, "new_tokens": new}
    asked: dict[str, Any] = {"prompts": [p for p, _ in jobs], "sampling": sampling}
    plans = dict.fromkeys(chosen, asked)
    if context and "llm_generate" in chosen:
        some = {"prompts": [p[:sample] for p, _ in jobs], "options": {"enable_prefix_caching": False}}
        plans["llm_generate_without_cache"] = asked | some
    result = _compare("generate", plans, model, config, work, ours)
    result["ours"]["cache_hit_rate"] = ours.status.cached_tokens / max(1, ours.status.prompt_tokens)
    return result


def score(model: str, config: EngineConfig, rows: int, context: int, repeats: int, chosen: Chosen) -> dict[str, Any]:
    """Questions with four choices of 3, 5, 8 and 12 tokens; with `context`, all behind one text of so many words.

    The right choice goes on as the text does somewhere, so that accuracy can be compared as well.
    """
    tables = [_questions(random.Random(f"score-{n}"), rows, context) for n in range(repeats)]
    sample = max(8, min(4 * rows, SAMPLE_TOKENS // max(1, context)) // 4 * 4)
    pairs = [
        [
            [row["prefix"] + row["stem"], choice]
            for row in table.head(sample // 4).to_dicts()
            for choice in row["choices"]
        ]
        for table in tables
    ]
    asked = [t.drop("answer") for t in tables]
    ours = _ours(lambda pool, folder, n: pool.score(asked[n], folder), model, config, repeats, 4 * rows)
    work = {"questions": rows, "choices": 4, "context_words": context}
    plans = {name: {"pairs": pairs} for name in chosen}
    result = _compare("score", plans, model, config, work, ours)
    values = [t.sort(pl.col("item_id").cast(pl.Int64), "choice")["logprobs"].list.sum().to_list() for t in ours.tables]
    computed = (ours.status.prompt_tokens - ours.status.cached_tokens) / repeats
    floor = statistics.mean(_floor(model, table) for table in tables)
    result["ours"] |= {"computed_tokens": computed, "floor_tokens": floor, "computed_over_floor": computed / floor}
    result["ours"]["accuracy"] = _accuracy(values, tables)
    for peer in result["peers"].values():
        theirs = peer.pop("values", None)
        if theirs:
            both = [pair for v, t in zip(values, theirs, strict=True) for pair in zip(v, t, strict=False)]
            peer["largest_difference"] = max(abs(a - b) for a, b in both)
            peer["accuracy"] = _accuracy(theirs, tables)
            peer["our_accuracy_on_its_sample"] = _accuracy([v[:sample] for v in values], tables)
    return result


def _words(rng: random.Random, count: int) -> list[str]:
    return rng.choices((PICO / "lexicon.txt").read_text(encoding="utf-8").split(), k=count)


def _prompts(rng: random.Random, rows: int, context: int, length: int) -> tuple[list[str], list[str]]:
    """Prompts and the keys of their prefixes."""
    prefixes = [" ".join(_words(rng, context)) for _ in range(4)]
    keys = [rng.randrange(4) for _ in range(rows)]
    return [f"{prefixes[k]} {' '.join(_words(rng, length))}".strip() for k in keys], [str(k) for k in keys]


def _questions(rng: random.Random, rows: int, context: int) -> pl.DataFrame:
    text, lengths = _words(rng, max(context, 200)), (3, 5, 8, 12)
    made = []
    for i in range(rows):
        start, answer = rng.randrange(len(text) - 40), rng.randrange(4)
        stem = text[start : start + 20]
        right = text[start + 20 : start + 20 + lengths[answer]]
        choices = [f" {' '.join(right if n == answer else _words(rng, k))}" for n, k in enumerate(lengths)]
        prefix = " ".join(text) + "\n" if context else ""
        made.append({"item_id": str(i), "prefix": prefix, "stem": " ".join(stem), "choices": choices, "answer": answer})
    return pl.DataFrame(made)


def _floor(model: str, table: pl.DataFrame) -> int:
    """Tokens that must be computed: the shared text once, and stem and choice once for every choice."""
    from transformers import AutoTokenizer

    from engine.models import resolve_model

    tokenizer = AutoTokenizer.from_pretrained(resolve_model(model))
    shared = table["prefix"][0]
    texts = [shared + row["stem"] + choice for row in table.iter_rows(named=True) for choice in row["choices"]]
    lengths = [len(ids) for ids in encode_all(tokenizer, [shared, *texts])]
    return lengths[0] + sum(length - lengths[0] for length in lengths[1:])


def _accuracy(values: list[list[float]], tables: list[pl.DataFrame]) -> float:
    """Share of questions whose right choice has the highest log-likelihood per token of its 3, 5, 8 or 12."""
    right = total = 0
    for found, table in zip(values, tables, strict=True):
        for question, answer in zip(range(len(found) // 4), table["answer"], strict=False):
            scaled = [v / n for v, n in zip(found[4 * question : 4 * question + 4], (3, 5, 8, 12), strict=True)]
            right += scaled.index(max(scaled)) == answer
            total += 1
    return right / total


def _ours(
    job: Callable[[EnginePool, Path, int], Any], model: str, config: EngineConfig, repeats: int, count: int
) -> Ours:
    seconds, status, tables = [], Status(), []
    with EnginePool(model, config, quiet=True) as pool, tempfile.TemporaryDirectory() as folder:
        warm = pl.DataFrame({"request_id": ["warm"], "prompt": ["zogo are more"], "sampling": ['{"max_tokens": 2}']})
        pool.generate(warm, Path(folder) / "warm")
        for number in range(repeats):
            started = time.monotonic()
            tables.append(job(pool, Path(folder) / str(number), number))
            seconds.append(time.monotonic() - started)
            status.add(pool.last)
        return Ours(statistics.median(seconds), pool.seconds["start"], count, status, tables)


def _compare(
    what: str, plans: dict[str, Any], model: str, config: EngineConfig, work: Any, ours: Ours
) -> dict[str, Any]:
    """Run every peer on its plan, in a process of its own."""
    found: dict[str, Any] = {}
    for name, asked in plans.items():
        base = name if name in PEERS[what] else name.rsplit("_without", 1)[0]
        engine = {"max_lora_rank": 0, "kv_cache_gib": config.kv_cache_gib, "vllm": config.vllm}
        found[name] = _peer(what, base, asked | {"model": model, "engine": engine})
    ratio = {n: ours.rate()["per_second"] / p["per_second"] for n, p in found.items() if "per_second" in p}
    return {"work": work, "ours": ours.rate(), "peers": found, "ratio": ratio}


def _peer(what: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    sample = len((asked.get("prompts") or asked["pairs"])[0])
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "work.json", Path(folder) / "result.json"
        source.write_text(json.dumps(asked))
        command = [sys.executable, "-m", "engine.bench.peers", what, name, str(source), str(target)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PEER_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return {"error": f"not finished after {PEER_SECONDS} s", "sample": sample}
        if done.returncode or not target.exists():
            lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
            return {"error": f"exit status {done.returncode}: {lines[-1].strip()}", "sample": sample}
        result = json.loads(target.read_text())
    seconds = statistics.median(result["seconds"])
    rate = {"seconds": seconds, "per_second": sample / seconds, "start_seconds": result["start"], "sample": sample}
    return rate | ({"values": result["values"]} if what == "score" else {})
