"""Settings of augmentation. Loads without torch, vLLM or Ray."""

from pathlib import Path

from pydantic import Field

from engine.config import Settings


class AugmentConfig(Settings):
    """Which inferences are asked for, and how they are sampled."""

    operators: tuple[str, ...] = ("rephrase", "reverse")
    """Operators to apply; each has a prompt file of its name."""
    prompts: Path | None = None
    """Folder with prompt files NAME.md that replace the shipped ones or add operators."""
    split: bool = True
    """Apply operators to each sentence (the paper's default) rather than to whole documents."""
    samples: int = Field(default=1, ge=1)
    """Answers sampled per sentence and operator."""
    temperature: float = 0.7
    """Sampling temperature; 0 is greedy."""
    max_tokens: int = Field(default=128, ge=1)
    """Longest answer, in tokens."""
    language: str = "en"
    """Language of the documents, for finding sentences (ISO code)."""
    seed: int = 0
    """Seed of the sampling."""
