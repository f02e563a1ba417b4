"""A verb's settings from a YAML file and dotted options, and one sentence for what is wrong with them."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any, TypeVar

import tyro
import yaml
from pydantic import ValidationError

from engine.config import Settings
from engine.errors import UserError
from eval.config import RunConfig

T = TypeVar("T", bound=Settings)


def parse(config: type[T], arguments: list[str], verb: str, preset: Path | None = None) -> T:
    """A config from a YAML file (one of the first two arguments; for `run` also a .json) and dotted overrides."""
    path, arguments = preset, list(arguments)
    endings = (".yaml", ".yml", ".json") if issubclass(config, RunConfig) else (".yaml", ".yml")
    for place, argument in enumerate(arguments[:2]):
        if argument.endswith(endings) and not any(a.startswith("-") for a in arguments[: place + 1]):
            path = Path(arguments.pop(place))
            break
    try:
        default = config.model_validate(read_yaml(path)) if path else config()
    except ValidationError as error:
        raise UserError(explain(error, config, str(path))) from error
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            return tyro.cli(config, args=arguments, default=default, prog=f"forethought {verb}")
    except SystemExit as stop:
        if not stop.code:  # --help
            raise
        raise UserError(option_fault(stop, told.getvalue(), config, verb)) from stop


def option_fault(stop: SystemExit, box: str, config: type[Settings], verb: str) -> str:
    """What tyro says in a box, as one sentence: its first part, and the options that it suggests."""
    cause: BaseException | None = stop
    while cause is not None:
        if isinstance(cause, ValidationError):
            return explain(cause, config, "the options")
        cause = cause.__context__
    rows = [line.strip("│ ") for line in box.splitlines() if not line.startswith(("╭", "╰"))]
    if "╭" not in box:  # an output that is not UTF-8 gets no frame, but the title as a row with a rule below
        rows = rows[2:]
    first, *others = re.split(r" ?[─-]{6,} ?", " ".join(rows))
    found = [name for part in others if part.startswith("Perhaps") for name in re.findall(r"--[\w.-]+", part)]
    meant = f"; perhaps you meant {' or '.join(dict.fromkeys(found))}" if found else ""
    return f"{first.strip().rstrip('.')}{meant}; `forethought {verb} --help` lists the options."


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file; raises UserError where there is none."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {error}.") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} must hold a mapping of settings.")
    return content


def explain(error: ValidationError, config: type[Settings], where: str) -> str:
    """The first fault of a config as one sentence, with the valid keys where a key is unknown."""
    fault = error.errors()[0]
    # tyro builds each part of a config on its own: the fault then does not name the part
    part = next((n for n, f in config.model_fields.items() if getattr(f.annotation, "__name__", "") == error.title), "")
    key = ".".join(map(str, (part, *fault["loc"]) if part else fault["loc"]))
    if fault["type"] == "extra_forbidden":
        owner: Any = config
        for name in fault["loc"][:-1]:
            owner = owner.model_fields[name].annotation
        return f"{where}: there is no setting {key}; choose from {', '.join(owner.model_fields)}."
    message = fault["msg"].removeprefix("Value error, ")
    return f"{where}: {key or 'config'} is {fault.get('input')!r}: {message}."
