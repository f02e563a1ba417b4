"""Measures the embedded model on fresh worlds: choices given facts in context, and the answers to operator prompts."""

import json
import math
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from train.pico.batches import LEXICON, WORLDS, Sequence, asked, chat, encode, pack
from train.pico.worlds import traces

SIZES = {
    "comparisons": (1, 2, 4, 8, 16, 32, 64, 100),
    "syllogisms": (1, 4, 8, 16, 33, 48, 69),
    "hierarchies": (8, 12, 16, 24, 32, 48),
}
TOPICS = (8, 12, 24, 48)
"""Of the documents over which traces are asked for."""
PER_WORLD = 20


@torch.inference_mode()
def scores(model: Any, sequence: Sequence) -> list[float]:
    """Log-likelihood of what counts in each row."""
    ids, places, _, seen = pack([sequence])
    hidden = model.model(input_ids=ids, position_ids=places, attention_mask=seen).last_hidden_state[0]
    result, start = [], len(sequence.context)
    for row, before in sequence.rows:
        logprobs = model.lm_head(hidden[start + before - 1 : start + len(row) - 1]).log_softmax(-1)
        result.append(logprobs.gather(1, torch.tensor(row[before:])[:, None]).sum().item())
        start += len(row)
    return result


def choice_accuracy(
    model: Any, tokenizer: Any, rng: Random, world: str, n: int, questions: int, told: bool = True
) -> dict[str, float]:
    """Per split, how often the likeliest choice (sum of log-likelihoods) is a right one, given `n` facts or documents;
    `told=False` leaves them out."""
    words = LEXICON.read_text(encoding="utf-8").split()
    right: dict[str, list[bool]] = defaultdict(list)
    for _ in range(math.ceil(questions / 4)):
        context, drawn = WORLDS[world].exam(rng, words, n, PER_WORLD)
        if not drawn:
            continue
        rows = [(question.stem, choice) for question in drawn for choice in question.choices]
        found = scores(model, asked(tokenizer, context if told else "", rows))
        for question in drawn:
            own = [found.pop(0) for _ in question.choices]
            right[question.split].append(own.index(max(own)) in question.right)
        if right and all(len(r) >= questions for r in right.values()):
            break
    return {split: sum(r) / len(r) for split, r in right.items()}


@torch.inference_mode()
def answers(model: Any, tokenizer: Any, name: str, texts: list[str], temperature: float = 0.0) -> list[str]:
    """What the model answers to an operator's prompts; temperature 0 is greedy."""
    sampling = {"do_sample": True, "temperature": temperature} if temperature else {"do_sample": False}
    prompts, found = [chat(tokenizer, name, text) for text in texts], []
    for start in range(0, len(prompts), 50):
        batch = tokenizer(
            prompts[start : start + 50],
            add_special_tokens=False,
            padding=True,
            padding_side="left",
            return_tensors="pt",
            return_token_type_ids=False,
        )
        out = model.generate(**batch, max_new_tokens=240, **sampling)[:, batch.input_ids.shape[1] :]
        found += tokenizer.batch_decode(out, skip_special_tokens=True)
    return found


def operator_accuracy(
    model: Any, tokenizer: Any, rng: Random, world: str, name: str, uses: int, temperature: float
) -> float:
    """Share of uses of an operator in which every line of the answer is right and none is missing; 0 is greedy."""
    words = LEXICON.read_text(encoding="utf-8").split()
    drawn = [WORLDS[world].operator(rng, words, name) for _ in range(uses)]
    given = answers(model, tokenizer, name, [use.text for use in drawn], temperature)
    return sum(use.accepts(answer) for use, answer in zip(drawn, given, strict=True)) / uses


@torch.inference_mode()
def written(model: Any, tokenizer: Any, context: str, stems: list[str], most: int = 48) -> list[str]:
    """What the model writes, greedily, after each stem on a line of its own behind the context, up to the line's end."""
    sequence = asked(tokenizer, context, [(stem, "") for stem in stems])
    longest = max(len(ids) for ids, _ in sequence.rows)
    read = model(torch.tensor([sequence.context]), use_cache=True)
    read.past_key_values.batch_repeat_interleave(len(stems))
    # stems are filled up on their left with tokens that nobody sees, so that all go on from one place
    gaps = [longest - len(ids) for ids, _ in sequence.rows]
    ids = torch.tensor([[0] * gap + row for gap, (row, _) in zip(gaps, sequence.rows, strict=True)])
    before = torch.ones(len(stems), len(sequence.context), dtype=torch.long)
    seen = torch.cat([before, torch.tensor([[0] * gap + [1] * (longest - gap) for gap in gaps])], 1)
    places = (seen.cumsum(-1) - 1)[:, -longest:]
    end, texts, cache = encode(tokenizer, "a\nb")[1], [list[int]() for _ in stems], read.past_key_values
    for _ in range(most):
        out = model(ids, attention_mask=seen, position_ids=places, past_key_values=cache, use_cache=True)
        ids = out.logits[:, -1].argmax(-1, keepdim=True)
        for text, (token,) in zip(texts, ids.tolist(), strict=True):
            text.append(token)
        if all(end in text for text in texts):
            break
        seen, places = torch.cat([seen, seen[:, :1]], 1), places[:, -1:] + 1
    lines = [text[: text.index(end)] if end in text else text for text in texts]
    return [tokenizer.decode(line).strip() for line in lines]


def trace_accuracy(model: Any, tokenizer: Any, rng: Random, topics: int, questions: int) -> float:
    """Share of questions over so many topics whose trace, greedily written, ends in a right conclusion."""
    words, right = LEXICON.read_text(encoding="utf-8").split(), list[bool]()
    while len(right) < questions:
        context, drawn = traces.exam(rng, words, topics, min(PER_WORLD, questions - len(right)))
        for text, (_, conclusions) in zip(
            written(model, tokenizer, context, [s for s, _ in drawn]), drawn, strict=True
        ):
            right.append(text.rpartition(f"{traces.CONCLUDES} ")[2] in conclusions)
    return sum(right) / len(right)


def evaluate(folder: Path, questions: int = 200, seed: int = 12345) -> dict:
    """Accuracy on fresh worlds, also written to accuracy.json in the model's folder."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer, rng = AutoTokenizer.from_pretrained(folder), Random(seed)
    torch.manual_seed(seed)
    result: dict = {"questions": questions, "seed": seed, "parameters": sum(p.numel() for p in model.parameters())}
    for world, sizes in SIZES.items():
        result[world] = {"in context": {}, "operators": {}}
        for n in sizes:
            result[world]["in context"][n] = _rounded(choice_accuracy(model, tokenizer, rng, world, n, questions))
        without = choice_accuracy(model, tokenizer, rng, world, sizes[-1], questions, told=False)
        result[world]["without context"] = _rounded(without)
        for name in WORLDS[world].OPERATORS:
            for temperature in (0.0, 0.7, 1.0):
                share = operator_accuracy(model, tokenizer, rng, world, name, math.ceil(questions / 2), temperature)
                result[world]["operators"].setdefault(name, {})[temperature] = round(share, 4)
        _write(folder, result)
    result["traces"] = {n: round(trace_accuracy(model, tokenizer, rng, n, questions), 4) for n in TOPICS}
    _write(folder, result)
    return result


def _write(folder: Path, result: dict) -> None:
    (folder / "accuracy.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _rounded(shares: dict[str, float]) -> dict[str, float]:
    return {split: round(share, 4) for split, share in shares.items()}
