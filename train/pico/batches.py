"""Draws what the embedded model is trained and measured on, as token ids.

Questions about a context are rows that see the context and themselves but not each other, so that one reading of the context
serves many questions, each answered as if it were the only one. Uses of an operator share the start of their prompt the
same way.
"""

import math
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import torch

from augment.operators.base import Operator, Record
from augment.operators.registry import kind_of
from augment.operators.templates import as_messages
from train.pico.worlds import comparisons, hierarchies, syllogisms, traces

REPO = Path(__file__).resolve().parents[2]
LEXICON = REPO / "engine/pico/lexicon.txt"
WORLDS: dict[str, Any] = {"comparisons": comparisons, "syllogisms": syllogisms, "hierarchies": hierarchies}
KINDS: dict[str, Any] = WORLDS | {"traces": traces}
"""What questions about a context are of."""
SHARES = {"comparisons": 0.06, "syllogisms": 0.1, "hierarchies": 0.22, "traces": 0.3, "operators": 0.32}
"""Share of the training steps of each kind."""
OPERATOR_SHARES = {"comparisons": 1, "syllogisms": 1, "hierarchies": 2}
"""Share of the uses of operators on each world: hierarchies have the most kinds of sentences."""


@cache
def operator(name: str) -> Operator:
    """An operator as `augment` has it for the embedded model."""
    return kind_of(name)(name, model="pico")


def chat(tokenizer: Any, name: str, text: str) -> str:
    """The prompt of an operator about a text alone, as `augment` renders it."""
    (prompt,) = operator(name).requests(Record(text))
    return tokenizer.apply_chat_template(as_messages(prompt), tokenize=False, add_generation_prompt=True)


class Sequence(NamedTuple):
    """A context and rows that each go on from it: token ids and the number of tokens before those that count."""

    context: list[int]
    rows: list[tuple[list[int], int]]

    @property
    def length(self) -> int:
        """Tokens in all."""
        return len(self.context) + sum(len(ids) for ids, _ in self.rows)


def asked(tokenizer: Any, context: str, asked: list[tuple[str, str]]) -> Sequence:
    """Stems with their endings after a context, each on a line of its own."""
    begin = encode(tokenizer, tokenizer.bos_token + context.rstrip("\n"))
    # a text that is encoded gets a space in front, which is no part of the line
    rows = [(encode(tokenizer, f"\n{s}{e}")[1:], len(encode(tokenizer, f"\n{s}")) - 1) for s, e in asked]
    return Sequence(begin, rows)


def encode(tokenizer: Any, text: str) -> list[int]:
    """Token ids without a mark at the start."""
    return tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids


class Packed(NamedTuple):
    """Sequences as one batch: ids, positions and weights [B, T], and which tokens each one sees [B, 1, T, T]."""

    ids: torch.Tensor
    places: torch.Tensor
    weights: torch.Tensor
    seen: torch.Tensor


def pack(sequences: list[Sequence], context_weight: float = 0.0, pad: int = 0) -> Packed:
    """Sequences side by side; what counts of a row has weight 1, a context `context_weight`."""
    shape = (len(sequences), max(s.length for s in sequences))
    ids, places, owner = torch.full(shape, pad), torch.zeros(shape, dtype=torch.long), torch.full(shape, -2)
    weights = torch.zeros(shape)
    for i, (context, rows) in enumerate(sequences):
        at = len(context)
        ids[i, :at], places[i, :at], owner[i, :at] = torch.tensor(context), torch.arange(at), -1
        weights[i, :at] = context_weight
        for number, (row, before) in enumerate(rows):
            end = at + len(row)
            ids[i, at:end], owner[i, at:end] = torch.tensor(row), number
            places[i, at:end] = len(context) + torch.arange(len(row))
            weights[i, at + before : end] = 1
            at = end
    seen = ((owner[:, :, None] == owner[:, None]) | (owner[:, None] == -1)).tril()
    return Packed(ids, places, weights, seen[:, None])


class Batches:
    """Draws training batches of about so many tokens."""

    def __init__(self, tokenizer: Any, seed: int, tokens: int, largest: float = 1.0):
        """`largest` is a share of the worlds' MOST, for contexts that are cheaper to start with."""
        self.tokenizer, self.tokens, self.largest = tokenizer, tokens, largest
        self.rng = Random(seed)
        self.words = LEXICON.read_text(encoding="utf-8").split()

    def operators(self, uses: int) -> Sequence:
        """Uses of one operator on one kind of world."""
        (world,) = self.rng.choices([WORLDS[kind] for kind in OPERATOR_SHARES], list(OPERATOR_SHARES.values()))
        name, rows = self.rng.choice(world.OPERATORS), []
        for _ in range(uses):
            use = world.operator(self.rng, self.words, name)
            prompt = chat(self.tokenizer, name, use.text)
            ids = encode(self.tokenizer, prompt + use.answer + self.tokenizer.eos_token)
            rows.append((ids, len(encode(self.tokenizer, prompt))))
        same = next(i for i, tokens in enumerate(zip(*(ids for ids, _ in rows), strict=False)) if len(set(tokens)) > 1)
        return Sequence(rows[0][0][:same], [(ids[same:], before - same) for ids, before in rows])

    def draw(self) -> tuple[str, Packed]:
        """The next training batch and its name."""
        (kind,) = self.rng.choices(list(SHARES), list(SHARES.values()))
        n = 0
        if kind != "operators":
            n = round(math.exp(self.rng.uniform(math.log(2), math.log(self.largest * KINDS[kind].MOST))))
        sequences: list[Sequence] = []
        while not sequences or (len(sequences) + 1) * max(s.length for s in sequences) <= self.tokens:
            if kind == "operators":
                sequences.append(self.operators(8))
                continue
            told, questions = KINDS[kind].lookup(self.rng, self.words, n)
            sequences.append(asked(self.tokenizer, told, [(stem, f"{answer}\n") for stem, answer in questions]))
        context = 0.1 if n and self.rng.random() < 0.1 else 0.0
        name = f"{kind} {2 ** round(math.log2(n))}" if n else kind
        return name, pack(sequences, context, self.tokenizer.pad_token_id)
