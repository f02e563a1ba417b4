"""From texts to what the trainer reads: token ids, labels, rows that are packed, and an order that only the seed decides."""

import json
from collections.abc import Iterator, Sequence
from itertools import count
from random import Random
from typing import Any, NamedTuple

import polars as pl

from engine.errors import UserError
from engine.tasks.encoding import encode_all
from train.config import TrainConfig
from train.sft.distil import check_distilling, fronts, is_distilled, teacher_rows
from train.sft.tokens import chat_ids, common, control_tokens, pieces, text_ids

WINDOW = 64
"""Batches among which examples of like length are looked for."""
IGNORED = -100
"""The label of a token on which the loss does not count."""


class Losses(NamedTuple):
    """What of the examples is not trained as it stands."""

    cut: int
    """Examples of more than max_length tokens, which become several rows."""
    dropped: int
    """Examples without any token on which the loss counts."""
    named: int
    """Texts that name control tokens of the model, which are read as text."""

    def told(self, config: TrainConfig) -> list[str]:
        """A sentence for each kind that there is."""
        kinds = (
            (self.cut, f"longer than train.max_length, {config.max_length} tokens, and cut into pieces"),
            (self.dropped, "left out, as they have no token on which the loss counts"),
            (self.named, "with names of control tokens, which are read as text: give chats as messages"),
        )
        return [f"{count:,} examples are {kind}" for count, kind in kinds if count]


def rows_of(examples: pl.DataFrame, tokenizer: Any, config: TrainConfig) -> Any:
    """The examples as a `datasets.Dataset` of input_ids and labels; see `rows_and_losses`."""
    return rows_and_losses(examples, tokenizer, config)[0]


def rows_and_losses(examples: pl.DataFrame, tokenizer: Any, config: TrainConfig) -> tuple[Any, Losses]:
    """The examples (text, or messages; prompt where only what follows it counts) as a `datasets.Dataset` of input_ids and
    labels, and what was cut or dropped.

    With packing also seq_lengths: the lengths of the examples of a row; with contexts (see `train.sft.distil`) also front: the tokens that
    the teacher reads before it. Raises UserError where the loss is to count on
    completions and nothing says where they begin, and where contexts do not fit the settings.
    """
    import datasets

    if config.loss == "completion" and not {"prompt", "messages"} & set(examples.columns):
        raise UserError(
            "train.loss completion needs a column prompt or messages, but the examples have neither: set train.loss text."
        )
    if is_distilled(examples):
        check_distilling(config)
    ids, labels, cut, dropped = list[list[int]](), list[list[int]](), 0, 0
    contexts = fronts(examples, tokenizer, config.max_length) if is_distilled(examples) else None
    before_pieces = list[list[int]]()
    for number, (whole, front) in enumerate(_encoded(examples, tokenizer)):
        hidden = front if config.loss == "completion" else 0
        cut += len(whole) > config.max_length
        before = len(ids)
        for begin, piece in pieces(whole, config.max_length):
            unseen = max(0, hidden - begin)
            if max(1, unseen) < len(piece):  # the first token is nobody's next token
                ids.append(piece)
                labels.append([IGNORED] * unseen + piece[unseen:])
                if contexts is not None:
                    again = int(bool(contexts[number]) and whole[0] == tokenizer.bos_token_id)
                    before_pieces.append(contexts[number] + whole[again:begin])
        dropped += len(ids) == before
    losses = Losses(cut, dropped, control_tokens(_plain(examples)["text"].to_list(), tokenizer))
    columns = {"input_ids": ids, "labels": labels} | ({} if contexts is None else {"front": before_pieces})
    table = datasets.Dataset.from_dict(columns)
    if not config.packing or not ids:
        return table, losses
    from trl import pack_dataset

    return pack_dataset(table.shuffle(seed=0), config.max_length, "bfd"), losses


def _plain(examples: pl.DataFrame) -> pl.DataFrame:
    """The examples that are no chats."""
    return examples.filter(pl.col("messages").is_null()) if "messages" in examples.columns else examples


def _encoded(examples: pl.DataFrame, tokenizer: Any) -> Iterator[tuple[list[int], int]]:
    """Token ids of each example, and how many of them come before its completion."""
    columns = {name: examples[name].to_list() for name in ("text", "prompt", "messages") if name in examples.columns}
    none = [None] * examples.height
    prompts, chats = columns.get("prompt", none), columns.get("messages", none)
    texts = text_ids(columns["text"], tokenizer)
    fronts = iter(encode_all(tokenizer, [prompt for prompt in prompts if prompt]))
    for text, prompt, chat in zip(texts, prompts, chats, strict=True):
        front = common(next(fronts), text) if prompt else 0  # an empty prompt may still have a begin token
        yield chat_ids(json.loads(chat), tokenizer) if chat else (text, front)


def reported(rows: Any) -> float:
    """What Transformers reports of a loss while it trains, as a share of it: it divides by all labels, and the first token of
    a row has one but is nobody's next token."""
    labels = rows["labels"]
    predicted, all_of_them = (sum(label >= 0 for row in labels for label in row[begin:]) for begin in (1, 0))
    return predicted / all_of_them


def steps_of(rows: int, config: TrainConfig, tokens: int = 0) -> int:
    """Steps of a job with so many rows, which hold so many tokens together."""
    if config.tokens:
        return max(1, round(config.tokens * rows / (max(1, tokens) * config.batch)))
    return config.steps or max(1, -(-round(rows * config.epochs) // config.batch))


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
    chosen, size = (
        order(lengths, steps_of(len(lengths), config, sum(lengths)), config, seed),
        config.shares(config.workers)[0],
    )
    batches = [[lengths[row] for row in chosen[i : i + size]] for i in range(0, len(chosen), size)]
    computed = sum(max(batch) * len(batch) for batch in batches)
    return 1 - sum(map(sum, batches)) / computed if computed else 0.0


class Collator:
    """Rows to tensors (rows, longest): ids, labels, and positions that begin anew with each example of a packed row.

    Packed rows have no attention mask: transformers takes the places where positions begin anew for the borders of
    examples that must not see one another. What fills up a row is an example of its own that counts for nothing.
    """

    def __init__(self, filler: int, begin: int | None = None):
        self.filler, self.begin = filler, begin

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
            taught = teacher_rows(rows, longest, self.filler, self.begin) if "front" in rows[0] else {}
            return batch | taught | {"attention_mask": torch.tensor(mask)}
        lengths = [[*row["seq_lengths"], gap] for row, gap in pairs]
        positions = torch.tensor([[i for length in row for i in range(length)] for row in lengths])
        # the first token of an example is nobody's next token
        batch["labels"][positions == 0] = IGNORED
        return batch | {"position_ids": positions}
