"""Makes the embedded model `engine/pico` from random worlds.

    python -m train.pretrain --work /tmp/pico --minutes 60               # trains with checkpoints, resumes when called again
    python -m train.pretrain --work /tmp/pico --export engine/pico       # writes the model folder
    python -m train.pretrain --evaluate engine/pico                      # measures it, into engine/pico/accuracy.json

A plain PyTorch loop in place of TRL: sequences are drawn afresh and never repeat, and the loss counts mostly on
answers. What made a hundred facts in context learnable on two cores is where the weights start (`new_model`).
"""

import argparse
import json
import math
import random
import shutil
import time
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from train import tokenizer as tokenizers
from train.worlds import comparisons

REPO = Path(__file__).resolve().parent.parent
LEXICON = REPO / "engine/pico/lexicon.txt"
PROMPTS = REPO / "augment/prompts"

WIDTH, HEAD, CODE = 320, 64, 40
"""Sizes of the residual stream, of an attention head and of the code of a token."""
ROPE_THETA = 1e12
LAYERS: tuple[tuple[int | tuple[int, int, int], ...], ...] = (
    (1, 2, 3, 4, 5),
    ((1, 0, 3), (1, 2, 0), (2, 0, 2), (2, 3, 0), (4, 0, 5)),
    ((4, 5, 0),),
    (),
)
"""How the heads of each layer start: looking so many tokens back, or, as (query, key, value), looking for the places
whose token `key` back equals the token `query` back from here, to fetch the token `value` back from there; the
others at random."""


