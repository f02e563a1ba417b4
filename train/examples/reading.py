"""Tables of examples, read from a file."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from augment.reading.tables import read_table
from engine.errors import UserError
from engine.store.places import place
from engine.tasks.encoding import as_text


def read_examples(path: Path) -> pl.DataFrame:
    """An `examples` table, or any table file with texts, prompts and completions, or messages.

    Every row gets a `text`; `prompt` is the part of it before the completion, and `messages` the chat as JSON. Raises UserError
    for another file.
    """
    if isinstance(place(path), Path) and not path.exists():
        raise UserError(f"There is no file {path}; `forethought augment` writes examples.parquet.")
    table = read_table(path)
    if "text" in table.columns:
        if table["text"].dtype != pl.String:
            raise UserError(f"{path}: the column text must hold text, not {table['text'].dtype}.")
        return table
    if "messages" in table.columns:
        return table.with_columns(_chats(path, table["messages"].to_list()))
    if {"prompt", "completion"} <= set(table.columns):
        for name in ("prompt", "completion"):
            if table[name].dtype not in (pl.String, pl.Null):
                raise UserError(f"{path}: the column {name} must hold text, not {table[name].dtype}.")
        prompt, completion = (pl.col(name).cast(pl.String).fill_null("") for name in ("prompt", "completion"))
        return table.with_columns(text=prompt + completion).drop("completion")
    raise UserError(
        f"{path} has no column text; it has {', '.join(table.columns)} (prompt and completion, or messages, also work)."
    )


def _chats(path: Path, chats: list[Any]) -> list[pl.Series]:
    """Columns text, to read, and messages, as JSON; a row without turns has neither."""
    for number, turns in enumerate(chats, 1):
        sound = isinstance(turns, list) and all(isinstance(turn, dict) and _turn(turn) for turn in turns)
        if turns is not None and not sound:
            raise UserError(
                f"{path}, row {number}: messages must be a list of turns, each with a role and a content that are text."
            )
    kept = [
        [{name: turn[name] for name in ("role", "content")} for turn in turns] if turns else None for turns in chats
    ]
    texts = [as_text(turns) if turns else "" for turns in kept]
    stored = [json.dumps(turns, ensure_ascii=False) if turns else None for turns in kept]
    return [pl.Series("text", texts, pl.String), pl.Series("messages", stored, pl.String)]


def _turn(turn: dict[str, Any]) -> bool:
    return all(isinstance(turn.get(name), str) for name in ("role", "content"))
