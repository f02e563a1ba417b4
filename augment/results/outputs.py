"""Examples in the forms that trainers read as they are: TRL, Axolotl, LLaMA-Factory. docs/outputs.md says which reads what.

Each form is a function from the `examples` table to rows, and a file of JSON lines per split.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import polars as pl

from engine.store.places import remove, write_whole
from engine.store.tables import write_table

Format = Literal["text", "prompt-completion", "messages", "hub"]
Rows = list[dict[str, Any]]
QUESTION = re.compile(r"\s*(?:Q|Question):[ \t]*(?P<question>\S.*?)\s+(?:A|Answer):(?P<answer>\s*\S.*?)\s*", re.DOTALL)
MARKS = re.compile(r"(?:^|\n)\s*(?:Q|Question):")
OWN = ("original", "replay")
"""Origins of texts that the model did not write."""
LLAMA_FACTORY: dict[str, dict[str, Any]] = {
    "text": {"columns": {"prompt": "text"}},
    "prompt-completion": {"columns": {"prompt": "prompt", "response": "completion"}},
    "messages": {
        "formatting": "sharegpt",  # its own "openai" adds a system prompt
        "columns": {"messages": "messages"},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
            "system_tag": "system",
        },
    },
}
"""How LLaMA-Factory is told of each form, in dataset_info.json."""


def question_answer(text: str) -> tuple[str, str] | None:
    """("Q: Who?\\nA:", " Ann.") of "Q: Who?\\nA: Ann.": the two together are the text, stripped; None for any other text."""
    found = QUESTION.fullmatch(text)
    if not found or len(MARKS.findall(text)) != 1:
        return None
    return text[: found.start("answer")].lstrip(), found["answer"]


def as_text(examples: pl.DataFrame) -> Rows:
    """{"text", "origin"}: the loss counts on all of it."""
    return examples.select("text", "origin").to_dicts()


def as_prompt_completion(examples: pl.DataFrame) -> Rows:
    """{"prompt", "completion"}: the loss counts on the completion.

    Inferred questions with answers are divided before the answer; any other text is a completion of the empty prompt.
    """
    return [{"prompt": prompt, "completion": completion} for prompt, completion in _divided(examples)]


def as_messages(examples: pl.DataFrame, system: str = "") -> Rows:
    """{"messages"}: a user's turn and the assistant's, behind the system prompt where there is one.

    The user asks an inferred question; before any other text the user's turn is empty, since trainers want one.
    """
    rows, first = [], [("system", system)] if system else []
    for prompt, completion in _divided(examples):
        asked = re.sub(r"^(?:Q|Question):\s*|\s*(?:A|Answer):$", "", prompt)
        turns = (*first, ("user", asked), ("assistant", completion.strip()))
        rows.append({"messages": [{"role": role, "content": content} for role, content in turns]})
    return rows


def _divided(examples: pl.DataFrame) -> Iterable[tuple[str, str]]:
    for text, origin in examples.select("text", "origin").iter_rows():
        yield (None if origin in OWN else question_answer(text)) or ("", text)


FORMS: dict[str, tuple[str, Callable[[pl.DataFrame], Rows]]] = {
    "text": ("examples", as_text),
    "prompt-completion": ("prompt-completion", as_prompt_completion),
    "messages": ("messages", as_messages),
}
"""File name and function of each form."""


def file_name(stem: str, split: str, ending: str) -> str:
    """examples.jsonl of the training examples, examples-validation.jsonl of the others."""
    return f"{stem}{'' if split == 'train' else f'-{split}'}.{ending}"


def write_outputs(out: Path, splits: Mapping[str, pl.DataFrame], formats: Iterable[str], system: str = "") -> list[str]:
    """Write examples.parquet and the forms of each split (`train`, `validation`) into `out`; returns the files' names.

    `system` is the system prompt of the form `messages`. Files of forms and splits that are not asked for now are removed, so
    that none is left from other examples.
    """
    formats, info, written = list(formats), {}, []
    for split in ("train", "validation"):
        table = splits.get(split, pl.DataFrame())
        parquet = file_name("examples", split, "parquet")
        if table.is_empty():
            remove(out / parquet)
        else:
            write_table(out / parquet, table)
            written.append(parquet)
        for form, (stem, rows) in FORMS.items():
            name = file_name(stem, split, "jsonl")
            if table.is_empty() or form not in formats:
                remove(out / name)
                continue
            told = as_messages(table, system) if form == "messages" else rows(table)
            write_whole(out / name, json_lines(told))
            written.append(name)
            info[name.removesuffix(".jsonl").replace("-", "_")] = {"file_name": name} | LLAMA_FACTORY[form]
    write_whole(out / "dataset_info.json", (json.dumps(info, indent=2) + "\n").encode())
    return [*written, "dataset_info.json"]


def json_lines(rows: Rows) -> bytes:
    """Rows as JSON lines, UTF-8."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
