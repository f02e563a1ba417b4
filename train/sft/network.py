"""The model that is trained: its weights, which layers adapters change, and whether packed examples stay apart in it."""

from typing import Any

from engine.errors import UserError
from train.config import TrainConfig
from train.sft.tokens import end_tokens

ALL_LINEAR = "all-linear"
"""What PEFT calls every linear layer but the one that gives the logits, whatever a model calls its layers."""


def load(base: str, tokenizer: Any, config: TrainConfig, half: bool) -> Any:
    """The model as it begins, from safetensors alone.

    Weights that are trained are held in 32 bits, and only computed with in 16 (`half`): at small rates the steps of most
    weights are less than a bfloat16 can tell. Frozen ones beside adapters take 16 bits.
    """
    import torch
    from transformers import AutoModelForCausalLM

    dtype = torch.bfloat16 if half and config.method == "lora" else torch.float32
    model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype, use_safetensors=True)
    ends_as_trained(model, tokenizer)
    if config.packing:
        check_packing(model)
    return model


def ends_as_trained(model: Any, tokenizer: Any) -> None:
    """Let what is generated end with the tokens that trained texts end with, besides those that the model knows."""
    known = model.generation_config.eos_token_id
    ends = list(known) if isinstance(known, list) else [] if known is None else [known]
    ends += [token for token in end_tokens(tokenizer) if token not in ends]
    model.generation_config.eos_token_id = ends[0] if len(ends) == 1 else ends or None


def adapters(config: TrainConfig) -> Any:
    """PEFT's settings, or None where all weights are trained."""
    from peft import LoraConfig

    if config.method == "full":
        return None
    return LoraConfig(
        r=config.rank,
        lora_alpha=2 * config.rank,
        target_modules=list(config.targets) or ALL_LINEAR,
        task_type="CAUSAL_LM",
    )


def check_packing(model: Any) -> None:
    """Raise UserError where an example of a packed row would see the one before it.

    A model with a recurrent state carries it on; another may look at no positions. So it is tried: a text must look the same
    behind another one as alone.
    """
    import torch

    refused = (
        f"train.packing: in a {model.config.model_type} model the examples of a row would see one another: turn packing off "
        "and set train.bucketing, which also reduces padding."
    )
    if model._is_stateful:
        raise UserError(refused)
    number = min(16, model.config.get_text_config().vocab_size)
    ids = torch.arange(number)[None]
    before, half = ids.flip(1), torch.arange(number)
    with torch.no_grad():
        alone = model(input_ids=ids, position_ids=half[None], use_cache=False).logits[0]
        positions = torch.cat([half, half])[None]
        behind = model(input_ids=torch.cat([before, ids], 1), position_ids=positions, use_cache=False).logits[
            0, number:
        ]
    if (alone - behind).abs().max() > 0.05 * alone.float().std():
        raise UserError(refused)
