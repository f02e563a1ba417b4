"""Settings of augmentation. Loads without torch, vLLM or Ray."""

from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from pydantic import BeforeValidator, Field, model_validator

from engine.address import is_address
from engine.config import Mapping, Settings


def _pieces(value: Any) -> Any:
    if value == "cumulative":
        raise ValueError("cumulative is gone: augment.context shows the sentences before, by default")
    return ("none", "independent")[value] if isinstance(value, bool) else value


Pieces = Annotated[Literal["none", "independent"], BeforeValidator(_pieces)]
"""How documents are taken apart; true and false say independent and none."""


class CheckConfig(Settings):
    """Which checks are made of inferences that are well-formed, and how strict they are (docs/augmentation.md)."""

    language: bool = True
    """Reject what is written in another language than its source."""
    additions: bool = True
    """Reject what names or counts something that neither its source nor what stands before it does, or asks."""
    reference: bool = True
    """Reject what cannot be understood alone: a pronoun, or "the company", that stands for nothing in the same line."""
    meaning: bool = True
    """Reject what exchanges the roles of its source, denies or turns into the opposite what it says, or leaves out that it only may be
    so, is so of some, or is what somebody claims. Ten languages; rules reject only what they are sure of."""
    near: float = Field(default=0.7, ge=0, le=1)
    """Least similarity of near duplicates, among texts whose telling words are equal; 1 is equal but for case, 0 is off."""
    connection: bool = True
    """Reject conclusions that join sentences with no telling word in common (operators that combine sentences; English)."""
    entailment: bool = True
    """Ask the engine whether the source entails the inference (operators that write a sentence about their source)."""
    reader: Path | None = None
    """Folder of an adapter with which a model other than the embedded one reads English (`train.reader` makes one)."""
    rate: float = Field(default=0.05, gt=0, lt=1)
    """Share of statements about other things that entailment may let pass."""
    consistency: bool = True
    """Of inferences that contradict each other or the corpus, keep the more probable."""
    seed: int = 0
    """Seed of the sources that entailment draws for comparison."""


class Prices(Settings):
    """What a teacher's tokens cost, in dollars per million."""

    prompt: float = Field(default=0.0, ge=0)
    """Of prompts, as far as the address's cache does not have them."""
    cached: float | None = Field(default=None, ge=0)
    """Of prompts that the address says its cache had; by default as others."""
    output: float = Field(default=0.0, ge=0)
    """Of answers, reasoning included."""

    @property
    def given(self) -> bool:
        """Whether there are any."""
        return bool(self.prompt or self.cached or self.output)

    def of(self, prompt: float, cached: float, output: float) -> float:
        """Dollars for so many tokens; `cached` ones are among those of the prompts."""
        reused = self.prompt if self.cached is None else self.cached
        return ((prompt - cached) * self.prompt + cached * reused + output * self.output) / 1e6


