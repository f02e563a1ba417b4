"""Makes the embedded model `engine/pico` from random worlds.

    python -m train.pico.pretrain --work /tmp/pico --minutes 40              # trains with checkpoints, resumes when called again
    python -m train.pico.pretrain --work /tmp/pico --export engine/pico       # writes the model folder
    python -m train.pico.pretrain --evaluate engine/pico                      # measures it, into engine/pico/accuracy.json

A plain PyTorch loop in place of TRL: sequences are drawn afresh and never repeat, and the loss counts mostly on
answers. What made a hundred facts in context learnable on two cores is where the weights start (`train/pico/model.py`).
"""

import argparse
import json
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from transformers import AutoModelForCausalLM, AutoTokenizer

from augment.operators.templates import SHIPPED, TURN
from train.pico import tokenizer as tokenizers
from train.pico.accuracy import evaluate
from train.pico.batches import LEXICON, WORLDS, Batches
from train.pico.model import new_model


def train(args: argparse.Namespace, tokenizer: Any) -> None:
    """Train until `args.minutes` have passed, writing checkpoints; resumes from `args.work`."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if args.start:
        model: Any = AutoModelForCausalLM.from_pretrained(args.start, dtype=torch.float32)
    else:
        model = new_model(tokenizer, LEXICON.read_text(encoding="utf-8").split(), args.seed)
    model = model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, betas=(0.9, 0.98), weight_decay=0.0)
    step, seconds, checkpoint = 0, 0.0, args.work / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        step, seconds = saved["step"], saved["seconds"]
    batches = drawn(tokenizer, args, step)
    log = (args.work / "log.jsonl").open("a", encoding="utf-8")
    began, saved_at = time.time() - seconds, seconds
    sums: dict[str, list[float]] = defaultdict(list)
    while seconds < args.minutes * 60:
        left = 1 - seconds / (args.minutes * 60)
        for group in optimizer.param_groups:
            group["lr"] = args.lr * min(1.0, (step + 1) / 50, 0.02 + left / 0.5)
        kind, packed = next(batches)
        ids, places, weights, seen = (t.to(device) for t in packed)
        with torch.autocast(device, dtype=torch.bfloat16):
            hidden = model.model(input_ids=ids, position_ids=places, attention_mask=seen).last_hidden_state
            counts = weights[:, 1:] > 0
            logits = model.lm_head(hidden[:, :-1][counts]).float()
        targets, weight = ids[:, 1:][counts], weights[:, 1:][counts]
        losses = cross_entropy(logits, targets, reduction="none")
        ((losses * weight).sum() / weight.sum()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step, seconds = step + 1, time.time() - began
        sums[kind].append(losses[weight == 1].mean().item())
        sums[f"{kind}, right"].append((logits.argmax(-1) == targets)[weight == 1].float().mean().item())
        if step % 25 == 0:
            means = {k: round(sum(v) / len(v), 3) for k, v in sorted(sums.items())}
            print(json.dumps({"step": step, "seconds": round(seconds), **means}), file=log, flush=True)
            sums.clear()
        if seconds - saved_at > args.save_seconds or seconds >= args.minutes * 60:
            saved_at = seconds
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "seconds": seconds}
            torch.save({**state, "seed": args.seed}, f"{checkpoint}.new")
            Path(f"{checkpoint}.new").replace(checkpoint)


class Stream(IterableDataset):
    """Batches without end; every process that draws has a seed of its own."""

    def __init__(self, tokenizer: Any, seed: int, tokens: int, largest: float):
        self.tokenizer, self.seed, self.tokens, self.largest = tokenizer, seed, tokens, largest

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        batches = Batches(self.tokenizer, self.seed + 100_003 * (worker.id if worker else 0), self.tokens, self.largest)
        while True:
            yield batches.draw()


def drawn(tokenizer: Any, args: argparse.Namespace, step: int) -> Iterator[Any]:
    """Batches from `step` on, drawn by `args.workers` processes: a GPU trains faster than one process draws."""
    stream = Stream(tokenizer, args.seed * 1_000_003 + step, args.tokens, args.largest)
    return iter(DataLoader(stream, batch_size=None, num_workers=args.workers))


def make_tokenizer(out: Path) -> None:
    """The tokenizer for the lexicon and every word of the prompts and worlds."""
    english = [TURN.sub("", p.read_text(encoding="utf-8")) for p in sorted((SHIPPED / "pico").glob("*.md"))]
    english += [world.english() for world in WORLDS.values()]
    tokenizers.build(LEXICON.read_text(encoding="utf-8").split(), "\n".join(english), out)


def export(work: Path, out: Path) -> None:
    """Write the checkpoint in `work` as a model folder: config, safetensors (fp32), tokenizer."""
    saved = torch.load(work / "checkpoint.pt", weights_only=True)
    tokenizer = AutoTokenizer.from_pretrained(work / "tokenizer")
    model = new_model(tokenizer, LEXICON.read_text(encoding="utf-8").split(), saved["seed"])
    model.load_state_dict(saved["model"])
    model.save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    copy_tokenizer(work / "tokenizer", out)


def copy_tokenizer(source: Path, out: Path) -> None:
    """Copy the files of `make_tokenizer`."""
    out.mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(source / name, out / name)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--tokens", type=int, default=5000, help="per batch")
    parser.add_argument(
        "--largest", type=float, default=1.0, help="largest contexts, as a share of the worlds' own limits"
    )
    parser.add_argument("--start", type=Path, help="a model folder whose weights and tokenizer to go on from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=0, help="processes that draw batches; 0 draws between the steps")
    parser.add_argument("--save-seconds", type=float, default=120, help="between checkpoints")
    parser.add_argument("--export", type=Path, help="write the checkpoint of --work as a model folder and stop")
    parser.add_argument("--evaluate", type=Path, help="measure this model folder and stop")
    parser.add_argument("--questions", type=int, default=200, help="per cell of --evaluate")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.evaluate:
        return print(json.dumps(evaluate(args.evaluate, args.questions), indent=2))
    if args.export:
        return export(args.work, args.export)
    args.work.mkdir(parents=True, exist_ok=True)
    if not (args.work / "tokenizer").exists():
        if args.start:
            copy_tokenizer(args.start, args.work / "tokenizer")
        else:
            make_tokenizer(args.work / "tokenizer")
    train(args, AutoTokenizer.from_pretrained(args.work / "tokenizer"))


if __name__ == "__main__":
    main()
