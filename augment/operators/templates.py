"""Prompt files: Markdown with the turns of a chat, and places where the text goes."""

import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

SHIPPED = Path(__file__).parent / "prompts"
TURN = re.compile(r"^(system|user|assistant):[ \t]*$", re.MULTILINE)
"""A line of a prompt file with which a turn of the chat begins."""
ORDER = re.compile(r"(system )?user( assistant user)*")
"""The roles of a chat's turns, in their order."""
DOCUMENT = re.compile(r"\{\{-?\s*document\b")
"""What shows that a prompt is about a document."""

STRUCTURED = re.compile(r"\{%-?\s*if structured\b|\{\{-?\s*structured\b")
"""What shows that a prompt can ask for JSON."""

Prompt = str | list[dict[str, str]]
"""The text of one user message, or chat messages."""


def turns(text: str) -> list[tuple[str, Template]]:
    """The turns of a prompt file, each with its role: what stands behind a line `user:`, `assistant:` or `system:`.

    A file without such lines is one message of the user. It is cut before values are filled in, so that a document with
    such a line stays what it is. Raises jinja2.TemplateError.
    """
    first, *found = TURN.split(text)
    told = [("user", first), *zip(found[::2], found[1::2], strict=True)]
    environment = Environment(undefined=StrictUndefined)
    return [(role, environment.from_string(said.strip())) for role, said in told if said.strip()]


def rendered(template: Sequence[tuple[str, Template]], **values: object) -> Prompt:
    """A prompt file with values filled in: the text of a single message of the user, or chat messages."""
    told = [{"role": role, "content": part.render(**values).strip()} for role, part in template]
    return told[0]["content"] if [turn["role"] for turn in told] == ["user"] else told


def as_messages(prompt: Prompt) -> list[dict[str, str]]:
    """Chat messages."""
    return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt


def content(prompt: Prompt) -> str:
    """All text of a prompt."""
    return prompt if isinstance(prompt, str) else "\n\n".join(message["content"] for message in prompt)
