"""What a training needs of memory, estimated before it starts."""

from typing import Any

from train.config import TrainConfig
from train.sft.network import adapters

ADVICE = (
    "lower train.microbatch (gradients add up to the same batch) or train.max_length, set train.gradient_checkpointing, "
    "train adapters instead of all weights (train.method lora), or shard over workers (train/sft/configs/)"
)
KEPT = 16
"""Numbers of a layer's width that the backward pass keeps per token, about (Korthikanti et al. 2022 count 34 bytes in bf16)."""


def estimate(model: str, config: TrainConfig, longest: int, gpu: bool) -> float:
    """GiB that one worker needs: weights, gradients, Adam's moments, activations and logits of a microbatch. No sharding.

    Weights that are trained, their gradients and moments take 4 bytes each; frozen ones and activations 2 on a GPU. Full
    finetuning so takes 16 bytes per weight anywhere. `longest` is the longest row in tokens. Weights are not loaded.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    shape: Any = AutoConfig.from_pretrained(model).get_text_config()
    with torch.device("meta"):
        network = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(model))
    weights, number = sum(p.numel() for p in network.parameters()), 2 if gpu else 4
    full = config.method == "full"
    trained = weights if full else lora_weights(network, config)
    held = 0 if full else weights * number
    tokens = config.shares(config.workers)[0] * longest
    kept = 2 if config.gradient_checkpointing else KEPT
    activations = tokens * shape.hidden_size * shape.num_hidden_layers * kept * number
    logits = 3 * tokens * shape.vocab_size * 4
    return (held + 16 * trained + activations + logits) / 2**30


def lora_weights(network: Any, config: TrainConfig) -> int:
    """Weights of the adapters that PEFT puts into a network, which lies on the device `meta`."""
    import torch
    from peft import get_peft_model

    with torch.device("meta"):
        wrapped: Any = get_peft_model(network, adapters(config))
    return sum(p.numel() for p in wrapped.parameters() if p.requires_grad)


def available(gpu: bool) -> float | None:
    """GiB that are free here; None where trainings run on GPUs of other machines."""
    if gpu:
        import torch

        return torch.cuda.mem_get_info()[0] / 2**30 if torch.cuda.is_available() else None
    import psutil

    return psutil.virtual_memory().available / 2**30
