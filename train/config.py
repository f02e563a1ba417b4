"""Settings of finetuning. Loads without torch or TRL."""

from typing import Literal

from pydantic import Field

from engine.config import Mapping, Settings


class TrainConfig(Settings):
    """One finetuning job. What is not named here goes to TRL's `SFTConfig` through `sft`."""

    method: Literal["lora", "full"] = "lora"
    """Adapters, or all weights."""
    rank: int = Field(default=16, ge=1)
    """Rank of the adapters; their scale is twice the rank."""
    epochs: float = Field(default=4, gt=0)
    """Passes over the examples."""
    steps: int | None = Field(default=None, ge=1)
    """Steps of every job in place of `epochs`, so that arms with more examples see each less often (the paper: 200 to 1,000)."""
    batch: int = Field(default=16, ge=1)
    """Examples per step over all workers (the paper: 8 or 16)."""
    learning_rate: float = Field(default=3e-4, gt=0)
    """Peak learning rate (the paper: 3e-4)."""
    max_length: int = Field(default=1024, ge=8)
    """Longest example in tokens; longer ones are cut into pieces of that length."""
    workers: int = Field(default=0, ge=0)
    """Ray Train workers of one job; 0 trains in one process and runs as many jobs side by side as there are cores or GPUs."""
    cpus: float = Field(default=1, gt=0)
    """Cores of one job (and of each worker)."""
    gpu: bool | None = None
    """Whether each worker takes a GPU; by default where there is one."""
    save_steps: int = Field(default=100, ge=1)
    """Steps between checkpoints, from which an interrupted job goes on."""
    max_failures: int = 2
    """Restarts of a failed worker group, each from the last checkpoint."""
    sft: Mapping = Field(default_factory=dict)
    """Further SFTConfig arguments, for instance {"gradient_checkpointing": true}."""

    def passes(self, examples: int) -> float:
        """How often a job sees each of so many examples."""
        return self.steps * self.batch / examples if self.steps else self.epochs
