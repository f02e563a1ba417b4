"""Settings of finetuning. Loads without torch or TRL."""

from typing import Literal

from pydantic import Field, model_validator

from engine.config import Mapping, Settings, Split, served_rank


class TrainConfig(Settings):
    """One finetuning job. Any other option of TRL's `SFTConfig` goes into `sft`."""

    method: Literal["lora", "full"] = "lora"
    """lora trains an adapter; full trains all weights, in 32 bits (16 bytes per weight with gradient and moments)."""
    rank: int = Field(default=16, ge=1)
    """Rank of the adapter, at most 512; its scale (lora_alpha) is twice the rank."""
    targets: tuple[str, ...] = ()
    """Layers that the adapter changes; by default all linear layers except the output layer."""
    split: Split = "none"
    """How documents become examples (sentence splitting in the paper): none, whole documents; independent, one sentence each;
    cumulative, each sentence with those before it."""
    loss: Literal["text", "completion"] = "text"
    """Which tokens the loss covers: text, the whole example; completion, what follows the column `prompt`, or the last turn of
    messages."""
    epochs: float = Field(default=4, gt=0)
    """Number of passes over the examples."""
    steps: int | None = Field(default=None, ge=1)
    """Steps per job, instead of `epochs`; arms with more examples then see each one fewer times (the paper: 200 to 1,000)."""
    tokens: int | None = Field(default=None, ge=1)
    """Training tokens per job, instead of `epochs`. This matches arms in tokens; arms with more text see each example fewer
    times."""
    batch: int = Field(default=16, ge=1)
    """Examples per step over all workers (the paper: 8 or 16); with `packing`, rows of `max_length` tokens."""
    microbatch: int | None = Field(default=None, ge=1)
    """Maximum number of examples a worker processes at once; gradients are accumulated up to `batch`, whatever the number of workers."""
    packing: bool = False
    """Fill rows of `max_length` tokens with whole examples, which do not attend to one another; not available for recurrent models
    such as Mamba."""
    bucketing: bool = False
    """Batch examples of similar length together, to reduce padding."""
    learning_rate: float = Field(default=3e-4, gt=0)
    """Peak learning rate (the paper: 3e-4)."""
    max_length: int = Field(default=1024, ge=8)
    """Maximum length of an example, in tokens; longer examples are cut into pieces, each of which begins with the last token of
    the one before."""
    validation: float = Field(default=0, ge=0, lt=1)
    """Share of the rephrasings held out from every arm; training stops when the loss on them no longer falls."""
    patience: int = Field(default=3, ge=1)
    """Training stops after this many measurements of the validation loss, one every `save_steps`, without a new minimum."""
    workers: int = Field(default=0, ge=0)
    """Ray Train workers per job; 0 trains each job in one process, and as many jobs at once as there are cores or GPUs."""
    least_workers: int | None = Field(default=None, ge=1)
    """Elastic training: continue with as few as this many workers if a machine is lost, and grow again when one returns. By default
    all workers are required."""
    cpus: float = Field(default=1, gt=0)
    """CPU cores per job and per worker."""
    gpu: bool | None = None
    """Whether each worker uses a GPU; by default if this machine (or the Ray cluster) has one."""
    bf16_on_cpu: bool = False
    """Compute in bfloat16 on a CPU with AMX, as on a GPU. Other CPUs always compute in 32 bits."""
    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass instead of storing them."""
    save_steps: int = Field(default=100, ge=1)
    """Steps between checkpoints, from which an interrupted job resumes."""
    max_failures: int = 2
    """How often a failed worker group is restarted from the last checkpoint."""
    merge: bool = False
    """Also write the model with the adapter merged into it (folder `merged`)."""
    report_to: tuple[str, ...] = ("tensorboard",)
    """Where to log training curves: tensorboard (folder `runs`), wandb."""
    sft: Mapping = Field(default_factory=dict)
    """Further SFTConfig arguments, for instance {"weight_decay": 0.1}."""

    @model_validator(mode="after")
    def _servable(self) -> "TrainConfig":
        if self.method == "lora":
            served_rank(self.rank)
        return self

    @model_validator(mode="after")
    def _one_length(self) -> "TrainConfig":
        if self.steps and self.tokens:
            raise ValueError("steps and tokens both set the length of training: give only one")
        return self

    @model_validator(mode="after")
    def _divisible(self) -> "TrainConfig":
        counts = range(self.least_workers or self.workers, self.workers + 1) if self.workers else ()
        if self.least_workers and self.least_workers > self.workers:
            raise ValueError(f"least_workers is {self.least_workers}: it must not exceed workers, {self.workers}")
        if uneven := [count for count in counts if self.batch % count]:
            raise ValueError(f"batch is {self.batch}: it must be a multiple of the number of workers, {uneven[0]}")
        return self

    def shares(self, workers: int) -> tuple[int, int]:
        """(examples that a worker computes at a time, times that it does so per step) for so many workers."""
        share = self.batch // max(1, workers)
        most = min(share, self.microbatch or share)
        micro = max(size for size in range(1, most + 1) if share % size == 0)
        return micro, share // micro

    def passes(self, examples: int, tokens: int) -> float:
        """How often a job sees each of so many examples with so many tokens together."""
        if self.tokens:
            return self.tokens / max(1, tokens)
        rows = -(-(tokens + examples) // self.max_length) if self.packing else examples
        return self.steps * self.batch / max(1, rows) if self.steps else self.epochs
