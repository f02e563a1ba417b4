"""Questions of one's own, read from a file: each with its answer, perhaps with choices, perhaps with a kind.

A question with choices is a forced choice like any other. One without is answered freely: its row has the answer as its only
choice, its split ends in FREE, and what a model writes is compared with the answer (`eval.benchmarks.documents.matching`).
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from augment.reading.tables import ENDINGS, UNREADABLE, Row, Skipped, file_rows, reason
from augment.text.words import normal
from engine.errors import UserError
from eval.benchmarks.base import question_table

OWN = "own"
"""Split of the questions that name no kind; those of a kind are in `own: KIND`."""
FREE = " (free)"
"""End of the splits of questions without choices."""
SHORT = " Answer in a few words."
"""Asked of free answers, which are compared with short ones: instruction-tuned models answer in a sentence otherwise."""
COLUMNS = ("question", "answer", "choices", "kind")


class Own(NamedTuple):
    """The questions of a file, and the rows that cannot be asked."""

    questions: pl.DataFrame
    """A `questions` table."""
    left_out: Skipped
    """(row, why)."""

    @property
    def free(self) -> int:
        """How many are answered freely."""
        return int(self.questions["split"].str.ends_with(FREE).sum())


class Unfit(ValueError):
    """Why a row is no question."""


def own_questions(path: Path | None) -> Own:
    """The questions in a file, or none where none is named; raises UserError for a file that has not one."""
    if path is None:
        return Own(question_table([]), [])
    left_out: Skipped = []
    rows = _rows(path, left_out)
    columns = {name for _, row in rows for name in row}
    if rows and (lacking := [name for name in COLUMNS[:2] if name not in columns]):
        raise UserError(
            f"{path} lacks the column{'s' * (len(lacking) > 1)} {' and '.join(lacking)}: every row needs question and answer, and "
            f"may have choices and kind; it has {', '.join(sorted(columns)) or 'none'}."
        )
    found, known = list[dict[str, Any]](), dict[str, str]()
    for place, row in rows:
        try:
            asked = _question(row)
            if (before := known.setdefault(normal(question_in(asked["stem"])), place)) != place:
                raise Unfit(f"the same question as in {before}")
            found.append(asked)
        except Unfit as error:
            left_out.append((place, str(error)))
    if not found:
        told = f": {left_out[0][0]}: {left_out[0][1]}" if left_out else ""
        raise UserError(f"{path} has no question that can be asked{told}; every row needs question and answer.")
    return Own(question_table(found), left_out)


def asks(question: str, free: bool = False) -> str:
    """What stands before the choices, or before what is written, in every arm."""
    return f"Question: {question}{SHORT if free else ''}\nAnswer:"


def question_in(stem: str) -> str:
    """The question in what `asks` has made of it."""
    return stem.removeprefix("Question: ").removesuffix("\nAnswer:").removesuffix(SHORT)


def _rows(path: Path, left_out: Skipped) -> list[Row]:
    if not path.is_file():
        raise UserError(
            f"There is no file of questions {path}; give a .jsonl, .csv or .parquet with question and answer."
        )
    if not path.name.lower().endswith(ENDINGS):
        raise UserError(f"{path} is not a readable file of questions: give one of {', '.join(ENDINGS)}.")
    try:
        return file_rows(path, path.name, left_out)
    except UNREADABLE as error:
        raise UserError(f"{path} cannot be read as {path.suffix}: {reason(error)}.") from error


def _question(row: dict[str, Any]) -> dict[str, Any]:
    """A row for `question_table`; raises Unfit."""
    try:
        json.dumps(row, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise Unfit(reason(error)) from error
    question, answer, kind = (_text(row, name) for name in ("question", "answer", "kind"))
    if not question or not answer:
        raise Unfit(f"it has no {'answer' if question else 'question'}")
    choices = _choices(row.get("choices"))
    split = f"{OWN}: {kind}" if kind else OWN
    if free := not choices:
        choices, split = [answer], split + FREE
    keys = [normal(choice) for choice in choices]
    if len(choices) > 1 and len(set(keys)) < len(keys):
        raise Unfit("two of its choices are the same")
    if normal(answer) not in keys:
        raise Unfit(f"its answer {answer!r} is not among its choices")
    return {
        "benchmark": "documents",
        "split": split,
        "subtype": question.split()[0].casefold(),
        "stem": asks(question, free),
        "choices": [f" {choice}" for choice in choices],
        "answer": keys.index(normal(answer)),
        "needs": [],
        "right": None,
    }


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unfit(f"its {name} is no text but {type(value).__name__}")
    return " ".join(str(value).split())


def _choices(value: Any) -> list[str]:
    """A list of texts or numbers, or in a text, as CSV has it, what bars divide or a JSON list; empty where there is none."""
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise Unfit(f"its choices are no JSON list ({error})") from error
    elif isinstance(value, str):
        value = value.split("|") if value.strip() else None
    if value is None or value == []:
        return []
    if not isinstance(value, list):
        raise Unfit(f"its choices are no list but {type(value).__name__}")
    choices = [_text({"choices": choice}, "choices") for choice in value]
    if len(choices) < 2 or not all(choices):
        raise Unfit("it needs two choices or more, none of them empty, or none at all")
    return choices
