"""Answers of a model to inferences: the ways to read one that operators share.

A reader takes what models write beside what they were asked for: thoughts, preambles, marks, remarks. What it makes of an answer
accounts for all of it: statements, words for "nothing", and fragments with the reason why they are no statement.
"""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from augment.operators.marks import END, bare, is_none, is_reason, is_remark, unmarked, without_preamble
from engine.tasks.reasoning import part

STOPS = ("Statement:", "Document:", "Title:")
"""With one of these a base model, which has not learned where to stop, goes on with a next example."""
OUTSIDE = "outside the list of the answer"
"""Why a fragment is no statement: others of its answer are in a list, and it is not."""
FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w-]*[ \t]*$", re.MULTILINE)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)("?)', re.DOTALL)
INLINE = re.compile(rf"(?<=[{END}])[ \t]+(?=\(?(?:[2-9]|1\d)[.)][ \t])")
"""Where a list that is on one line goes on."""


class Said(NamedTuple):
    """One fragment of an answer."""

    text: str
    reason: str | None = None
    """Why it is no inference; None where it is one."""
    cited: tuple[int, ...] = ()
    """The numbers of the documents that it names as its sources."""
    open: bool = False
    """Whether the answer ends in it without an end of line: for lack of tokens it may be half."""


def read_lines(answer: str) -> list[Said]:
    """The statements of an answer, one per line or item: a list in any of the usual forms, a JSON list, or plain lines.

    Lines end at \\n only, and one that is wrapped is one statement. In an answer with a list, sentences that stand beside it are
    no inference: those that announce or close it are left out, others come back with the reason `OUTSIDE`.
    """
    text, half = own_part(answer), unfinished(answer)
    if (listed := json_values(text)) is not None:
        values, half = listed
        texts = [text for text in map(bare, strings(values)) if text and not is_none(text)]
        return [Said(text, open=half and i == len(texts) - 1) for i, text in enumerate(texts)]
    items = _items(text)
    listing, none, found = any(item.marked for item in items), False, list[Said]()
    for item in items:
        said = bare(item.text if item.marked else without_preamble(item.text))
        if not said or is_reason(said) or (not item.marked and is_remark(said)):
            continue
        if is_none(said):
            none = True
        elif item.marked or (not listing and not none):
            found.append(Said(said, open=item.last and half))
        elif not none:  # what follows a NONE explains it
            found.append(Said(said, OUTSIDE, open=item.last and half))
    return found


def parse(answer: str) -> list[str]:
    """The inferences in an answer: see `read_lines`; NONE and empty lines give nothing."""
    return [said.text for said in read_lines(answer) if said.reason is None]


def whole(answer: str) -> list[str]:
    """An answer as one text, its lines kept, without preamble and closing remark; nothing for NONE."""
    text = FENCE.sub("", own_part(answer)).strip()
    first, _, rest = text.partition("\n")
    if rest and (not without_preamble(first) or (first.rstrip().endswith((":", "：")) and not first.startswith("#"))):
        text = rest.strip()
    elif text:
        text = without_preamble(first) + (f"\n{rest}" if rest else "")
    *others, last = re.split(r"\n[ \t]*\n", text)
    if others and is_remark(last.strip() or "#") and not last.lstrip().startswith("#"):
        text = "\n\n".join(others)
    return [] if not text.strip() or is_none(text.strip()) else [text.strip()]


def own_part(answer: str) -> str:
    """An answer without reasoning, up to where a base model goes on with a next example."""
    lines = [line.rstrip() for line in (part(answer).answer or "").strip().split("\n")]
    end = next((i for i, line in enumerate(lines) if line.startswith(STOPS)), len(lines))
    return "\n".join(lines[:end]).strip()


def unfinished(answer: str) -> bool:
    """Whether an answer that ended for lack of tokens ended inside a statement: it ran on to no next example, to no end of line."""
    said = part(answer).answer or ""
    return not said.endswith("\n") and not any(line.startswith(STOPS) for line in said.split("\n"))


def says_nothing(answer: str) -> bool:
    """Whether an answer is empty, or says that there is nothing to write."""
    if not re.search(r"\w", part(answer).answer or ""):
        return True
    text = own_part(answer)
    if (listed := json_values(text)) is not None:
        return all(is_none(value) for value in strings(listed[0]))
    return any(is_none(bare(without_preamble(unmarked(line)[0]))) for line in text.split("\n"))


class Item(NamedTuple):
    """Lines of an answer that belong together."""

    text: str
    marked: bool
    last: bool


def _items(text: str) -> list[Item]:
    """The lines of an answer, wrapped ones as one."""
    lines = FENCE.sub("", text)
    lines = "\n".join(INLINE.sub("\n", line) for line in lines.split("\n"))
    ends = any(_ended(line) for line in lines.split("\n"))
    items, gap = list[tuple[str, bool]](), True
    for line in lines.split("\n"):
        said, marked = unmarked(line.strip("\r"))
        if not re.search(r"\w", said):
            gap = True
            continue
        before = items[-1][0] if items else ""
        gap |= is_none(before)
        indented = line[:1] in " \t" and bool(items) and items[-1][1] and not is_remark(said)
        if not marked and not gap and (indented or (ends and not _ended(before) and not before.endswith((":", "：")))):
            items[-1] = (f"{before} {said}", items[-1][1])
        else:
            items.append((said, marked))
        gap = False
    return [Item(said, marked, i == len(items) - 1) for i, (said, marked) in enumerate(items)]


def _ended(line: str) -> bool:
    """Whether a sentence ends where the line does."""
    return line.rstrip(" \t\r\"'”’»」*_`)]").endswith(tuple(END))


def json_values(text: str) -> tuple[list[Any], bool] | None:
    """The values of an answer that is JSON, fenced or not, and whether its last one is half; None where it is no JSON."""
    text = FENCE.sub("", text).strip()
    start = next((i for i in range(len(text)) if text[i] in "[{"), None)
    if start is None or (text[:start].strip() and not is_remark(without_preamble(text[:start].strip()) or "#")):
        return None
    body = text[start:]
    end = max(body.rfind("]"), body.rfind("}")) + 1
    for read in (json.loads, ast.literal_eval):
        try:
            return _flat(read(body[:end])), False
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    if not re.match(r'[\[{]\s*["{\[]', body):
        return None
    found = list(STRING.finditer(body))
    names = {match.start() for match in found if re.match(r"\s*:", body[match.end() :])}
    values = [_unescaped(match[1]) for match in found if match.start() not in names]
    return values, bool(found) and not found[-1][2]


def _flat(value: Any) -> list[Any]:
    """The items of a list, or of the one list in an object."""
    if isinstance(value, dict):
        lists = [v for v in value.values() if isinstance(v, list)]
        return lists[0] if len(lists) == 1 else [value]
    return list(value) if isinstance(value, list | tuple | set) else [value]


def _string(value: Any) -> str:
    """The text in a JSON value: itself, or the one string of an object."""
    if isinstance(value, dict):
        texts = [v for v in value.values() if isinstance(v, str)]
        return max(texts, key=len, default="")
    return value if isinstance(value, str) else ""


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def strings(values: list[Any]) -> Iterator[str]:
    """The texts in JSON values."""
    return (text for text in map(_string, values) if text)