class AugmentConfig(Settings):
    """Which inferences are asked for, of whom, and how they are sampled."""

    teacher: Annotated[str | None, tyro.conf.arg(aliases=["--teacher"])] = None
    """Who writes inferences, and questions on own documents: a model as --model takes it, or an OpenAI-compatible address
    http(s)://HOST/v1, whose key is the environment variable OPENAI_API_KEY. By default the model writes for itself."""
    teacher_model: Annotated[str | None, tyro.conf.arg(aliases=["--teacher-model"])] = None
    """Name of the model at the teacher's address; by default the only one that it serves."""
    prices: Prices = Prices()
    """What the teacher's tokens cost: then augment, run and plan say what was or will be spent."""
    operators: tuple[str, ...] = ("rephrase", "reverse")
    """Operators to apply (docs/operators.md): shipped ones, prompt files NAME.md in `prompts`, and installed plug-ins."""
    prompts: Path | None = None
    """Folder with prompt files NAME.md that replace the shipped ones or add operators."""
    split: Pieces = "independent"
    """What operators on sentences are asked about: independent, each sentence (the paper's default); none, whole documents."""
    context: bool = True
    """Show title, section, date and the sentences before beside what is asked about, so that lines can be understood alone. The
    embedded model is never shown them: it was trained without."""
    rounds: Annotated[int, Field(ge=1), tyro.conf.arg(aliases=["--rounds"])] = 1
    """Rounds: from the second on operators are applied to what the round before added, until nothing new is kept."""
    samples: int = Field(default=1, ge=1)
    """Answers sampled per request; with a budget the most times that an operator is applied to a text."""
    budget_tokens: Annotated[int | None, Field(ge=1), tyro.conf.arg(aliases=["--budget-tokens"])] = None
    """Tokens to generate: operators that bring most new inferences per token are applied first, until they are spent."""
    temperature: float = 0.7
    """Sampling temperature; 0 is greedy."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Sample from the likeliest tokens with this share of the probability; by default from all."""
    top_k: int | None = Field(default=None, ge=0)
    """Sample from so many likeliest tokens; by default from all."""
    min_p: float | None = Field(default=None, ge=0, le=1)
    """Sample from tokens with at least this share of the likeliest one's probability; by default from all."""
    sampling: Mapping = Field(default_factory=dict)
    """Sampling of single operators, over that of all: {"rephrase": {"temperature": 0.9, "max_tokens": 200}}; any field of vLLM's
    SamplingParams."""
    chat_template_kwargs: Mapping = Field(default_factory=dict)
    """Arguments of the model's chat template, for instance {"enable_thinking": false}."""
    structured: Literal["auto", "always", "never"] = "auto"
    """Whether answers that are lists must be JSON: auto, of models with a chat template other than the embedded one; always;
    never."""
    max_tokens: int = Field(default=128, ge=1)
    """Longest answer, in tokens."""
    text_tokens: int = Field(default=512, ge=1)
    """Longest answer of the operators that write whole texts (entities, study, link-trace), in tokens."""
    passage_tokens: int = Field(default=2048, ge=16)
    """Longest text that an operator on documents is shown, in tokens of the model: longer ones are cut between sentences."""
    overlap_tokens: int = Field(default=128, ge=0)
    """How much of a passage, in whole sentences, the next one begins with, in tokens."""
    context_chars: int = Field(default=24_000, ge=1)
    """Longest context of a global operator, in characters (about four per token); what does not fit is reported."""
    partners: Literal["bm25", "embedding", "random"] = "bm25"
    """Which documents share a context where not all fit: those that a word search or embeddings find alike, or random ones."""
    pairs: int = Field(default=2, ge=1)
    """Sentences of other documents with which `connect` shows each sentence, per name that they share."""
    embedder: str | None = None
    """The model that embeds documents (a folder or a hub name; its last layer is averaged); by default the model at hand."""
    relations: int = Field(default=12, ge=1)
    """Pairs and triples of entities that `entities` writes about, per document."""
    strategies: int = Field(default=4, ge=1)
    """Strategies that `study` applies, per document."""
    language: str = "en"
    """Language of the documents (ISO code): for finding sentences, and for checks that know English."""
    decisions: Annotated[tuple[Path, ...], tyro.conf.arg(aliases=["--decisions"])] = ()
    """Files of decisions that review.html saved: what they reject leaves, keep comes back, edit has the new text (docs/howto-review.md).
    By default those that the folder has from the call before; of several about one inference the latest counts."""
    seed: int = 0
    """Seed of the sampling, and of every random choice."""
    verify: CheckConfig = CheckConfig()
    """Checks of what comes back."""

    @model_validator(mode="after")
    def _named_at_an_address(self) -> "AugmentConfig":
        if self.teacher_model and not is_address(self.teacher):
            raise ValueError(
                "augment.teacher_model names a model at an address: give augment.teacher http(s)://HOST/v1"
            )
        return self

    @model_validator(mode="after")
    def _sampling_of_known_operators(self) -> "AugmentConfig":
        for name, values in self.sampling.items():
            if name not in self.operators:
                raise ValueError(f"augment.sampling names {name}, which is not among augment.operators")
            if not isinstance(values, dict):
                raise ValueError(
                    f"augment.sampling: {name} needs a mapping of settings, for instance {{'temperature': 0.9}}"
                )
            if known := {"n", "seed"} & values.keys():
                raise ValueError(
                    f"augment.sampling: {known.pop()} of {name} is set by augment.samples and augment.seed"
                )
        return self
