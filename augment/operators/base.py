"""The contract of operators: a record in, requests out, a parser back. docs/operators.md shows how to add one.

A prompt file NAME.md makes an operator that is shown a sentence (`{{ text }}`) or a document (`{{ document }}`), with what is around
it (`{{ about }}`). What
needs more is a class of a few dozen lines, in a file of this folder or in a plug-in.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from augment.config import AugmentConfig
from augment.operators.parsing import Said, parse, read_lines, unfinished
from augment.operators.templates import ORDER, SHIPPED, Prompt, Turn, rendered, turns
from augment.text.sentences import split_sentences
from engine.errors import UserError
from engine.models import is_embedded

Scope = Literal["sentence", "document", "pair", "corpus"]
LINES: Mapping[str, Any] = MappingProxyType({"type": "array", "items": {"type": "string"}})
"""The JSON schema of a list of lines."""


@dataclass(frozen=True)
class Record:
    """What an operator is shown."""

    text: str
    """A sentence, a document or a part of one; for the scope corpus the target document."""
    doc_ids: tuple[str, ...] = ()
    """Documents that hold it."""
    context: str = ""
    """For the scope corpus: the documents of its context. The same for many records, so it belongs in front."""
    title: str = ""
    """Of its document."""
    headings: tuple[str, ...] = ()
    """Of a sentence: those above it, the widest first."""
    date: str = ""
    """Of its document, as that has it."""
    before: str = ""
    """Of a sentence: the last ones before it in its section."""

    @property
    def around(self) -> str:
        """Title, headings, date and the sentences before, one per line: where names in an inference may come from."""
        return "\n".join(value for _, value in self._facts())

    @property
    def about(self) -> str:
        """The same for a prompt, each line with what it is."""
        return "\n".join(f"{name}: {value}" for name, value in self._facts())

    def _facts(self) -> list[tuple[str, str]]:
        above = [heading for heading in self.headings if heading != self.title]
        facts = [("Title", self.title), ("Section", " > ".join(above)), ("Date", self.date), ("Before", self.before)]
        return [(name, value) for name, value in facts if value]


class Operator:
    """The contract, with the behaviour of an operator that is one prompt file."""

    scope: Scope = "sentence"
    """sentence and document are local operators; pair, two sentences of different documents, and corpus are global ones."""
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
    schema: Mapping[str, Any] | None = LINES
    """JSON schema of its answers (of the first step, where it has two) where they are asked for as JSON; None: never."""
    contextual = False
    """Whether its prompt shows what is around a text. Set where operators are loaded, as is `structured`."""
    structured = False
    """Whether its answers are asked for as JSON."""

    def __init__(self, name: str, config: AugmentConfig | None = None, model: str = ""):
        self.name, self.config = name, config or AugmentConfig()
        self.trained = is_embedded(model)
        """Whether the model was trained on prompts of its own: then it is shown those, no context, and no numbers."""
        self.templates: dict[str, list[Turn]] = {}

    def pieces(self, text: str) -> list[str]:
        """The texts of a document that records are made of."""
        if self.scope == "sentence" and self.config.split != "none":
            return split_sentences(text, self.config.language)
        return [text.strip()]

    def requests(self, record: Record) -> list[Prompt]:
        """What to ask the model about a record."""
        return [self.render(record=record)]

    def follow(self, record: Record, answer: str) -> list[Prompt]:
        """For operators of two steps: what to ask after the first answer (`record` without its context)."""
        raise NotImplementedError

    def parse(self, answer: str) -> list[str]:
        """The inferences in an answer (of the last step)."""
        return parse(answer)

    def read(self, answer: str) -> list[Said]:
        """All that an answer says: inferences, and fragments that are none with the reason. By default what `parse` gives."""
        if type(self).parse is Operator.parse:
            return read_lines(answer)
        texts, half = self.parse(answer), unfinished(answer)
        return [Said(text, open=half and i == len(texts) - 1) for i, text in enumerate(texts)]

    def derive(self, records: Sequence[Record]) -> list[str | None]:
        """For operators that are a rule: one text, or none, per record of the whole corpus."""
        raise NotImplementedError

    def render(self, part: str = "", record: Record | None = None, **values: object) -> Prompt:
        """The prompt file NAME.md, or NAME-PART.md, with values filled in; of a record its text and what is around it."""
        if record:
            shown = {"text": record.text, "document": record.text, "context": record.context}
            values = shown | {"about": record.about, "before": record.before} | values
        structured = self.structured and not part
        found = rendered(self.template(part), structured=structured, **({"about": ""} | values))
        return self._in_json(found) if structured and not isinstance(found, str) else found

    def _in_json(self, turns: list[dict[str, str]]) -> list[dict[str, str]]:
        """Turns whose examples are answers in JSON. Those of nothing are left out: after one small models answer [] to nearly all."""
        told = list[dict[str, str]]()
        for turn in turns:
            if turn["role"] != "assistant":
                told.append(turn)
            elif (said := self.as_json(turn["content"])) or len(told) == 1:  # the first turn holds the task
                told.append(turn | {"content": json.dumps(said, ensure_ascii=False)})
            else:
                told.pop()
        return told

    def as_json(self, answer: str) -> list[Any]:
        """An answer in lines as the JSON of `schema`."""
        return parse(answer)

    def template(self, part: str = "") -> list[Turn]:
        """A prompt file, compiled once: that takes longer than a thousand renderings."""
        name = f"{self.name}-{part}" if part else self.name
        if name not in self.templates:
            file = self.prompt_file(name)
            self.templates[name] = turns(file.read_text(encoding="utf-8"))
            if not ORDER.fullmatch(" ".join(turn.role for turn in self.templates[name])):
                found = ", ".join(turn.role for turn in self.templates[name]) or "nothing"
                raise UserError(
                    f"The prompt {file} must begin and end with a user turn, and turns must alternate; it has: {found}."
                )
        return self.templates[name]

    def prompt_file(self, name: str) -> Path:
        """The user's file where there is one; raises UserError where there is none at all."""
        own = self.folder / "pico" if self.trained else None
        folders = [folder for folder in (self.config.prompts, own, self.folder) if folder]
        found = next((f / f"{name}.md" for f in folders if (f / f"{name}.md").is_file()), None)
        if found is None:
            raise UserError(f"The operator {self.name} has no prompt file {name}.md in {folders[-1]}.")
        return found


def two_step(kind: type[Operator]) -> bool:
    """Whether the first answers of an operator only lead to further requests."""
    return kind.follow is not Operator.follow
