"""Makes the embedded model `engine/pico` from random worlds.

    python -m train.pretrain --minutes 120 --work /tmp/pico     # trains with checkpoints, resumes when called again
    python -m train.pretrain --export /tmp/pico --out engine/pico

A plain PyTorch loop in place of TRL: sequences are drawn afresh and never repeat, the loss counts on answers
only and the number of facts in context rises with ability. Two things made long contexts learnable on two cores
(docs/log.md has the runs): heads that start out attending to the same word elsewhere ("mimetic" initialisation,
after Trockman and Kolter 2023), and many questions per context.
"""

import argparse
import json
import math
import random
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from train import tokenizer as tokenizers
from train.worlds import comparisons

REPO = Path(__file__).resolve().parent.parent
ROPE_THETA = 1e9
HEADS = (
    ("1", "2", "3", "5", "4", "6"),
    ("same", "same", "same", "", "", ""),
    ("same", "same", "", "1", "2", "4"),
    ("", "", "", "1", "2", "4"),
)
SMALL = {HEADS[0]: ("1","2","3","5"), HEADS[1]: ("same","same","",""), HEADS[2]: ("same","","1","2"), HEADS[3]: ("","","1","2")}
"""How the heads of the first, the middle and the last two layers start: so many tokens back, at the same word, or at random."""
LEXICON = REPO / "engine/pico/lexicon.txt"
PROMPTS = REPO / "augment/prompts"


@dataclass
class State:
    """What a checkpoint keeps beside the weights."""

    step: int = 0
    seconds: float = 0.0
    cap: int = 8
    """Largest number of facts drawn at present."""
    reversed_share: float = 1.0
    """Share of questions asked in reverse: none until the same direction is known."""
    recent: float = 0.5
    """Running accuracy on reversals with more than half of `cap` facts."""


