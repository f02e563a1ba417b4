"""Settings of finetuning. Loads without torch or TRL."""

from typing import Literal

from pydantic import Field, model_validator

from engine.config import Mapping, Settings, Split, served_rank


class TrainConfig(Settings):
    """One finetuning job. What is not named here goes to TRL's `SFTConfig` through `sft`."""

    method: Literal["lora", "full"] = "lora"
    """Adapters, or all weights (held in 32 bits while they are trained: 16 bytes each with gradients and moments)."""
    rank: int = Field(default=16, ge=1)
    """Rank of the adapters, at most 512; their scale is twice the rank."""
    targets: tuple[str, ...] = ()
    """Layers that adapters change; by default all linear ones but that of the logits, whatever the model calls them."""
    split: Split = "none"
    """Documents as examples: none, whole; independent, a sentence each; cumulative, a sentence with those before it (paper,
    sentence splitting)."""
    loss: Literal["text", "completion"] = "text"
    """What the loss counts on: the whole text, or what follows the column `prompt` of an example that has one; of messages
    the last turn."""
    epochs: float = Field(default=4, gt=0)
    """Passes over the examples."""
    steps: int | None = Field(default=None, ge=1)
    """Steps of every job in place of `epochs`, so that arms with more examples see each less often (the paper: 200 to 1,000)."""
    tokens: int | None = Field(default=None, ge=1)
    """Tokens that every job is trained on in place of `epochs`, however long its examples are: so arms are matched in tokens, and those with
    more to read see each text less often."""
    batch: int = Field(default=16, ge=1)
    """Examples per step over all workers (the paper: 8 or 16); with `packing` rows of `max_length` tokens."""
    microbatch: int | None = Field(default=None, ge=1)
    """Most examples that a worker computes at a time; gradients add up to `batch`, however many workers there are."""
    packing: bool = False
    """Fill rows of `max_length` tokens with whole examples, which do not see one another; refused for models that carry a
    state over (Mamba and the like)."""
    bucketing: bool = False
    """Draw examples of like length into one batch, so that less of it is padding."""
    learning_rate: float = Field(default=3e-4, gt=0)
    """Peak learning rate (the paper: 3e-4)."""
    max_length: int = Field(default=1024, ge=8)
    """Longest example in tokens; longer ones are cut into pieces of that length, each beginning with the last token of the
    one before."""
    validation: float = Field(default=0, ge=0, lt=1)
    """Share of the rephrasings to hold back from every arm: training stops when the loss on them no longer falls."""
    patience: int = Field(default=3, ge=1)
    """Measurements of that loss, one every `save_steps`, without a new least value, after which training stops."""
    workers: int = Field(default=0, ge=0)
    """Ray Train workers of one job; 0 trains in one process and runs as many jobs side by side as there are cores or GPUs."""
    least_workers: int | None = Field(default=None, ge=1)
    """Go on with as few when a machine is lost, and with more when there is one again (elastic); by default all are awaited."""
    cpus: float = Field(default=1, gt=0)
    """Cores of one job (and of each worker)."""
    gpu: bool | None = None
    """Whether each worker takes a GPU; by default where there is one (on a Ray cluster: where the cluster has one)."""
    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass instead of keeping them."""
    save_steps: int = Field(default=100, ge=1)
    """Steps between checkpoints, from which an interrupted job goes on."""
    max_failures: int = 2
    """Restarts of a failed worker group, each from the last checkpoint."""
    merge: bool = False
    """Write the model with the adapter merged in, too (folder `merged`)."""
    report_to: tuple[str, ...] = ("tensorboard",)
    """Where curves go: tensorboard (folder `runs`), wandb."""
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
            raise ValueError("steps and tokens both say how long a training is: leave one of them out")
        return self

    @model_validator(mode="after")
    def _divisible(self) -> "TrainConfig":
        counts = range(self.least_workers or self.workers, self.workers + 1) if self.workers else ()
        if self.least_workers and self.least_workers > self.workers:
            raise ValueError(f"least_workers is {self.least_workers}: it must not be above workers, {self.workers}")
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
