"""Operators: a record in, requests out, a parser back. docs/operators.md describes the shipped ones and how to add one.

A prompt file NAME.md makes an operator that is shown a sentence (`{{ text }}`) or a document (`{{ document }}`). What
needs more is a class of a few dozen lines (`augment/operators/`), from here or from a plug-in.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Literal

from jinja2 import Environment, StrictUndefined, Template, TemplateError

from augment.config import AugmentConfig
from augment.text.sentences import joined, split_sentences
from engine.errors import UserError

SHIPPED = Path(__file__).parent / "prompts"
GROUP = "forethought.operators"
"""Entry point group of plug-ins; each names a subclass of `Operator`."""
MARK = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")
DOCUMENT = re.compile(r"\{\{-?\s*document\b")
STOPS = ("Statement:", "Document:")
"""With one of these a base model, which has not learned where to stop, goes on with a next example."""

Scope = Literal["sentence", "document", "corpus"]
Prompt = str | list[dict[str, str]]
"""The text of one user message, or chat messages."""
TURN = re.compile(r"^(system|user|assistant):[ \t]*$", re.MULTILINE)
"""A line of a prompt file with which a turn of the chat begins."""
ORDER = re.compile(r"(system )?user( assistant user)*")


@dataclass(frozen=True)
class Record:
    """What an operator is shown."""

    text: str
    """A sentence, a document or a part of one; for the scope corpus the target document."""
    doc_ids: tuple[str, ...] = ()
    """Documents that hold it."""
    context: str = ""
    """For the scope corpus: the documents of its context. The same for many records, so it belongs in front."""
    before: str = ""
    """For a sentence, where `split` is cumulative: the sentences before it."""

    @property
    def source(self) -> str:
        """All that an inference may take up: the text, and what stands before it."""
        return joined(self.before, self.text)


class Operator:
    """The contract, with the behaviour of an operator that is one prompt file."""

    scope: Scope = "sentence"
    """sentence and document are local operators, corpus is a global one."""
    long = False
    """Whether it writes whole texts, which may be longer than their source and in other words."""
    combines = False
    """Whether what it writes follows from several sentences of its source together: these must then have something in common."""
    asks = False
    """Whether it writes questions, and answers that may be "No"."""
    rule = False
    """Whether `derive` gives the texts, without a model; such texts are not checked and start no further round."""
    parts: tuple[str, ...] = ()
    """Its further prompt files, NAME-PART.md."""
    folder: Path = SHIPPED
    """Where its prompt files are, if not in the user's folder; a plug-in names its own."""

    def __init__(self, name: str, config: AugmentConfig | None = None):
        self.name, self.config = name, config or AugmentConfig()
        self.templates: dict[str, list[tuple[str, Template]]] = {}

    def pieces(self, text: str) -> list[str]:
        """The texts of a document that records are made of."""
        if self.scope == "sentence" and self.config.split != "none":
            return split_sentences(text, self.config.language)
        return [text.strip()]

    def requests(self, record: Record) -> list[Prompt]:
        """What to ask the model about a record."""
        return [self.render(text=record.text, document=record.text, context=record.context, before=record.before)]

    def follow(self, record: Record, answer: str) -> list[Prompt]:
        """For operators of two steps: what to ask after the first answer (`record` without its context)."""
        raise NotImplementedError

    def parse(self, answer: str) -> list[str]:
        """The inferences in an answer (of the last step)."""
        return parse(answer)

    def derive(self, records: Sequence[Record]) -> list[str | None]:
        """For operators that are a rule: one text, or none, per record of the whole corpus."""
        raise NotImplementedError

    def render(self, part: str = "", **values: object) -> Prompt:
        """The prompt file NAME.md, or NAME-PART.md, with values filled in."""
        return rendered(self.template(part), **values)

    def template(self, part: str = "") -> list[tuple[str, Template]]:
        """A prompt file, compiled once: that takes longer than a thousand renderings."""
        name = f"{self.name}-{part}" if part else self.name
        if name not in self.templates:
            file = self.prompt_file(name)
            self.templates[name] = turns(file.read_text(encoding="utf-8"))
            if not ORDER.fullmatch(" ".join(role for role, _ in self.templates[name])):
                found = ", ".join(role for role, _ in self.templates[name]) or "nothing"
                raise UserError(
                    f"The prompt {file} must begin and end with a turn of the user, and turns must alternate; it has: {found}."
                )
        return self.templates[name]

    def prompt_file(self, name: str) -> Path:
        """The user's file where there is one; raises UserError where there is none at all."""
        folders = [folder for folder in (self.config.prompts, self.folder) if folder]
        found = next((f / f"{name}.md" for f in folders if (f / f"{name}.md").is_file()), None)
        if found is None:
            raise UserError(f"The operator {self.name} has no prompt file {name}.md in {folders[-1]}.")
        return found


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