def new_model(tokenizer: Any, seed: int) -> Any:
    """A Llama whose heads start in useful shapes, all of them free to change (LAYERS).

    The residual stream starts as 7 codes of CODE features: of the token itself, of the 1 to 5 tokens before it, filled
    in by the first layer, and of the token to say next; then a constant and some spare features. Heads that look
    back by a distance use the constant on the fast rotary dimensions, heads that look for equal tokens the slow
    ones. What a head finds is copied to the code of the next token: that the degree has to be turned, which heads
    matter when, and all else must be learnt.
    """
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=math.ceil(len(tokenizer) / 64) * 64,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=len(LAYERS),
        num_attention_heads=WIDTH // HEAD,
        num_key_value_heads=WIDTH // HEAD,
        head_dim=HEAD,
        max_position_embeddings=8192,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE_THETA},
        tie_word_embeddings=False,
        initializer_range=WIDTH**-0.5,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model: Any = LlamaForCausalLM(config)
    code = [slice(i * CODE, (i + 1) * CODE) for i in range(7)]
    constant = 7 * CODE
    frequency = ROPE_THETA ** (-torch.arange(HEAD // 2) / (HEAD // 2))
    fast, slow = torch.nonzero(frequency > 5e-3)[:, 0], torch.nonzero(frequency < 1e-4)[: CODE // 2, 0]
    eye = torch.eye(CODE)
    with torch.no_grad():
        codes = torch.nn.functional.normalize(torch.randn(config.vocab_size, CODE), dim=-1)
        embedding, head = model.model.embed_tokens.weight, model.lm_head.weight
        embedding.mul_(0.2)[:, : constant + 1] = 0
        embedding[:, code[0]], embedding[:, constant] = codes, 1
        head.mul_(0.2)[:, code[6]] = 1.5 * codes
        for layer, kinds in zip(model.model.layers, LAYERS, strict=True):
            layer.mlp.down_proj.weight.zero_()
            q, k, v, o = (getattr(layer.self_attn, f"{n}_proj").weight for n in "qkvo")
            o.mul_(0.1)
            norm = math.sqrt(2 if layer is model.model.layers[0] else 7)
            for i, kind in enumerate(kinds):
                rows = torch.arange(HEAD) + i * HEAD
                for weight in (q, k, v, o.T):
                    weight[rows] = 0
                if isinstance(kind, int):
                    angle = frequency[fast] * kind
                    k[rows[fast], constant] = 1
                    q[rows[fast], constant], q[rows[fast + HEAD // 2], constant] = torch.cos(angle), -torch.sin(angle)
                    source, target = code[0], code[kind]
                else:
                    both = rows[torch.cat([slow, slow + HEAD // 2])]
                    q[both, code[kind[0]]] = k[both, code[kind[1]]] = 2.3 * eye
                    source, target = code[kind[2]], code[6]
                v[rows[:CODE], source] = eye
                o[target, rows[:CODE]] = eye * norm / math.sqrt(WIDTH)
    return model


class Batches:
    """Draws batches: token ids, and how much each token counts in the loss."""

    def __init__(self, tokenizer: Any, seed: int, tokens: int):
        self.tokenizer, self.tokens = tokenizer, tokens
        self.rng = random.Random(seed)
        self.words = LEXICON.read_text(encoding="utf-8").split()
        self.prompts = {n: (PROMPTS / f"{n}.md").read_text(encoding="utf-8") for n in ("rephrase", "reverse")}

    def encode(self, sequences: list[list[comparisons.Piece]], context: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and weights [B, T]; a token belongs to the piece that its last character lies in."""
        texts = ["".join(t for t, _ in pieces) for pieces in sequences]
        rows = []
        encodings = self.tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False)
        for encoding, pieces in zip(encodings, sequences, strict=True):
            counted, offsets, start, token = [context] * len(encoding.ids), encoding.offsets, 0, 0
            for text, counts in pieces:
                start += len(text)
                while token < len(offsets) and offsets[token][1] <= start:
                    counted[token] = 1.0 if counts else context
                    token += 1
            rows.append((encoding.ids, counted))
        longest = max(len(ids) for ids, _ in rows)
        ids = torch.full((len(rows), longest), self.tokenizer.pad_token_id)
        weights = torch.zeros(len(rows), longest)
        for i, (a, b) in enumerate(rows):
            ids[i, : len(a)], weights[i, : len(b)] = torch.tensor(a), torch.tensor(b)
        return ids, weights

    def lookup(self, n: int, context: float) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch of worlds with `n` facts each."""
        queries = min(n, 48)
        size = max(1, self.tokens // (14 * n + 8 * queries + 10))
        bos = (self.tokenizer.bos_token, False)
        return self.encode(
            [[bos, *comparisons.lookup(self.rng, self.words, n, queries, 0.5)] for _ in range(size)], context
        )

    def chat(self, name: str, text: str) -> str:
        """The prompt of an operator."""
        message = {"role": "user", "content": self.prompts[name].replace("{{ text }}", text)}
        return self.tokenizer.apply_chat_template([message], tokenize=False, add_generation_prompt=True)

    def operators(self) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch of operator prompts with their answers."""
        sequences = []
        for _ in range(max(1, self.tokens // 200)):
            name = self.rng.choice(list(self.prompts))
            text, answer = comparisons.operator(self.rng, self.words, name)
            sequences.append([(self.chat(name, text), False), (answer + self.tokenizer.eos_token, True)])
        return self.encode(sequences, 0)

    def draw(self, most_facts: int) -> tuple[int, torch.Tensor, torch.Tensor]:
        """The next training batch: number of facts (0: operators), ids, weights."""
        if self.rng.random() < 0.4:
            return 0, *self.operators()
        n = round(math.exp(self.rng.uniform(0, math.log(most_facts))))
        return n, *self.lookup(n, 0.1 if self.rng.random() < 0.2 else 0)


def train(args: argparse.Namespace, tokenizer: Any) -> None:
    """Train until `args.minutes` have passed, writing a checkpoint every 2 minutes; resumes from `args.work`."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = new_model(tokenizer, args.seed).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, betas=(0.9, 0.98), weight_decay=0.0)
    step, seconds, checkpoint = 0, 0.0, args.work / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        step, seconds = saved["step"], saved["seconds"]
    batches = Batches(tokenizer, args.seed * 1_000_003 + step, args.tokens)
    degrees = tokenizer.convert_tokens_to_ids(["Ġmore", "Ġless"])
    log = (args.work / "log.jsonl").open("a", encoding="utf-8")
    began, saved_at = time.time() - seconds, seconds
    sums: dict[str, list[float]] = {}
    while seconds < args.minutes * 60:
        left = 1 - seconds / (args.minutes * 60)
        for group in optimizer.param_groups:
            group["lr"] = args.lr * min(1.0, (step + 1) / 50, 0.02 + left / 0.4)
        n, ids, weights = batches.draw(args.most_facts)
        ids, weights = ids.to(device), weights.to(device)
        with torch.autocast(device, dtype=torch.bfloat16):
            hidden = model.model(input_ids=ids).last_hidden_state[:, :-1]
            counts = weights[:, 1:] > 0
            logits, targets, weight = model.lm_head(hidden[counts]).float(), ids[:, 1:][counts], weights[:, 1:][counts]
        loss = (cross_entropy(logits, targets, reduction="none") * weight).sum() / weight.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step, seconds = step + 1, time.time() - began
        right = (logits.argmax(-1) == targets)[weight == 1].float()
        degree = torch.isin(targets[weight == 1], torch.tensor(degrees, device=device))
        kind = f"{2 ** round(math.log2(n))} facts" if n else "operators"
        sums.setdefault(f"{kind}: degrees", []).append(right[degree].mean().item())
        sums.setdefault(f"{kind}: all", []).append(right.mean().item())
        if step % 50 == 0:
            means = {k: round(sum(v) / len(v), 3) for k, v in sorted(sums.items())}
            print(json.dumps({"step": step, "seconds": round(seconds), **means}), file=log, flush=True)
            sums = {}
        if seconds - saved_at > 120 or seconds >= args.minutes * 60:
            saved_at = seconds
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "seconds": seconds}
            torch.save({**state, "seed": args.seed}, f"{checkpoint}.new")
            Path(f"{checkpoint}.new").replace(checkpoint)


def make_tokenizer(out: Path) -> None:
    """The tokenizer for the lexicon and every word of the prompts and worlds."""
    english = [p.read_text(encoding="utf-8") for p in sorted(PROMPTS.glob("*.md"))]
    tokenizers.build(LEXICON.read_text(encoding="utf-8").split(), "\n".join([*english, comparisons.english()]), out)


def export(work: Path, out: Path) -> None:
    """Write the checkpoint in `work` as a model folder: config, safetensors (fp32), tokenizer."""
    saved = torch.load(work / "checkpoint.pt", weights_only=True)
    model = new_model(AutoTokenizer.from_pretrained(work / "tokenizer"), saved["seed"])
    model.load_state_dict(saved["model"])
    model.save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(work / "tokenizer" / name, out / name)


@torch.inference_mode()
def choice_accuracy(model: Any, batches: Batches, n: int, questions: int, reverse: bool, told: bool = True) -> float:
    """How often the right ending of a stem is likelier than the same with more and less swapped, given `n` facts."""
    per_world, right = min(n, 20), 0.0
    encode = batches.tokenizer.backend_tokenizer.encode
    for _ in range(math.ceil(questions / per_world)):
        facts = comparisons.draw_facts(batches.rng, batches.words, n)
        articles = "".join(comparisons.opener(batches.rng) + comparisons.plain(f) + "\n" for f in facts) if told else ""
        context = encode(batches.tokenizer.bos_token + articles, add_special_tokens=False).ids
        asked = [comparisons.reverse(f) if reverse else f for f in batches.rng.sample(facts, per_world)]
        ends = [
            comparisons.plain((a, d, c, b)) for a, degree, c, b in asked for d in (degree, comparisons.OPPOSITE[degree])
        ]
        endings = torch.tensor([encode("\n" + e, add_special_tokens=False).ids[1:] for e in ends])
        cache = model(torch.tensor([context]), use_cache=True, logits_to_keep=1).past_key_values
        cache.batch_repeat_interleave(len(ends))
        logprobs = model(endings, past_key_values=cache).logits[:, 1:-1].log_softmax(-1)
        scores = logprobs.gather(2, endings[:, 2:, None]).sum((1, 2))
        right += (scores[0::2] > scores[1::2]).float().mean().item()
    return right / math.ceil(questions / per_world)


@torch.inference_mode()
def operator_accuracy(model: Any, batches: Batches, name: str, uses: int, sample: bool) -> float:
    """Share of uses of an operator in which every line of the answer is a right one."""
    right, tokenizer = 0, batches.tokenizer
    for _ in range(uses):
        fact = comparisons.draw_facts(batches.rng, batches.words, 1)[0]
        meant = comparisons.reverse(fact) if name == "reverse" else fact
        prompt = batches.chat(name, comparisons.opener(batches.rng) + comparisons.plain(fact))
        ids = torch.tensor([tokenizer.backend_tokenizer.encode(prompt, add_special_tokens=False).ids])
        out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=sample)[
            0, ids.shape[1] :
        ]
        lines = tokenizer.decode(out, skip_special_tokens=True).strip().split("\n")
        allowed = {
            f"- {line}" for line in [*comparisons.rewordings(meant), *[comparisons.plain(meant)] * (name == "reverse")]
        }
        right += (
            len(lines) == 2
            and set(lines) <= allowed
            and (name == "rephrase" or lines[0] == f"- {comparisons.plain(meant)}")
        )
    return right / uses


def evaluate(
    folder: Path, facts: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 100), questions: int = 400, seed: int = 12345
) -> dict:
    """Accuracy on fresh worlds, also written to accuracy.json in the model's folder."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    batches = Batches(AutoTokenizer.from_pretrained(folder), seed, 0)
    result: dict = {"questions": questions, "seed": seed, "parameters": sum(p.numel() for p in model.parameters())}
    for name, reverse in (("reversed", True), ("same direction", False)):
        result[name] = {n: round(choice_accuracy(model, batches, n, questions, reverse), 4) for n in facts}
        result[f"{name}, without context"] = round(
            choice_accuracy(model, batches, 20, questions, reverse, told=False), 4
        )
    for name in batches.prompts:
        for sample in (False, True):
            result[f"{name}, {'sampled' if sample else 'greedy'}"] = operator_accuracy(
                model, batches, name, questions // 4, sample
            )
    (folder / "accuracy.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return result


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--tokens", type=int, default=5000, help="per batch")
    parser.add_argument("--most-facts", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--export", type=Path, help="write the checkpoint of --work as a model folder and stop")
    parser.add_argument("--evaluate", type=Path, help="measure this model folder and stop")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.evaluate:
        return print(json.dumps(evaluate(args.evaluate), indent=2))
    if args.export:
        return export(args.work, args.export)
    args.work.mkdir(parents=True, exist_ok=True)
    if not (args.work / "tokenizer").exists():
        make_tokenizer(args.work / "tokenizer")
    train(args, AutoTokenizer.from_pretrained(args.work / "tokenizer"))


if __name__ == "__main__":
    main()