def new_model(tokenizer: PreTrainedTokenizerFast, width: int, layers: int, head: int, seed: int) -> LlamaForCausalLM:
    """A Llama whose heads start in useful shapes, all of them free to change.

    See HEADS. Looking back by a distance: a feature that is constant in all embeddings, on fast rotary dimensions.
    Looking at the same word: equal query and key weights on slow ones (Trockman and Kolter 2023). Blocks start
    as no-ops (zero output weights).
    """
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=math.ceil(len(tokenizer) / 64) * 64,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // head,
        num_key_value_heads=width // head,
        head_dim=head,
        max_position_embeddings=8192,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE_THETA},
        tie_word_embeddings=True,
        initializer_range=width**-0.5,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        attention_bias=False,
    )
    model = LlamaForCausalLM(config)
    half = head // 2
    frequency = ROPE_THETA ** (-torch.arange(half) / half)
    fast, slow = torch.nonzero(frequency > 3e-3)[:, 0], torch.nonzero(frequency < 5e-4)[:, 0]
    with torch.no_grad():
        model.model.embed_tokens.weight.normal_(std=0.3)[:, 0] = 0.6
        model.model.norm.weight.fill_(0.1)
        for layer in model.model.layers:
            if layer is not model.model.layers[0]:
                layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        layout = HEADS[:1] + HEADS[1:2] * (layers - 3) + HEADS[2:]
        for layer, kinds in zip(model.model.layers, layout, strict=True):
            attention = layer.self_attn
            for i, kind in enumerate(kinds if width // head == 6 else SMALL[kinds]):
                if kind == "same":
                    rows = i * head + torch.cat([slow, half + slow])
                    basis = torch.linalg.qr(torch.randn(width, len(rows)))[0].T
                    basis[:, 0] = 0
                    attention.q_proj.weight[rows] = attention.k_proj.weight[rows] = 1.6 * basis
                elif kind:
                    rows = slice(i * head, (i + 1) * head)
                    attention.q_proj.weight[rows] = attention.k_proj.weight[rows] = 0
                    angle = frequency[fast] * int(kind)
                    attention.k_proj.weight[i * head + fast, 0] = 3.5
                    attention.q_proj.weight[i * head + fast, 0] = 3.5 * torch.cos(angle)
                    attention.q_proj.weight[i * head + half + fast, 0] = -3.5 * torch.sin(angle)
    return model


class Batches:
    """Draws batches: token ids, and labels that are -100 where the loss does not count."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, seed: int, tokens: int, operator_share: float = 0.1, context_weight: float = 0.1):
        self.context_weight = context_weight
        self.degree_weight = 1.0
        self.degrees = {tokenizer.convert_tokens_to_ids("Ġ" + w) for w in ("more", "less")}
        self.operator_share = operator_share
        self.tokenizer, self.tokens = tokenizer, tokens
        self.rng = random.Random(seed)
        self.words = LEXICON.read_text(encoding="utf-8").split()
        self.prompts = {n: (PROMPTS / f"{n}.md").read_text(encoding="utf-8") for n in ("rephrase", "reverse")}

    def encode(self, sequences: list[list[comparisons.Piece]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and weights [B, T] of the loss; a token belongs to the piece that its last character lies in."""
        texts = ["".join(t for t, _ in pieces) for pieces in sequences]
        rows = []
        for encoding, pieces in zip(self.tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False), sequences):
            ids, weights = encoding.ids, [self.context_weight] * len(encoding.ids)
            start, token = 0, 0
            for text, counts in pieces:
                start += len(text)
                while token < len(ids) and encoding.offsets[token][1] <= start:
                    if counts:
                        weights[token] = self.degree_weight if ids[token] in self.degrees else 1.0
                    token += 1
            rows.append((ids, weights))
        longest = max(len(ids) for ids, _ in rows)
        ids = torch.full((len(rows), longest), self.tokenizer.pad_token_id)
        weights = torch.zeros(len(rows), longest)
        for i, (a, b) in enumerate(rows):
            ids[i, : len(a)], weights[i, : len(b)] = torch.tensor(a), torch.tensor(b)
        return ids, weights

    def lookup(self, n: int, reversed_share: float, queries: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch of worlds with `n` facts each."""
        size = max(1, self.tokens // (14 * n + 9 * min(n, queries)))
        bos = (self.tokenizer.bos_token, False)
        return self.encode([[bos, *comparisons.lookup(self.rng, self.words, n, queries, reversed_share)] for _ in range(size)])

    def operators(self) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch of operator prompts with their answers, through the chat template."""
        sequences = []
        for _ in range(max(1, self.tokens // 200)):
            name = self.rng.choice(["rephrase", "reverse"])
            text, answer = comparisons.operator(self.rng, self.words, name)
            message = {"role": "user", "content": self.prompts[name].replace("{{ text }}", text)}
            prompt = self.tokenizer.apply_chat_template([message], tokenize=False, add_generation_prompt=True)
            sequences.append([(prompt, False), (answer + self.tokenizer.eos_token, True)])
        return self.encode(sequences)

    def draw(self, cap: int, reversed_share: float) -> tuple[str, int, torch.Tensor, torch.Tensor]:
        """The next training batch: kind, number of facts, ids, labels."""
        if self.rng.random() < self.operator_share:
            return "operators", 1, *self.operators()
        n = round(math.exp(self.rng.uniform(0, math.log(cap)))) if self.rng.random() < 0.5 else self.rng.randint(cap // 2, cap)
        return "lookup", n, *self.lookup(n, reversed_share)


def forward(model: LlamaForCausalLM, ids: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Logits and targets at the positions whose next token counts: [K, vocab] and [K]."""
    with torch.autocast(ids.device.type, dtype=torch.bfloat16):
        hidden = model.model(input_ids=ids).last_hidden_state[:, :-1]
        chosen = weights[:, 1:] > 0
        return model.lm_head(hidden[chosen]).float(), ids[:, 1:][chosen], weights[:, 1:][chosen]


def degree_accuracy(logits: torch.Tensor, targets: torch.Tensor, degrees: tuple[int, int]) -> float:
    """How often the right one of "more" and "less" is the likelier, where the target is one of them."""
    where = (targets == degrees[0]) | (targets == degrees[1])
    pair = logits[where][:, list(degrees)]
    return (pair.argmax(-1) == (targets[where] == degrees[1]).long()).float().mean().item()


def train(args: argparse.Namespace, tokenizer: PreTrainedTokenizerFast) -> None:
    """Train until `args.minutes` have passed, writing a checkpoint every 5 minutes; resumes from `args.work`."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    shape = (args.width, args.layers, args.head, args.seed)
    model = new_model(tokenizer, *shape).to(device)
    (args.work / "shape.json").write_text(json.dumps(shape), encoding="utf-8")
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "layers" in n]
    groups = [
        {"params": [model.model.embed_tokens.weight], "rate": 0.003},
        {"params": [p for p in model.parameters() if p.ndim < 2], "rate": 0.002},
    ]
    optimizers = [
        torch.optim.AdamW([{"params": matrices, "rate": args.lr}], betas=(0.9, 0.98), weight_decay=0.0) if args.adam else torch.optim.Muon([{"params": matrices, "rate": args.lr}], momentum=0.95, weight_decay=0.0),
        torch.optim.AdamW(groups, betas=(0.8, 0.95), eps=1e-10, weight_decay=0.0),
    ]
    state, checkpoint = State(cap=args.cap), args.work / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        for optimizer, kept in zip(optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        state = State(**saved["state"])
    batches = Batches(tokenizer, args.seed * 1_000_003 + state.step, args.tokens)
    degrees = (tokenizer.convert_tokens_to_ids("Ġmore"), tokenizer.convert_tokens_to_ids("Ġless"))
    adjectives = torch.tensor([tokenizer.convert_tokens_to_ids("Ġ" + a) for a in comparisons.ADJECTIVES])
    names = torch.tensor([tokenizer.convert_tokens_to_ids("Ġ" + w) for w in batches.words])
    log = (args.work / "log.jsonl").open("a", encoding="utf-8")
    last, offset, saved_at = time.time(), state.seconds, state.seconds
    started, operator_loss = time.time(), float("nan")
    while state.seconds < args.minutes * 60:
        left = max(0.0, 1 - state.seconds / (args.minutes * 60))
        rate = min(1.0, (state.step + 1) / 100) * min(1.0, 0.02 + left / args.decay)
        for group in optimizers[0].param_groups + optimizers[1].param_groups:
            group["lr"] = group["rate"] * rate
        kind, n, ids, weights = batches.draw(state.cap, state.reversed_share)
        logits, targets, weight = forward(model, ids.to(device), weights.to(device))
        losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
        loss = (losses * weight).sum() / weight.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        logits, targets = logits[weight >= 1], targets[weight >= 1]
        state.step += 1
        state.seconds = offset + time.time() - started
        if kind == "operators":
            operator_loss = loss.item()
        elif n > state.cap / 2:
            state.recent += 0.05 * (degree_accuracy(logits, targets, degrees) - state.recent)
            if state.recent > 0.93 and state.reversed_share == 1:
                state.reversed_share, state.recent = 0.65, 0.5
            elif state.recent > 0.93 and state.cap < args.most_facts:
                state.cap, state.recent = min(args.most_facts, math.ceil(state.cap * 1.4)), state.recent - 0.1
        if state.step % 50 == 0:
            right = (logits.argmax(-1) == targets).float()
            kinds = {"names": torch.isin(targets, names), "adjectives": torch.isin(targets, adjectives)} if kind == "lookup" else {}
            row = {k: right[w].mean().item() for k, w in kinds.items()} | asdict(state) | {"n": n, "loss": loss.item(), "operators": operator_loss, "ids": ids.numel(), "s": (time.time() - last) / 50}
            last = time.time()
            print(json.dumps({k: round(v, 4) for k, v in row.items()}), file=log, flush=True)
        if state.seconds - saved_at > 300 or state.seconds >= args.minutes * 60:
            saved_at = state.seconds
            torch.save({"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "state": asdict(state)}, f"{checkpoint}.new")
            Path(f"{checkpoint}.new").replace(checkpoint)


def make_tokenizer(out: Path) -> None:
    """The tokenizer for the lexicon and every word of the prompts and worlds."""
    english = [p.read_text(encoding="utf-8") for p in sorted(PROMPTS.glob("*.md"))]
    english += [p.read_text(encoding="utf-8") for p in sorted((REPO / "train/worlds").glob("*.py"))]
    tokenizers.build(LEXICON.read_text(encoding="utf-8").split(), "\n".join(english), out)


def export(work: Path, out: Path) -> None:
    """Write the checkpoint in `work` as a model folder: config, safetensors (fp32), tokenizer."""
    words = AutoTokenizer.from_pretrained(work / "tokenizer")
    model = new_model(words, *json.loads((work / "shape.json").read_text()))
    model.load_state_dict(torch.load(work / "checkpoint.pt", weights_only=True)["model"])
    model.save_pretrained(out)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(work / "tokenizer" / name, out / name)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--lr", type=float, default=0.02)
    parser.add_argument("--tokens", type=int, default=6000)
    parser.add_argument("--cap", type=int, default=8)
    parser.add_argument("--most-facts", type=int, default=128)
    parser.add_argument("--decay", type=float, default=0.3, help="last share of the time in which the rate falls")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--head", type=int, default=32)
    parser.add_argument("--adam", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--export", type=Path, help="write the checkpoint of --work as a model folder and stop")
    args = parser.parse_args()
    if args.export:
        return export(args.work, args.export)
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    if not (args.work / "tokenizer").exists():
        make_tokenizer(args.work / "tokenizer")
    train(args, AutoTokenizer.from_pretrained(args.work / "tokenizer"))


if __name__ == "__main__":
    main()
