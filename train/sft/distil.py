"""Context distillation: the model learns to expect of a text, alone, what it expects of it with its documents in front.

The teacher is the model itself without the adapters, so nothing else is held in memory; the loss is the divergence of its distribution over the
next token from the student's, KL(teacher || student), at each token that counts (Snell et al. 2022; Kujanpää et al. 2024, arXiv
2412.14964). What an example's documents are stands in the column `teacher_context`; one without is held to what the model says of it anyway.
"""

from typing import Any

import polars as pl

from engine.errors import UserError
from engine.tasks.encoding import encode_all
from train.config import TrainConfig

CONTEXT = "teacher_context"
START = 2.0
"""Nats that such a loss may have at its start without being watched: the teacher and the student may agree on the first batch, and on no other."""


def is_distilled(examples: pl.DataFrame) -> bool:
    """Whether a training on these examples distils."""
    return CONTEXT in examples.columns and any(map(_told, examples[CONTEXT].to_list()))


def _told(context: str | None) -> bool:
    return bool(context and context.strip())


def check_distilling(config: TrainConfig) -> None:
    """Raise UserError for settings with which there is no teacher, or no place for contexts."""
    if config.method != "lora":
        raise UserError(
            "Examples with a column teacher_context need train.method lora: the model without its adapters is the teacher."
        )
    if config.packing:
        raise UserError(
            "Examples with a column teacher_context cannot be packed: turn train.packing off, and set train.bucketing instead."
        )


def fronts(examples: pl.DataFrame, tokenizer: Any, longest: int) -> list[list[int]]:
    """Token ids of each example's context, as they stand in front of its text on a new line, the last `longest`; [] where it has none."""
    told = [(context, text) for context, text in examples.select(CONTEXT, "text").iter_rows() if _told(context)]
    both, alone, texts = (
        encode_all(tokenizer, some)
        for some in ([f"{c}\n{t}" for c, t in told], [f"{c}\n" for c, _ in told], [text for _, text in told])
    )
    found = iter(zip(both, alone, texts, strict=True))
    begin = tokenizer.bos_token_id
    return [_front(*next(found), begin)[-longest:] if _told(one) else [] for one in examples[CONTEXT].to_list()]


def _front(both: list[int], alone: list[int], text: list[int], begin: int | None) -> list[int]:
    """What stands before a text's own tokens; where they differ behind a context, the context as it is alone."""
    own = text[int(bool(text) and text[0] == begin) :]
    return list(both[: len(both) - len(own)] if own and both[-len(own) :] == own else alone)


def teacher_rows(rows: list[dict[str, Any]], longest: int, filler: int, begin: int | None) -> dict[str, Any]:
    """What the teacher reads of a batch (rows, longest): ids and mask, and `teacher_at` [rows, `longest`], the place in it that expects
    what each place of the student's expects.

    `begin` is the token that begins a text, if the model has one: behind a context it is left out.
    """
    import torch

    read, places = list[list[int]](), list[list[int]]()
    for row in rows:
        front, ids = list(row["front"]), list(row["input_ids"])
        left_out = int(bool(front) and begin is not None and ids[0] == begin)
        read.append(front + ids[left_out:])
        places.append([max(0, min(len(front) - left_out + i, len(read[-1]) - 1)) for i in range(longest)])
    width = max(map(len, read))
    ids = [one + [filler] * (width - len(one)) for one in read]
    mask = [[1] * len(one) + [0] * (width - len(one)) for one in read]
    return {"teacher_ids": torch.tensor(ids), "teacher_mask": torch.tensor(mask), "teacher_at": torch.tensor(places)}


def divergence(student: Any, teacher: Any) -> Any:
    """Sum over tokens of KL(teacher || student), in nats, from logits [tokens, vocabulary]."""
    from torch.nn.functional import kl_div, log_softmax

    told, wanted = log_softmax(student.float(), -1), log_softmax(teacher.float(), -1)
    return kl_div(told, wanted, reduction="sum", log_target=True)


def trainer_class(end: int | None) -> Any:
    """TRL's trainer with this loss; where a text ends (`end`) the teacher, who would go on, is not asked."""
    import torch
    from trl import SFTTrainer

    class Distilling(SFTTrainer):
        """Trains adapters towards the model without them that sees the contexts."""

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            """The divergence per label; of texts without contexts, those held back, the usual loss."""
            if "teacher_ids" not in inputs:
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            labels = inputs["labels"][:, 1:]
            counts = labels >= 0 if end is None else (labels >= 0) & (labels != end)
            output = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False)
            with torch.no_grad(), self.accelerator.unwrap_model(model).disable_adapter():
                expected = model(
                    input_ids=inputs["teacher_ids"], attention_mask=inputs["teacher_mask"], use_cache=False
                ).logits
            rows = torch.arange(len(labels), device=labels.device)[:, None]
            wanted = expected[rows, inputs["teacher_at"][:, :-1]][counts]
            # as the trainer counts: all labels, and so the ends too, though nothing is asked of them
            total = (labels >= 0).sum() if num_items_in_batch is None else torch.as_tensor(num_items_in_batch)
            loss = divergence(output.logits[:, :-1][counts], wanted) / total.clamp(min=1)
            if num_items_in_batch is not None and self.args.average_tokens_across_devices:
                loss = (
                    loss * self.accelerator.num_processes
                )  # that number is of all workers, whose gradients are averaged
            return (loss, output) if return_outputs else loss

    return Distilling
