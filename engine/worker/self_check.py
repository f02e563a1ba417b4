"""Whether an engine's log-likelihoods can be trusted: asked before it gets work."""

import math

from engine.errors import UserError
from engine.tasks.base import Answer, Call
from engine.worker.backend import Backend


def self_check(backend: Backend) -> None:
    """Score a small probe without the prefix cache, with it, and as a next token; raises UserError where they differ.

    Costs four short calls. Catches an engine, a kernel or a version whose cached values cannot be trusted.
    """
    ids = backend.tokenizer.encode(" ".join(map(str, range(300))))[: min(300, backend.max_model_len - 1)]
    start = len(ids) - 5
    if start < 1:
        return
    found: list[list[float]] = []
    calls = [Call("plain", ids, score_from=start, cached=False), Call("cached", ids, score_from=start)]
    calls.append(Call("next", ids[:start], targets=[ids[start]]))
    for call in calls:
        backend.add(call)
        answers: list[Answer] = []
        while not answers:
            answers = backend.step()
        found.append(answers[0].logprobs or [])
    plain, cached, following = found
    pairs = [*zip(plain, cached, strict=True), (plain[0], following[0])]
    # a value that a cache hit swallowed is NaN and asked for again: not an error
    worst = max((abs(a - b) for a, b in pairs if not math.isnan(b)), default=0.0)
    if not all(map(math.isfinite, plain)) or not worst <= backend.tolerance:
        raise UserError(
            f"The engine's log-likelihoods differ by {worst:.3g} with and without its prefix cache, so it cannot be trusted: try "
            "engine.vllm with enable_prefix_caching false, or another version of vLLM."
        )
