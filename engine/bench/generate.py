"""`bench generate`: prompts with and without shared prefixes."""

import json
import random
from typing import Any

import polars as pl

from engine.bench.compare import SAMPLE_TOKENS, compare, run_ours
from engine.bench.texts import prompts
from engine.config import EngineConfig


def generate(
    model: str, config: EngineConfig, rows: int, context: int, repeats: int, chosen: tuple[str, ...]
) -> dict[str, Any]:
    """Prompts of 64 tokens, 64 new ones; with `context`, prompts that share one of four such prefixes, in shuffled order."""
    new, length = (16, 16) if context else (64, 64)
    sampling = {"max_tokens": new, "temperature": 0.0, "ignore_eos": True}
    jobs = [prompts(random.Random(f"generate-{n}"), rows, context, length) for n in range(repeats)]
    ids = [str(i) for i in range(rows)]
    tables = [
        pl.DataFrame({"request_id": ids, "prompt": p, "prefix_key": k, "sampling": [json.dumps(sampling)] * rows})
        for p, k in jobs
    ]
    ours = run_ours(lambda pool, folder, n: pool.generate(tables[n], folder), model, config, repeats, rows)
    sample = max(32, min(rows, SAMPLE_TOKENS // context)) if context else rows
    work = {"rows": rows, "prompt_tokens": context + length, "shared_prefix": context, "new_tokens": new}
    asked: dict[str, Any] = {"prompts": [p for p, _ in jobs], "sampling": sampling}
    plans = dict.fromkeys(chosen, asked)
    if context and "llm_generate" in chosen:
        some = {"prompts": [p[:sample] for p, _ in jobs], "options": {"enable_prefix_caching": False}}
        plans["llm_generate_without_cache"] = asked | some
    result = compare("generate", plans, model, config, work, ours)
    result["ours"]["cache_hit_rate"] = ours.status.cached_tokens / max(1, ours.status.prompt_tokens)
    return result
