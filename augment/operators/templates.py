"""Prompt files: Markdown with the turns of a chat, and places where the text goes."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from jinja2.meta import find_undeclared_variables

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


class Turn:
    """A turn of a prompt file. One that shows nothing of a record, such as an example, is filled in once and kept."""

    def __init__(self, role: str, text: str, environment: Environment):
        self.role, self.template = role, environment.from_string(text)
        self.fixed = find_undeclared_variables(environment.parse(text)) <= {"structured"}
        self.known = dict[Any, str]()

    def render(self, values: Mapping[str, Any]) -> str:
        """Its text; raises jinja2.TemplateError."""
        if not self.fixed:
            return self.template.render(values).strip()
        if (structured := values.get("structured")) not in self.known:
            self.known[structured] = self.template.render(values).strip()
        return self.known[structured]


def turns(text: str) -> list[Turn]:
    """The turns of a prompt file, each with its role: what stands behind a line `user:`, `assistant:` or `system:`.

    A file without such lines is one message of the user. It is cut before values are filled in, so that a document with
    such a line stays what it is. Raises jinja2.TemplateError.
    """
    first, *found = TURN.split(text)
    told = [("user", first), *zip(found[::2], found[1::2], strict=True)]
    environment = Environment(undefined=StrictUndefined)
    return [Turn(role, said.strip(), environment) for role, said in told if said.strip()]


def rendered(template: Sequence[Turn], **values: object) -> Prompt:
    """A prompt file with values filled in: the text of a single message of the user, or chat messages."""
    told = [{"role": turn.role, "content": turn.render(values)} for turn in template]
    return told[0]["content"] if [turn["role"] for turn in told] == ["user"] else told


def as_messages(prompt: Prompt) -> list[dict[str, str]]:
    """Chat messages."""
    return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt


def content(prompt: Prompt) -> str:
    """All text of a prompt."""
    return prompt if isinstance(prompt, str) else "\n\n".join(message["content"] for message in prompt)
