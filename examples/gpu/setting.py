"""What a step of the day needs to know: models and engine settings, on the card and in the rehearsal."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models import make_model

ROOT = Path(__file__).resolve().parents[2]
Put = Callable[[str, Any], None]
"""Takes a key and its value into the step's JSON, which is written again at once."""


class Skipped(Exception):
    """A step cannot be done here; the text says what it lacks."""


@dataclass(frozen=True)
class Day:
    """What a step needs to know."""

    rehearsal: bool
    home: Path
    out: Path
    sizes: list[str]
    weights: Path | None
    minutes: float

    def model(self, size: str, weights: bool = False) -> str:
        """The folder of a model of that size; in the rehearsal the embedded model stands in for all."""
        return "pico" if self.rehearsal else str(make_model(size, self.home, weights))

    def engine(self, **vllm: Any) -> Any:
        """The engine's settings, ours and the peers'. CUDA graphs without torch.compile: a start takes seconds, not a minute."""
        from engine.config import EngineConfig

        if self.rehearsal:
            return EngineConfig(kv_cache_gib=1, max_lora_rank=0, vllm={"max_num_seqs": 32, "max_model_len": 2048})
        options = {"dtype": "bfloat16", "max_model_len": 10240, "gpu_memory_utilization": 0.9}
        options["compilation_config"] = {"mode": 0, "cudagraph_mode": "FULL_DECODE_ONLY"}
        return EngineConfig(max_lora_rank=0, vllm=options | vllm)

    def named(self, size: str) -> str:
        """The size as figures name it."""
        return "pico" if self.rehearsal else size

    def chosen(self) -> list[str]:
        """The sizes to measure."""
        return self.sizes[:1] if self.rehearsal else self.sizes


def device(rehearsal: bool) -> dict[str, Any]:
    """Where a step computes."""
    import torch

    cuda = torch.cuda.is_available() and not rehearsal
    return {"device": "cuda" if cuda else "cpu", "card": torch.cuda.get_device_name() if cuda else None}


def output(command: list[str]) -> str:
    """What a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
