"""Why an engine died, in one sentence."""

import re

from engine.errors import UserError


class EngineFailed(RuntimeError):
    """Engines died more often than allowed; finished rows are kept and the message holds the last cause."""


class NodeLost(EngineFailed):
    """An engine went with its machine."""


SETTINGS = (
    (
        r"(\w+) does not support LoRA",
        "vLLM serves no adapters for {0}: merge the adapter into its model (train with --train.merge true) and give that "
        "folder as --model",
    ),
    (
        r"max seq len \((\d+)\).*?\(?([\d.]+) GiB KV cache is needed.*?available KV cache memory \(([\d.]+) GiB\)"
        r"(?:.*?maximum model length is (\d+))?",
        "the KV cache for a context of {0} tokens needs {1} GiB and there are {2}: lower max_model_len in engine.vllm (to {3} "
        "at most), or give the cache more (engine.kv_cache_gib on a CPU, gpu_memory_utilization in engine.vllm on a GPU)",
    ),
    (
        r"No available memory for the cache blocks",
        "the model leaves no memory for a KV cache: raise gpu_memory_utilization in engine.vllm, take a larger GPU, or split the "
        "model with tensor_parallel_size",
    ),
    (
        r"Free memory on device \S* ?\(([\d.]+)/([\d.]+) GiB\)",
        "{0} of the GPU's {1} GiB are free, which is less than the engine is to use: end what else is on it or lower "
        "gpu_memory_utilization in engine.vllm",
    ),
    (
        r"Model architectures \[(.*?)\] (?:are not supported|failed)|(\w+) has no vLLM implementation",
        "vLLM does not support the model type {0}: choose another model or another version of vLLM",
    ),
)
"""What vLLM says of settings that no other try would mend, and what we say."""


def cause_of(error: BaseException) -> Exception:
    """The user's error inside Ray's, or a short EngineFailed or NodeLost."""
    text = str(error)
    inner = getattr(error, "cause", None)
    if isinstance(inner, UserError):
        return UserError(str(inner))
    if "UserError: " in text:
        return UserError(text.rsplit("UserError: ", 1)[1].strip())
    for pattern, told in SETTINGS:
        if found := re.search(pattern, text, re.DOTALL):
            values = [value or "less" for value in found.groups()]
            return UserError(f"The engine cannot start: {told.format(*values)}.")
    if re.search(r"node( \S+)? (has )?(died|dead)|node was (terminated|preempted)|[Nn]ode is dead", text):
        return NodeLost("the engine's machine was lost")
    if re.search(r"running low on memory|OutOfMemoryError: Task was killed", text):
        return EngineFailed(
            "its machine ran out of memory and Ray ended it: lower engine.kv_cache_gib or engine.replicas"
        )
    if found := re.search(
        r"(?:Tried to allocate ([\d.]+ \w+).*)?(?:CUDA|HIP) out of memory|out of memory on device", text
    ):
        return EngineFailed(
            "the GPU ran out of memory: lower gpu_memory_utilization, max_num_batched_tokens or max_num_seqs in engine.vllm"
        )
    detail = re.search(r"Worker exit detail: ([^.]+)", text)
    if detail:
        return EngineFailed(f"its process ended: killed, out of memory or crashed ({detail[1].strip()})")
    # pydantic, which checks vLLM's settings, ends with an address and shows what it was given
    lines = [line for line in text.splitlines() if line.strip() and "For further information visit" not in line]
    last = re.sub(r" \[type=.*$", "", lines[-1]).strip() if lines else type(error).__name__
    return EngineFailed(last.removeprefix("Value error, "))
