"""Trains a reader: about 25 minutes on two idle cores.

    .venv/bin/python -m train.reader.recipe models/SmolLM2-135M-Instruct --out reader

Each source of the contrast pairs (augment/checks/labelled/contrasts.jsonl) has statements in pairs, a right one and one that is wrong
by a few words. The *gain* of a statement is by how much training has raised its log-likelihood after its source. It is to be
positive for right statements, negative for wrong ones, and higher for the right one of a pair: the objective of direct
preference optimisation (Rafailov et al. 2023) and its two halves alone (Ethayarajh et al. 2024). The upper half of the layers is trained in full; their
changes are then cut down to matrices of low rank, a LoRA adapter in the form of `peft`.
"""

import argparse
import json
import math
import random
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from train.reader.trees import Tree, likelihoods, tree

PAIRS = Path(__file__).resolve().parents[2] / "augment/checks/labelled/contrasts.jsonl"
FROZEN = 15
"""Layers from the first that stay as they are."""
RATE, EPOCHS, GROUPS, WARM = 1e-4, 2, 4, 40
"""Learning rate, passes, sources a step, and steps to the full rate."""
BETA = 0.3
"""How much of a nat counts as one of log-odds."""
HELD = 12
"""One source in so many is not trained on."""
RANK = 32


def sources(path: Path = PAIRS) -> list[tuple[str, list[str]]]:
    """English sources with what stands before them, and their statements: right, wrong, right, wrong."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        (
            "\n".join(filter(None, (row["title"], " ".join(row["before"]), row["source"]))),
            [text for _, right, wrong in row["pairs"] for text in (right, wrong)],
        )
        for row in rows
        if row["language"] == "en"
    ]


def loss_of(gains: torch.Tensor) -> torch.Tensor:
    """The loss of gains in nats, right and wrong in turn."""
    right, wrong = (BETA * gains).view(-1, 2).T
    return F.softplus(wrong - right).mean() + 0.5 * (F.softplus(-right) + F.softplus(wrong)).mean()


def freeze(model: Any) -> list[torch.nn.Parameter]:
    """Leave the lower layers as they are, in 16 bits; returns what is trained."""
    for parameter in model.parameters():
        parameter.requires_grad = False
    for number, layer in enumerate(model.model.layers):
        for module in layer.modules():
            if isinstance(module, torch.nn.Linear):
                if number < FROZEN:
                    module.to(torch.bfloat16)
                else:
                    module.weight.requires_grad = True
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def train(model: Any, base: Any, trees: list[Tree], seed: int = 0) -> None:
    """Train `model`, in place; `base` is the same before."""
    rng, trained = random.Random(seed), freeze(model)
    optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=0.01, betas=(0.9, 0.98))
    before, started, steps = dict[int, torch.Tensor](), time.monotonic(), EPOCHS * math.ceil(len(trees) / GROUPS)
    step, shown, order = 0, [0.0, 0.0], list(range(len(trees)))
    for _ in range(EPOCHS):
        rng.shuffle(order)
        for begin in range(0, len(order), GROUPS):
            chosen = order[begin : begin + GROUPS]
            if new := [number for number in chosen if number not in before]:
                with torch.no_grad():
                    found = likelihoods(base, [trees[number] for number in new])
                before |= dict(zip(new, found.split([max(trees[number].owners) for number in new]), strict=True))
            gains = likelihoods(model, [trees[n] for n in chosen]) - torch.cat([before[n] for n in chosen])
            for group in optimizer.param_groups:
                group["lr"] = RATE * min(1, (step + 1) / WARM) * max(0.05, 1 - step / steps)
            loss = loss_of(gains)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            shown = [
                0.9 * shown[0] + 0.1 * loss.item(),
                0.9 * shown[1] + 0.1 * float((gains[::2] > gains[1::2]).float().mean()),
            ]
            if step % 20 == 0:
                left = (time.monotonic() - started) / step * (steps - step)
                print(
                    f"{step}/{steps} steps, loss {shown[0]:.3f}, {shown[1]:.0%} of pairs right, {left:,.0f} s left",
                    flush=True,
                )


@torch.no_grad()
def held_out(model: Any, base: Any, trees: list[Tree]) -> dict[str, float]:
    """Of sources that were not trained on: the share of pairs whose right statement gains more, and the area under the curve of all."""
    gains = torch.cat([likelihoods(model, [one]) - likelihoods(base, [one]) for one in trees])
    right, wrong = gains[::2], gains[1::2]
    above = (right[:, None] > wrong).float().mean().item()
    return {"pairs": (right > wrong).float().mean().item(), "area": above}


def adapter(model: Any, base: Any, rank: int = RANK) -> tuple[dict[str, torch.Tensor], list[str]]:
    """The changes of the trained matrices at their best low rank (Eckart and Young 1936), by the names of `peft`."""
    found, modules = dict[str, torch.Tensor](), set[str]()
    for (name, after), before in zip(model.named_parameters(), base.parameters(), strict=True):
        if not after.requires_grad:
            continue
        left, values, right = torch.linalg.svd(after.detach().float() - before.detach().float(), full_matrices=False)
        scale, stem = values[:rank].sqrt(), f"base_model.model.{name.removesuffix('.weight')}"
        found[f"{stem}.lora_A.weight"] = (scale[:, None] * right[:rank]).to(torch.bfloat16).contiguous()
        found[f"{stem}.lora_B.weight"] = (left[:, :rank] * scale).to(torch.bfloat16).contiguous()
        modules.add(stem.rpartition(".")[2])
    return found, sorted(modules)


def write(
    folder: Path, tensors: dict[str, torch.Tensor], modules: list[str], base: str, figures: dict[str, float]
) -> None:
    """The adapter as `peft` writes it, and what it was trained for and can do."""
    from peft import LoraConfig
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    settings = LoraConfig(r=RANK, lora_alpha=RANK, target_modules=modules, task_type="CAUSAL_LM", inference_mode=True)
    settings.base_model_name_or_path = base
    settings.save_pretrained(str(folder))
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    (folder / "reader.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Train and write the reader."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="folder of SmolLM2-135M-Instruct (docs/smollm2.py), or its hub name")
    parser.add_argument("--out", type=Path, required=True, help="folder of the adapter")
    options = parser.parse_args()
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model, base = (AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32) for _ in range(2))
    trees = [tree(tokenizer, *one) for one in sources()]
    train(model, base, [one for number, one in enumerate(trees) if number % HELD])
    tensors, modules = adapter(model, base)
    figures = held_out(model, base, trees[::HELD])
    print(json.dumps(figures))
    write(options.out, tensors, modules, Path(options.model).name, figures)


if __name__ == "__main__":
    main()
