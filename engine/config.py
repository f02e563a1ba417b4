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
    """How engines are started. What is not named here goes to vLLM's `EngineArgs` through `vllm`."""

    kind: Literal["vllm", "openai", "fake"] = "vllm"
    """vllm; openai: a model at the OpenAI-compatible address `base_url`, which writes and does not score; or fake: an engine that
    answers with hashes, to try the data plane without a model."""
    base_url: str | None = None
    """Address of kind openai: http(s)://HOST/v1. Its key is the environment variable OPENAI_API_KEY."""
    replicas: int = Field(default=1, ge=1)
    """Number of engines, each in a Ray actor of its own."""
    cpus: float = 1
    """Ray CPUs per engine."""
    gpus: float | None = None
    """Ray GPUs per engine; by default 1 where the cluster has GPUs, else 0."""
    address: Annotated[str | None, tyro.conf.arg(aliases=["--address"])] = None
    """Ray cluster to attach to (auto, HOST:6379, ray://HOST:10001); by default RAY_ADDRESS, else a local one on localhost.
    OUT must be a folder that all of its machines share."""
    max_lora_rank: int | None = Field(default=None, ge=0)
    """Largest rank of the adapters served, for which engines make room from the start; by default that of the adapters that
    are asked for (engines start again where they lack the room), and 0 refuses adapters."""
    kv_cache_gib: float = 2.0
    """Memory for the KV cache of one engine on a CPU, in GiB."""
    shard_rows: int = Field(default=256, ge=1)
    """Rows in one lease: the unit of work, of retry and of resume. Quick rows come in up to 16 times as many."""
    max_restarts: int = Field(default=4, ge=0)
    """Deaths of engines in a row, with no work finished in between, that a job survives; and ten times as many in all.
    The rows of a dead engine are done again in ever smaller leases, so that a row that kills ends as an error row."""
    retry_errors: Annotated[bool, tyro.conf.arg(aliases=["--retry-errors"])] = Field(default=False, exclude=True)
    """Do the rows again that ended in an error before."""
    vllm: Mapping = Field(default_factory=dict)
    """Further vLLM engine arguments, for instance {"max_model_len": 4096}; by default that is what the model takes, or what
    fits into the memory."""
