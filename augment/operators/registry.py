"""Which operators there are: shipped ones, prompt files, and plug-ins of other packages."""

from jinja2 import TemplateError

from augment.config import AugmentConfig
from augment.operators.base import Operator, Record
from augment.operators.connect import Connect
from augment.operators.deduce import Deduce
from augment.operators.entities import Entities
from augment.operators.fixed_prompts import FixedPrompts
from augment.operators.link import Link, LinkTrace
from augment.operators.qa import QuestionsAnswers
from augment.operators.rules.identity import Identity
from augment.operators.rules.repeat import Repeat
from augment.operators.rules.reverse_training import ReverseTraining
from augment.operators.rules.shuffle import Shuffle
from augment.operators.study import Study
from augment.operators.templates import DOCUMENT, SHIPPED, STRUCTURED, content
from augment.plugins import plugins
from engine.address import is_address
from engine.errors import UserError
from engine.models import has_chat_template

GROUP = "forethought.operators"
"""Entry point group of plug-ins; each names a subclass of `Operator`."""
OPERATORS: dict[str, type[Operator]] = {
    "connect": Connect,
    "deduce": Deduce,
    "entities": Entities,
    "fixed-prompts": FixedPrompts,
    "identity": Identity,
    "link": Link,
    "link-trace": LinkTrace,
    "qa": QuestionsAnswers,
    "repeat": Repeat,
    "reverse-training": ReverseTraining,
    "shuffle": Shuffle,
    "study": Study,
}
"""The shipped operators that are more than a prompt file."""


def kind_of(name: str) -> type[Operator]:
    """The class of an operator: a shipped one, a plug-in's, else `Operator`: one prompt file."""
    if name in OPERATORS:
        return OPERATORS[name]
    found = next((point for point in plugins(GROUP) if point.name == name), None)
    if found is None:
        return Operator
    try:
        kind = found.load()
    except Exception as error:  # a plug-in may raise anything
        raise UserError(f"The operator {name} ({found.value}) cannot be loaded: {error}; fix its package.") from error
    if not (isinstance(kind, type) and issubclass(kind, Operator)):
        raise UserError(f"The operator {name} ({found.value}) is not a subclass of augment.operators.Operator.")
    return kind


def is_global(name: str) -> bool:
    """Whether an operator reads other documents than its target: then its inferences are of global augmentation."""
    return kind_of(name).scope in ("pair", "corpus")


def load_operators(config: AugmentConfig, model: str = "") -> list[Operator]:
    """The configured operators as they speak to a model; raises UserError for an unknown name and a prompt that does not show its text."""
    if config.prompts and not config.prompts.is_dir():
        raise UserError(f"augment.prompts: there is no folder {config.prompts}; give a folder of files NAME.md.")
    known = names(config)
    if not config.operators:
        raise UserError(f"augment.operators is empty; choose from {', '.join(known)}.")
    unknown = [name for name in config.operators if name not in known]
    if unknown:
        raise UserError(f"There is no operator {unknown[0]!r}; choose from {', '.join(known)}.")
    found = [_checked(kind_of(name)(name, config, model)) for name in dict.fromkeys(config.operators)]
    for operator in found:
        operator.structured = _structured(operator, model)
    return found


def _structured(operator: Operator, model: str) -> bool:
    """Whether an operator asks a model for JSON: where its prompt knows how to, and the settings or the model ask for it."""
    wanted = operator.config.structured
    if operator.rule or operator.schema is None or wanted == "never":
        return False
    knows = type(operator).requests is not Operator.requests or STRUCTURED.search(
        operator.prompt_file(operator.name).read_text(encoding="utf-8")
    )
    if wanted == "always":
        if not knows:
            raise UserError(
                f"augment.structured always: the prompt {operator.prompt_file(operator.name)} does not ask for JSON; "
                "make it ask for JSON where {{ structured }} is true, or choose auto."
            )
        return True
    plain = operator.trained or not model or model.startswith("fake")
    # what stands behind an address chats; where it takes no schema, it is asked for JSON all the same
    return bool(knows) and not plain and (is_address(operator.config.teacher) or has_chat_template(model))


def names(config: AugmentConfig) -> list[str]:
    """All operators that can be named."""
    files = {path.stem for folder in (config.prompts, SHIPPED) if folder for path in folder.glob("*.md")}
    parts = {f"{name}-{part}" for name, kind in OPERATORS.items() for part in kind.parts}
    return sorted((files - parts) | set(OPERATORS) | {point.name for point in plugins(GROUP)})


def _checked(operator: Operator) -> Operator:
    """The operator; one that is a prompt file with `{{ document }}` in it is shown documents."""
    if operator.rule:
        return operator
    shown = Record("\0", context="\1", title="\2", before="\3")
    if type(operator) is Operator and DOCUMENT.search(operator.prompt_file(operator.name).read_text(encoding="utf-8")):
        operator.scope = "document"
    try:
        asked = operator.requests(shown)
        for part in operator.parts:
            operator.template(part)
    except TemplateError as error:
        raise UserError(
            f"The prompt {operator.prompt_file(operator.name)} is not a valid template: {error}."
        ) from error
    if operator.config.context and operator.scope != "corpus" and not operator.trained:
        operator.contextual = any("\2" in content(prompt) or "\3" in content(prompt) for prompt in asked)
    wanted = {"\0": True, "\1": operator.scope == "corpus"}
    for mark, name, value in (("\0", "text", "the sentence"), ("\1", "context", "the context")):
        if wanted[mark] and not all(mark in content(prompt) for prompt in asked):
            where = operator.prompt_file(operator.name) if operator.templates else f"of {operator.name}"
            raise UserError(f"The prompt {where} never shows {value}; put {{{{ {name} }}}} where it belongs.")
    return operator
