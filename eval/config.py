"""Settings of runs and evaluations. Loads without torch, vLLM, Ray or TRL."""

from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from pydantic import Field, field_validator, model_validator

from augment.config import AugmentConfig
from engine.config import EngineConfig, Settings
from train.config import TrainConfig
from train.examples.names import CONTROLS, GROUPS, TUNED, WAYS, is_trained

ARMS = ("pretrained", "icl", "finetuned", "finetuned+repeat", "finetuned+local")
"""Compared by default."""
FURTHER = (*(f"{TUNED}+{name}" for name in (*GROUPS[1:], *CONTROLS[1:], "split")), "retrieval", "retrieval+oracle")
"""More arms and controls, when named."""
ADAPTER = "adapter"
"""The arm of an adapter that is there already, in a run with `adapter`."""


Name = Literal["reversals", "syllogisms", "celebrities", "fictional", "semantic", "derivatoids", "documents"]
Size = Literal["paper", "small"]


class BenchmarkConfig(Settings):
    """What the model learns and is asked about."""

    name: Annotated[Name, tyro.conf.arg(aliases=["--benchmark"])] = "reversals"
    """reversals: comparisons of nonsense words; syllogisms: two premises each; celebrities: the original reversal-curse
    files; fictional: invented people in the same format; semantic: a hierarchy in nonsense words; derivatoids: an invented
    calculus; documents: your own, with questions that the model writes (docs/own-documents.md)."""
    size: Size = "paper"
    """paper, the size used in the paper; small, for two cores and the context of the embedded model."""
    data: Annotated[Path | None, tyro.conf.arg(aliases=["--data"])] = None
    """Folder with the benchmark's files (celebrities); file or folder of documents (documents)."""
    facts: int | None = Field(default=None, ge=1)
    """Number of facts (reversals), examples (syllogisms) or categories (semantic), by default set by `size`; number of people
    (celebrities), by default all."""
    articles: int | None = Field(default=None, ge=1)
    """Articles per fact (reversals); by default set by `size`."""
    context_per_fact: Annotated[int, Field(ge=1)] | Literal["auto"] | None = "auto"
    """Articles per fact (or passages per document) in the context of the icl arm, drawn at random. null: all; auto: 1, or all
    for documents."""
    retrieved: int = Field(default=5, ge=1)
    """Number of documents (passages) that the retrieval arm shows with each question."""
    questions: int = Field(default=60, ge=0)
    """Maximum number of questions of each kind (forward, reversal, two-step) that the model writes (documents); 0 for none."""
    own_questions: Annotated[Path | None, tyro.conf.arg(aliases=["--questions"])] = None
    """Your own questions (documents): a .jsonl, .csv or .parquet file with question, answer, and optionally choices and kind. They
    are asked in addition to those that the model writes (docs/howto-own-questions.md)."""
    passage_chars: int = Field(default=1200, ge=100)
    """Maximum length of the passages that documents are cut into for training and retrieval, in characters (documents)."""
    prompts: Path | None = None
    """Folder with forward.md, reversal.md or two-step.md, which replace the built-in question-writing prompts (documents)."""
    general: Path | None = None
    """File or folder of unrelated text on which to measure forgetting (documents); by default Python's language reference."""
    text_column: str | None = None
    """Column with the text, if documents are rows of tables (documents)."""
    language: str = "en"
    """Language of the documents (ISO code), used to find sentences (documents)."""

    @model_validator(mode="after")
    def _of_documents(self) -> "BenchmarkConfig":
        if self.own_questions and self.name != "documents":
            raise ValueError(f"own_questions (--questions) needs the benchmark documents, but this is {self.name}")
        return self

    @property
    def per_fact(self) -> int | None:
        """`context_per_fact` with "auto" made out."""
        if self.context_per_fact == "auto":
            return None if self.name == "documents" else 1
        return self.context_per_fact


