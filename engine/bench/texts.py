"""Texts that the engines are timed on: random words of pico's lexicon, the same for us and for every peer."""

import random

import polars as pl

from engine.config import PICO


def words(rng: random.Random, count: int) -> list[str]:
    """So many words."""
    return rng.choices((PICO / "lexicon.txt").read_text(encoding="utf-8").split(), k=count)


def prompts(rng: random.Random, rows: int, context: int, length: int) -> tuple[list[str], list[str]]:
    """Prompts and the keys of their prefixes."""
    prefixes = [" ".join(words(rng, context)) for _ in range(4)]
    keys = [rng.randrange(4) for _ in range(rows)]
    return [f"{prefixes[k]} {' '.join(words(rng, length))}".strip() for k in keys], [str(k) for k in keys]


def questions(rng: random.Random, rows: int, context: int) -> pl.DataFrame:
    """Questions with choices of 3, 5, 8 and 12 words, behind one text of so many words; the right one goes on as the text does."""
    text, lengths = words(rng, max(context, 200)), (3, 5, 8, 12)
    made = []
    for i in range(rows):
        start, answer = rng.randrange(len(text) - 40), rng.randrange(4)
        stem = text[start : start + 20]
        right = text[start + 20 : start + 20 + lengths[answer]]
        choices = [f" {' '.join(right if n == answer else words(rng, k))}" for n, k in enumerate(lengths)]
        prefix = " ".join(text) + "\n" if context else ""
        made.append({"item_id": str(i), "prefix": prefix, "stem": " ".join(stem), "choices": choices, "answer": answer})
    return pl.DataFrame(made)
