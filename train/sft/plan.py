"""What a training would do, as a dry run prints it."""

import polars as pl

from engine.console import say
from train.config import TrainConfig
from train.sft.data import padding, rows_and_losses, steps_of
from train.sft.device import trains_on_gpu
from train.sft.memory import ADVICE, available, estimate

MUCH = 0.25
"""Share of padding that bucketing can spare from which it is said."""


def say_training(model: str, examples: pl.DataFrame, config: TrainConfig) -> None:
    """Print steps, tokens and the memory that a worker needs, beside what is free."""
    from transformers import AutoTokenizer

    (rows, losses), gpu = (
        rows_and_losses(examples, AutoTokenizer.from_pretrained(model), config),
        trains_on_gpu(config),
    )
    lengths = [len(ids) for ids in rows["input_ids"]]
    read = [len(front) for front in rows["front"]] if "front" in rows.column_names else [0] * len(rows)
    longest = max((own + before for own, before in zip(lengths, read, strict=True)), default=1)
    needed, free = estimate(model, config, longest, gpu), available(gpu)
    say(
        f"{examples.height:,} examples, {sum(lengths):,} tokens in {len(rows):,} rows, {steps_of(len(rows), config, sum(lengths)):,} steps "
        f"of {config.batch}, {config.method}: about {needed:.1f} GiB per worker"
        + (f"; {free:.1f} GiB are free here" if free is not None else "")
    )
    for sentence in losses.told(config):
        say(f"[yellow]note[/]: {sentence}")
    if not config.bucketing and len(rows) >= 2 * config.batch:
        wasted, saved = (padding(lengths, config.model_copy(update={"bucketing": on})) for on in (False, True))
        if wasted - saved > MUCH:
            say(
                f"[yellow]note[/]: {wasted:.0%} of what is computed is padding, as examples differ in length: with "
                f"--train.bucketing, which draws like lengths together, {saved:.0%}"
            )
    if free is not None and needed > free:
        say(f"[yellow]note[/]: that is more than is free: {ADVICE}")
