"""Who writes: the student itself, another model on engines of its own, or one at an address; and who reads what was written."""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from rich.markup import escape

from augment.config import AugmentConfig
from engine.address import checked_address, is_address, key, served
from engine.config import EngineConfig
from engine.console import say
from engine.models import check_model, is_embedded
from engine.pool import EnginePool


class Writer(NamedTuple):
    """The model that writes inferences and questions."""

    model: str
    """Its name: prompts and ids depend on it, and `inferences.model` records it."""
    engine: EngineConfig
    config: AugmentConfig
    """The settings of the augmentation, without checks that nobody can make."""
    student: bool
    """Whether it is the model that is trained."""

    @contextlib.contextmanager
    def opened(self, student: EnginePool, quiet: bool = False) -> Iterator[EnginePool]:
        """The pool to write with; the student's own pool where it writes for itself."""
        if self.student:
            yield student
            return
        with EnginePool(self.model, self.engine, quiet) as pool:
            yield pool

    @property
    def where(self) -> str:
        """Name and address, for a person."""
        return f"{self.model} at {self.engine.base_url}" if self.engine.kind == "openai" else self.model


def settled(config: AugmentConfig) -> AugmentConfig:
    """The settings with the name of the model at the teacher's address, which is asked for its only one where none is named."""
    if not is_address(config.teacher):
        return config
    address = checked_address(config.teacher)
    return config.model_copy(update={"teacher": address, "teacher_model": config.teacher_model or served(address).name})


def writer_of(config: AugmentConfig, model: str, engine: EngineConfig) -> Writer:
    """Who writes for the student `model`, with the settings of `settled`.

    Raises UserError for a teacher that is neither a model nor an address. The checks that ask for likelihoods are made by the student;
    where it is the embedded model, which reads no natural text, and its teacher another, they are left out, which is said.
    """
    if config.teacher is None or config.teacher == model:
        return Writer(model, engine, config, True)
    config = settled(config)
    if is_address(config.teacher):
        address, name = str(config.teacher), str(config.teacher_model)
        engine = EngineConfig(
            kind="openai", base_url=address, shard_rows=engine.shard_rows, retry_errors=engine.retry_errors
        )
    elif engine.kind == "vllm":
        name = check_model(str(config.teacher))
    else:
        name = str(config.teacher)
    settings = config
    if config.partners == "embedding" and not config.embedder:
        settings = settings.model_copy(update={"embedder": model})
    if config.verify.entailment and is_embedded(model) and not is_embedded(name):
        checks = config.verify.model_copy(update={"entailment": False})
        settings = settings.model_copy(update={"verify": checks})
    return Writer(name, engine, settings, False)


def say_writer(writer: Writer, asked: AugmentConfig, model: str) -> None:
    """Say who writes, which checks are left out, and where a key would travel in the open."""
    if writer.student:
        return
    say(f"teacher: {escape(writer.where)} writes, {escape(model)} is the student")
    if asked.verify.entailment and not writer.config.verify.entailment:
        say(
            f"[yellow]note[/]: the check entailment is left out: it needs likelihoods of a model that reads what {escape(writer.model)} "
            f"writes, and {escape(model)} knows its own small language only; name a reader by --model"
        )
    address = writer.engine.base_url or ""
    if address.startswith("http://") and key() != "none" and not address.startswith(LOCAL):
        say(f"[yellow]note[/]: the key goes to {escape(address)} unencrypted: https hides it from others on the way")


LOCAL = ("http://127.", "http://localhost", "http://[::1]")
