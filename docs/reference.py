"""Write docs/reference.md: every verb and every setting, from the configs themselves. `python docs/reference.py`"""

import ast
import inspect
import itertools
import json
import textwrap
import types
import typing
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

import forethought.cli
from engine.config import Settings

OUT = Path(__file__).with_suffix(".md")
HEAD = """<!-- Made by `python docs/reference.py` from the configs: change those, and run it again. -->
# Reference

All verbs and settings; `forethought VERB --help` shows the same. Settings can also be given in a YAML file (the first argument of `run`,
`plan` and `demo`), with nested mappings: `--augment.max-tokens 64` is `augment: {max_tokens: 64}`. Options override the file. A switch is
`--name` or `--no-name`. In Python, each verb is a function that takes the same names: see [the tutorial](tutorial.md#in-a-notebook).
"""


def text() -> str:
    """The whole file."""
    modules = {verb: forethought.cli.module(verb) for verb in forethought.cli.VERBS}
    verbs = {verb: (found.Job, getattr(found, "PRESET", None)) for verb, found in modules.items()}
    parts = dict[type[Settings], str]()
    sections = [HEAD, "## Verbs\n", f"```\n{forethought.cli.HELP.strip()}\n```\n"]
    for verb, (config, preset) in verbs.items():
        alike = [other for other in verbs if verbs[other][0] is config]
        name = next((other for other in alike if verbs[other][1] is None), alike[0])
        sections.append(f"## forethought {verb}\n")
        if verb != name:
            start = f", and starts from this file:\n\n```yaml\n{preset.read_text().strip()}\n```\n" if preset else ".\n"
            sections.append(f"Takes the settings of [run](#forethought-{name}){start}")
            continue
        sections.append(" ".join(inspect.getdoc(config).split()) + "\n")  # type: ignore[union-attr]
        if preset:
            sections.append(f"Starts from this file:\n\n```yaml\n{preset.read_text().strip()}\n```\n")
        sections.append(table(config, "", parts))
    for part, prefix in walk(parts):
        sections.append(f"## --{prefix}\n\n{' '.join((inspect.getdoc(part) or '').split())}\n")
        sections.append(table(part, f"{prefix}.", parts))
    return "\n".join(sections)


def walk(parts: dict[type[Settings], str]) -> typing.Iterator[tuple[type[Settings], str]]:
    """The parts, with those that are found on the way."""
    done = set[type[Settings]]()
    while left := [part for part in parts if part not in done]:
        done.add(left[0])
        yield left[0], parts[left[0]]


def table(config: type[Settings], prefix: str, parts: dict[type[Settings], str]) -> str:
    """A row per setting; parts are noted, for a section of their own."""
    rows, said = ["| setting | default | meaning |", "|---|---|---|"], docstrings(config)
    for name, field in config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Settings):
            inner = parts.setdefault(field.annotation, f"{prefix}{name}")
            rows.append(f"| `--{inner}.*` | | [its settings](#--{inner.replace('.', '')}) |")
            continue
        shown, aliases = option(name, field, prefix)
        kind = kind_of(field.annotation)
        meaning = f"{said.get(name, '')}{f' ({kind})' if kind else ''}{aliases}".replace("|", "\\|")
        rows.append(f"| {shown} | {default(field)} | {meaning} |")
    return "\n".join(rows) + "\n"


def option(name: str, field: FieldInfo, prefix: str) -> tuple[str, str]:
    """How a setting is written on the command line, and its other names."""
    marks = [mark for mark in field.metadata if hasattr(mark, "aliases")]
    told = next((mark.name for mark in marks if mark.name), name.replace("_", "-"))
    others = [alias for mark in marks for alias in mark.aliases or ()]
    if any("Positional" in str(mark) for mark in field.metadata):
        return f"`{name.upper()}`", ""
    return f"`--{prefix.replace('_', '-')}{told}`", f" Also {', '.join(f'`{o}`' for o in others)}." if others else ""


def kind_of(kind: Any) -> str:
    """A type in words, empty for text and switches."""
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(str(value) for value in inner)
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return kind_of(next(part for part in inner if part is not type(None)))
    if typing.get_origin(kind) is tuple:
        return f"several{': ' if kind_of(inner[0]) else ''}{kind_of(inner[0])}"
    if typing.get_origin(kind) is dict:
        return "JSON"
    return {int: "whole number", float: "number", Path: "path"}.get(kind, "")


def default(field: FieldInfo) -> str:
    """The default as one writes it."""
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ("", ()):
        return ""
    if isinstance(value, tuple):
        return f"`{' '.join(map(str, value))}`"
    return f"`{value if isinstance(value, str | Path) else json.dumps(value)}`"


def docstrings(config: type[Settings]) -> dict[str, str]:
    """The texts under the settings of a config and of what it is made from."""
    said = dict[str, str]()
    for part in reversed(config.__mro__):
        if not issubclass(part, Settings) or part is Settings:
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(part))).body[0].body  # type: ignore[attr-defined]
        for line, below in itertools.pairwise(body):
            if (
                isinstance(line, ast.AnnAssign)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
            ):
                said[ast.unparse(line.target)] = " ".join(str(below.value.value).split())
    return said


if __name__ == "__main__":
    OUT.write_text(text(), encoding="utf-8")