def two_step(kind: type[Operator]) -> bool:
    """Whether the first answers of an operator only lead to further requests."""
    return kind.follow is not Operator.follow


def cumulative(operator: Operator) -> bool:
    """Whether it is shown sentences with what stands before them."""
    if operator.scope != "sentence" or operator.rule or type(operator).pieces is not Operator.pieces:
        return False
    return operator.config.split == "cumulative"


def kind_of(name: str) -> type[Operator]:
    """The class of an operator: a shipped one, a plug-in's, else `Operator`: one prompt file."""
    from augment.operators.registry import OPERATORS

    if name in OPERATORS:
        return OPERATORS[name]
    found = next((point for point in _plugins() if point.name == name), None)
    if found is None:
        return Operator
    try:
        kind = found.load()
    except Exception as error:  # a plug-in may raise anything
        raise UserError(f"The operator {name} ({found.value}) cannot be loaded: {error}; mend its package.") from error
    if not (isinstance(kind, type) and issubclass(kind, Operator)):
        raise UserError(f"The operator {name} ({found.value}) is no subclass of augment.operators.Operator.")
    return kind


def is_global(name: str) -> bool:
    """Whether an operator reads other documents than its target: then its inferences are of global augmentation."""
    return kind_of(name).scope == "corpus"


def load_operators(config: AugmentConfig) -> list[Operator]:
    """The configured operators; raises UserError for an unknown name and for a prompt that does not show its text."""
    if config.prompts and not config.prompts.is_dir():
        raise UserError(f"augment.prompts: there is no folder {config.prompts}; give one with files NAME.md.")
    known = names(config)
    if not config.operators:
        raise UserError(f"augment.operators is empty; choose from {', '.join(known)}.")
    unknown = [name for name in config.operators if name not in known]
    if unknown:
        raise UserError(f"There is no operator {unknown[0]!r}; choose from {', '.join(known)}.")
    return [_checked(kind_of(name)(name, config)) for name in dict.fromkeys(config.operators)]


def names(config: AugmentConfig) -> list[str]:
    """All operators that can be named."""
    from augment.operators.registry import OPERATORS

    files = {path.stem for folder in (config.prompts, SHIPPED) if folder for path in folder.glob("*.md")}
    parts = {f"{name}-{part}" for name, kind in OPERATORS.items() for part in kind.parts}
    return sorted((files - parts) | set(OPERATORS) | {point.name for point in _plugins()})


def _plugins() -> list[EntryPoint]:
    return list(entry_points(group=GROUP))


def _checked(operator: Operator) -> Operator:
    """The operator; one that is a prompt file with `{{ document }}` in it is shown documents."""
    if operator.rule:
        return operator
    if type(operator) is Operator and DOCUMENT.search(operator.prompt_file(operator.name).read_text(encoding="utf-8")):
        operator.scope = "document"
    try:
        asked = operator.requests(Record("\0", context="\1", before="\2"))
        for part in operator.parts:
            operator.template(part)
    except TemplateError as error:
        raise UserError(f"The prompt {operator.prompt_file(operator.name)} is no valid template: {error}.") from error
    wanted = {"\0": True, "\1": operator.scope == "corpus", "\2": cumulative(operator)}
    for mark, name, value in (
        ("\0", "text", "the sentence"),
        ("\1", "context", "the context"),
        ("\2", "before", "what stands before the sentence, as augment.split cumulative asks"),
    ):
        if wanted[mark] and not all(mark in content(prompt) for prompt in asked):
            where = operator.prompt_file(operator.name) if operator.templates else f"of {operator.name}"
            raise UserError(f"The prompt {where} never shows {value}; put {{{{ {name} }}}} where it belongs.")
    return operator


def as_messages(prompt: Prompt) -> list[dict[str, str]]:
    """Chat messages."""
    return [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt


def content(prompt: Prompt) -> str:
    """All text of a prompt."""
    return prompt if isinstance(prompt, str) else "\n\n".join(message["content"] for message in prompt)


def parse(answer: str) -> list[str]:
    """The inferences in an answer: one per line, list marks taken off; NONE and empty lines give nothing."""
    found = []
    for line in answer.splitlines():
        text = MARK.sub("", line).strip()
        if text.startswith(STOPS):
            break
        if text and not is_none(text):
            found.append(text)
    return found


def whole(answer: str) -> list[str]:
    """An answer as one text, its lines kept; nothing for NONE."""
    text = own_part(answer)
    return [] if not text or is_none(text) else [text]


def own_part(answer: str) -> str:
    """An answer up to where a base model goes on with a next example."""
    lines = [line.rstrip() for line in answer.strip().splitlines()]
    end = next((i for i, line in enumerate(lines) if line.startswith(STOPS)), len(lines))
    return "\n".join(lines[:end]).strip()


def is_none(text: str) -> bool:
    """Whether the model says that there is nothing to write."""
    return text.rstrip(".").upper() == "NONE"
