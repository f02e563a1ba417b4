"""Operators: a sentence in, a request out, inferences back. A prompt file makes one.

The local operators are those of the paper (section on augmentation): rephrasings and reversals of one item, asked for
with examples in the prompt.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template, TemplateError

from augment.config import AugmentConfig
from engine.errors import UserError

SHIPPED = Path(__file__).parent / "prompts"
MARK = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+")


@dataclass(frozen=True)
class Operator:
    """A named prompt; `{{ text }}` in it stands for the sentence."""

    name: str
    prompt: str

    def render(self, text: str) -> str:
        """The prompt for one sentence."""
        return self._template.render(text=text).strip()

    @cached_property
    def _template(self) -> Template:
        """Compiled once: that takes longer than a thousand renderings."""
        return Environment(undefined=StrictUndefined).from_string(self.prompt)


def load_operators(config: AugmentConfig) -> list[Operator]:
    """The configured operators; raises UserError for a name without a prompt file or a prompt without `{{ text }}`."""
    folders = [f for f in (config.prompts, SHIPPED) if f]
    if config.prompts and not config.prompts.is_dir():
        raise UserError(f"augment.prompts: there is no folder {config.prompts}; give one with files NAME.md.")
    if not config.operators:
        raise UserError(f"augment.operators is empty; choose from {', '.join(_names(folders))}.")
    operators = []
    for name in config.operators:
        path = next((f / f"{name}.md" for f in folders if (f / f"{name}.md").is_file()), None)
        if path is None:
            raise UserError(f"There is no operator {name!r}; choose from {', '.join(_names(folders))}.")
        operator = Operator(name, path.read_text(encoding="utf-8"))
        try:
            if "\0" not in operator.render("\0"):
                raise UserError(f"The prompt {path} never shows the sentence; put {{{{ text }}}} where it belongs.")
        except TemplateError as error:
            raise UserError(f"The prompt {path} is no valid template: {error}.") from error
        operators.append(operator)
    return operators


def _names(folders: list[Path]) -> list[str]:
    return sorted({p.stem for f in folders for p in f.glob("*.md")})


def parse(answer: str) -> list[str]:
    """The inferences in an answer: one per line, list marks taken off.

    Reading stops where a base model would go on with a next example ("Statement: ..."); NONE and empty lines give nothing.
    """
    found = []
    for line in answer.splitlines():
        text = MARK.sub("", line).strip()
        if text.startswith("Statement:"):
            break
        if text and text.rstrip(".").upper() != "NONE":
            found.append(text)
    return found
