"""From texts to what the trainer reads: token ids, labels, rows that are packed, and an order that only the seed decides."""

from collections.abc import Iterator, Sequence
from itertools import count
from random import Random
from typing import Any

import polars as pl

from train.config import TrainConfig

WINDOW = 64
"""Batches among which examples of like length are looked for."""
IGNORED = -100
"""The label of a token on which the loss does not count."""


def pieces(texts: Sequence[str], tokenizer: Any, length: int) -> list[list[int]]:
    """Token ids of each text with an end token; a text of more than `length` tokens becomes several examples."""
    return [ids for _, ids in _pieces(texts, tokenizer, length)]


def _pieces(texts: Sequence[str], tokenizer: Any, length: int) -> Iterator[tuple[int, list[int]]]:
    """The same, each with the number of its first token in its text."""
    for ids in tokenizer(list(texts)).input_ids:
        whole = ids if ids and ids[-1] == tokenizer.eos_token_id else [*ids, tokenizer.eos_token_id]
        yield from ((begin, whole[begin : begin + length]) for begin in range(0, len(whole), length))


def rows_of(examples: pl.DataFrame, tokenizer: Any, config: TrainConfig) -> Any:
    """The examples (text, and prompt where only what follows it counts) as a `datasets.Dataset` of input_ids and labels.

    With packing also seq_lengths: the lengths of the examples of a row. A piece without any token that counts is left out.
    """
    import datasets

    ids: list[list[int]] = []
    labels: list[list[int]] = []
    prompts = examples["prompt"].fill_null("") if "prompt" in examples.columns else [""] * examples.height
    fronts = [len(front) for front in _fronts(examples["text"].to_list(), list(prompts), tokenizer, config)]
    number = -1
    for begin, piece in _pieces(examples["text"].to_list(), tokenizer, config.max_length):
        number += begin == 0
        hidden = max(0, fronts[number] - begin)
        if hidden < len(piece):
            ids.append(piece)
            labels.append([IGNORED] * hidden + piece[hidden:])
    table = datasets.Dataset.from_dict({"input_ids": ids, "labels": labels})
    if not config.packing:
        return table
    from trl import pack_dataset

    return pack_dataset(table.shuffle(seed=0), config.max_length, "bfd")


def _fronts(texts: list[str], prompts: list[str], tokenizer: Any, config: TrainConfig) -> Iterator[list[int]]:
    """The tokens on which the loss does not count: those that a text has in common with its prompt."""
    if config.loss == "text" or not any(prompts):
        yield from ([] for _ in texts)
        return
    fronts = tokenizer(prompts).input_ids
    for prompt, whole, front in zip(prompts, tokenizer(texts).input_ids, fronts, strict=True):
        same = next((i for i, (a, b) in enumerate(zip(front, whole, strict=False)) if a != b), len(front))
        yield whole[:same] if prompt else []  # an empty prompt may still have a begin token


def steps_of(rows: int, config: TrainConfig) -> int:
    """Steps of a job with so many rows."""
    return config.steps or -(-round(rows * config.epochs) // config.batch)


def order(lengths: Sequence[int], steps: int, config: TrainConfig, seed: int) -> list[int]:
    """Numbers of rows for all steps: one shuffled pass after another, so that no batch is ever short.

    So neither the number of workers nor an interruption changes which rows a step has. With bucketing rows of like
    length are brought together, within WINDOW batches.
    """
    found, wanted = list[int](), steps * config.batch
    if not lengths:
        return []
    for epoch in count():
        rng, rows = Random(f"order {seed} {epoch}"), list(range(len(lengths)))
        rng.shuffle(rows)
        found += rows
        if len(found) >= wanted:
            break
    found = found[:wanted]
    if not config.bucketing:
        return found
    sorted_rows = list[int]()
    for begin in range(0, wanted, WINDOW * config.batch):
        part = sorted(found[begin : begin + WINDOW * config.batch], key=lengths.__getitem__)
        batches = [part[i : i + config.batch] for i in range(0, len(part), config.batch)]
        Random(f"buckets {seed} {begin}").shuffle(batches)
        sorted_rows += [row for batch in batches for row in batch]
    return sorted_rows


def padding(lengths: Sequence[int], config: TrainConfig, seed: int = 0) -> float:
    """The share of a training's tokens that only fill up what a worker computes at a time."""
    chosen, size = order(lengths, steps_of(len(lengths), config), config, seed), config.shares(config.workers)[0]
    batches = [[lengths[row] for row in chosen[i : i + size]] for i in range(0, len(chosen), size)]
    computed = sum(max(batch) * len(batch) for batch in batches)
    return 1 - sum(map(sum, batches)) / computed if computed else 0.0


class Collator:
    """Rows to tensors (rows, longest): ids, labels, and positions that begin anew with each example of a packed row.

    Packed rows have no attention mask: transformers takes the places where positions begin anew for the borders of
    examples that must not see one another. What fills up a row is an example of its own that counts for nothing.
    """

    def __init__(self, filler: int):
        self.filler = filler

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """A batch."""
        import torch

        longest = max(len(row["input_ids"]) for row in rows)
        gaps = [longest - len(row["input_ids"]) for row in rows]
        pairs = list(zip(rows, gaps, strict=True))
        batch = {
            "input_ids": torch.tensor([list(row["input_ids"]) + [self.filler] * gap for row, gap in pairs]),
            "labels": torch.tensor([list(row["labels"]) + [IGNORED] * gap for row, gap in pairs]),
        }
        if "seq_lengths" not in rows[0]:
            mask = [[1] * (longest - gap) + [0] * gap for gap in gaps]
            return batch | {"attention_mask": torch.tensor(mask)}
        lengths = [[*row["seq_lengths"], gap] for row, gap in pairs]
        positions = torch.tensor([[i for length in row for i in range(length)] for row in lengths])
        # the first token of an example is nobody's next token
        batch["labels"][positions == 0] = IGNORED
        return batch | {"position_ids": positions}
