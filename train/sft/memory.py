"""What a training needs of memory, estimated before it starts."""

from typing import Any

from engine.config import LORA_MODULES
from train.config import TrainConfig

ADVICE = (
    "lower train.microbatch (gradients add up to the same batch) or train.max_length, set train.gradient_checkpointing, "
    "train adapters instead of all weights (train.method lora), or shard over workers (train/sft/configs/)"
)
KEPT = 16
"""Numbers of a layer's width that the backward pass keeps per token, about (Korthikanti et al. 2022 count 34 bytes in bf16)."""


def estimate(model: str, config: TrainConfig, longest: int, gpu: bool) -> float:
    """GiB that one worker needs: weights, gradients, Adam's moments, activations and logits of a microbatch. No sharding.

    `longest` is the longest row in tokens. Weights are not loaded.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    shape: Any = AutoConfig.from_pretrained(model).get_text_config()
    with torch.device("meta"):
        network = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(model))
    weights, number = sum(p.numel() for p in network.parameters()), 2 if gpu else 4
    trained = weights if config.method == "full" else lora_weights(network, config)
    tokens = config.shares(config.workers)[0] * longest
    kept = 2 if config.gradient_checkpointing else KEPT
    activations = tokens * shape.hidden_size * shape.num_hidden_layers * kept * number
    logits = 3 * tokens * shape.vocab_size * 4
    return (weights * number + trained * (number + 8) + activations + logits) / 2**30


def lora_weights(network: Any, config: TrainConfig) -> int:
    """Weights of the adapters: two matrices of the rank beside every linear layer that they change."""
    targets = config.targets or LORA_MODULES
    layers = [m for name, m in network.named_modules() if name.rsplit(".", 1)[-1] in targets]
    return sum(config.rank * sum(layer.weight.shape) for layer in layers)


def available(gpu: bool) -> float:
    """GiB that are free."""
    if gpu:
        import torch

        return torch.cuda.mem_get_info()[0] / 2**30
    import psutil

    return psutil.virtual_memory().available / 2**30