class RunConfig(Settings):
    """Do a whole job: augment, train and evaluate every arm, for every seed."""

    name: str = "run"
    """Name of the run; results go to OUT/NAME."""
    out: Path = Path("runs")
    """Folder that holds all runs."""
    model: str = "pico"
    """Model: pico (embedded), a folder saved by save_pretrained, or a hub name."""
    arms: tuple[str, ...] = ARMS
    """Arms to compare. Besides the defaults: finetuned+global, finetuned+all, finetuned+gold, finetuned+OPERATOR, finetuned+paraphrase,
    finetuned+shuffled, finetuned+reverse-training, finetuned+masked, retrieval, retrieval+oracle, and adapter if you give one. Any finetuned arm can
    take the suffix +split, +unchecked, +sourced or +distilled (docs/training.md)."""
    adapter: Path | None = None
    """An existing LoRA adapter, evaluated with the other arms as the arm `adapter`."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds. Each one draws a world (facts, articles, distractors), which all arms share, and seeds the training on it."""
    pmi: bool = False
    """Also score every choice after a neutral stem, to compute the norm pmi."""
    gates: bool = False
    """Also measure the side effects of tuning: forgetting, damage to in-context learning, preference for false statements."""
    gate_questions: int = Field(default=20, ge=1)
    """Questions per seed used to measure damage to in-context learning."""
    benchmark: BenchmarkConfig = BenchmarkConfig()
    engine: EngineConfig = EngineConfig()
    augment: AugmentConfig = AugmentConfig()
    train: TrainConfig = TrainConfig()

    @property
    def writes(self) -> str:
        """Who writes inferences and questions, for a person."""
        told = (self.augment.teacher_model, self.augment.teacher)
        return " at ".join(filter(None, told)) or self.model

    @property
    def asked(self) -> dict[str, Any]:
        """The settings of the verb that makes such a run which differ from their defaults, for its YAML file."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @model_validator(mode="after")
    def _known(self) -> "RunConfig":
        parts = (*GROUPS, *CONTROLS, *WAYS, *self.augment.operators)
        known = {*ARMS, *FURTHER, ADAPTER}
        unknown = [
            a for a in self.arms if a not in known and not (is_trained(a) and set(a.split("+")[1:]) <= set(parts))
        ]
        if unknown or not self.arms:
            raise ValueError(
                f"unknown arms {', '.join(unknown) or '(none given)'}; choose from {', '.join((*ARMS, *FURTHER, ADAPTER))}, and "
                "finetuned+OPERATOR for an operator of augment.operators"
            )
        for arm in self.arms:
            alone = [part for part in arm.split("+")[1:] if part in CONTROLS and part not in self.augment.operators]
            if alone and arm.count("+") > 1:
                raise ValueError(f"the arm {arm}: nothing can be added to {alone[0]}, which is a control")
            self._fits(arm, set(arm.split("+")[1:]))
        return self

    def _fits(self, arm: str, parts: set[str]) -> None:
        """Raise ValueError where the parts of an arm's name do not go together, or not with the training."""
        if parts & {"unchecked", "sourced"} and not parts - {*WAYS, "gold"}:
            raise ValueError(
                f"the arm {arm} needs inferences: name their operators, or local, as in {TUNED}+local+unchecked"
            )
        if "split" in parts and self.train.loss == "completion":
            raise ValueError(
                f"the arm {arm} trains on sentences without a prompt: remove the arm, or train.loss completion"
            )
        if "distilled" in parts and (self.train.method != "lora" or self.train.packing):
            raise ValueError(f"the arm {arm} needs train.method lora and train.packing off")

    @field_validator("seeds")
    @classmethod
    def _some(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if not seeds or len(set(seeds)) < len(seeds):
            raise ValueError("give at least one seed, and each seed only once")
        return seeds

    @model_validator(mode="before")
    @classmethod
    def _with_adapter(cls, given: Any) -> Any:
        """Who gives an adapter wants it asked."""
        if isinstance(given, dict) and given.get("adapter"):
            arms = tuple(given.get("arms", ARMS))
            return given | {"arms": arms if ADAPTER in arms else (*arms, ADAPTER)}
        return given

    @model_validator(mode="after")
    def _of_adapter(self) -> "RunConfig":
        if ADAPTER in self.arms and not self.adapter:
            raise ValueError("the arm adapter needs an adapter: give its folder as --adapter, or remove the arm")
        return self

    @model_validator(mode="after")
    def _fitting(self) -> "RunConfig":
        most = self.engine.max_lora_rank or self.train.rank
        if self.train.method == "lora" and most < self.train.rank:
            raise ValueError(
                f"train.rank is {self.train.rank}, but engine.max_lora_rank is {self.engine.max_lora_rank}: leave "
                "engine.max_lora_rank unset and it will follow train.rank"
            )
        if self.train.loss == "completion" and self.train.split != "cumulative":
            raise ValueError("train.loss completion needs train.split cumulative: other examples have no prompt")
        return self

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not name or name != Path(name).name or name.startswith("."):
            raise ValueError("the name must be a plain folder name without slashes")
        return name


class EvalConfig(RunConfig):
    """Measure a model, and optionally an adapter on it, without training."""

    adapter: Path | None = None
    """The adapter to measure as the arm `finetuned`; provenance.json identifies its weights."""

    @property
    def asked(self) -> dict[str, Any]:
        """The same; arms follow from the adapter."""
        names = {"name", "out", "model", "adapter", "seeds", "benchmark", "engine"}
        found = self.model_dump(mode="json", exclude_defaults=True, include=names)
        teacher = {"teacher": self.augment.teacher, "teacher_model": self.augment.teacher_model}
        return found | {name: value for name, value in teacher.items() if value}
