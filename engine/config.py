"""Settings of the engine pool. Loads without torch, vLLM or Ray."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

PICO = Path(__file__).resolve().parent / "pico"
LORA_MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""Layers that adapters may change."""
LORA_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Values that vLLM takes for `max_lora_rank`."""


def served_rank(rank: int) -> int:
    """The least of vLLM's ranks that serves adapters of this rank; raises ValueError where none does."""
    found = next((legal for legal in LORA_RANKS if legal >= rank), None)
    if found is None:
        raise ValueError(f"rank is {rank}: vLLM serves adapters of rank {LORA_RANKS[-1]} at most")
    return found


def _mapping() -> Any:
    """A free mapping is one JSON argument on the command line and a plain mapping in YAML."""
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="JSON",
        instance_from_str=lambda args: json.loads(args[0]),
        is_instance=lambda value: isinstance(value, dict),
        str_from_instance=lambda value: [json.dumps(value)],
    )


Mapping = Annotated[dict[str, Any], _mapping()]


Split = Annotated[
    Literal["none", "independent", "cumulative"],
    BeforeValidator(lambda value: ("none", "independent")[value] if isinstance(value, bool) else value),
]
"""How documents are taken apart (the paper's sentence splitting); true and false say independent and none."""


class Settings(BaseModel):
    """Base of every config: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EngineConfig(Settings):
    """How engines are started. Any other option of vLLM's `EngineArgs` goes into `vllm`."""

    kind: Literal["vllm", "openai", "fake"] = "vllm"
    """vllm; openai: a model at the OpenAI-compatible address `base_url`, which can generate but not score; fake: an engine that
    answers with hashes, for testing the data plane without a model."""
    base_url: str | None = None
    """Address for kind openai: http(s)://HOST/v1. The key is read from the environment variable OPENAI_API_KEY."""
    replicas: int = Field(default=1, ge=1)
    """Number of engines, each in its own Ray actor."""
    cpus: float = 1
    """Ray CPUs per engine."""
    gpus: float | None = None
    """Ray GPUs per engine; by default 1 if the cluster has GPUs, otherwise 0."""
    address: Annotated[str | None, tyro.conf.arg(aliases=["--address"])] = None
    """Ray cluster to join (auto, HOST:6379, ray://HOST:10001); by default RAY_ADDRESS, otherwise a local cluster is started.
    OUT must be a folder that all machines of the cluster share."""
    max_lora_rank: int | None = Field(default=None, ge=0)
    """Highest adapter rank that engines reserve memory for. By default this follows the adapters requested, and an engine restarts
    if it needs a higher rank; 0 refuses adapters."""
    kv_cache_gib: float = 2.0
    """KV cache memory per engine on a CPU, in GiB."""
    shard_rows: int = Field(default=256, ge=1)
    """Rows per lease, the unit of work, retry and resume. Leases of quick rows grow up to 16 times as large."""
    max_restarts: int = Field(default=4, ge=0)
    """Consecutive engine deaths, without finished work in between, that a job survives; the limit for the whole job is ten times
    as high. A dead engine's rows are retried in ever smaller leases, so that a row that kills its engine becomes an error row."""
    retry_errors: Annotated[bool, tyro.conf.arg(aliases=["--retry-errors"])] = Field(default=False, exclude=True)
    """Retry rows that ended in an error in an earlier call."""
    vllm: Mapping = Field(default_factory=dict)
    """Further vLLM engine arguments, for instance {"max_model_len": 4096}. By default max_model_len is what the model supports or
    what fits in memory."""
