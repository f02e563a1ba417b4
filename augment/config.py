"""Settings of augmentation. Loads without torch, vLLM or Ray."""

from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from pydantic import BeforeValidator, Field, model_validator

from engine.address import is_address
from engine.config import Mapping, Settings


def _pieces(value: Any) -> Any:
    if value == "cumulative":
        raise ValueError("cumulative was removed; augment.context (on by default) shows the preceding sentences")
    return ("none", "independent")[value] if isinstance(value, bool) else value


Pieces = Annotated[Literal["none", "independent"], BeforeValidator(_pieces)]
"""How documents are taken apart; true and false say independent and none."""


class CheckConfig(Settings):
    """Which checks well-formed inferences must pass, and how strict the checks are (docs/augmentation.md)."""

    language: bool = True
    """Reject inferences written in a different language from their source."""
    additions: bool = True
    """Reject questions, and inferences with a name or number that appears neither in the source nor in the text before it."""
    reference: bool = True
    """Reject inferences that cannot be understood alone: "it" or "the company" without saying in the same line what is meant."""
    meaning: bool = True
    """Reject inferences that swap the roles in their source, negate or invert it, or drop a "may", a "some" or a "somebody claims".
    Covers ten languages; the rules reject only clear cases."""
    near: float = Field(default=0.7, ge=0, le=1)
    """Similarity above which texts with the same content words count as near duplicates; 1 means identical except for case, 0 is off."""
    connection: bool = True
    """Reject conclusions drawn from sentences that share no content word (operators that combine sentences; English only)."""
    entailment: bool = True
    """Ask the engine whether the source entails the inference (for operators that write a sentence about their source)."""
    reader: Path | None = None
    """Adapter folder that lets a model other than the embedded one judge English entailment (`train.reader` makes one)."""
    rate: float = Field(default=0.05, gt=0, lt=1)
    """False-positive rate of entailment: the share of statements about something else that it may accept."""
    consistency: bool = True
    """Where inferences contradict each other or the corpus, keep the more probable one."""
    seed: int = 0
    """Seed for the comparison sources that entailment draws."""


class Prices(Settings):
    """What a teacher's tokens cost, in dollars per million tokens."""

    prompt: float = Field(default=0.0, ge=0)
    """Price of prompt tokens that the server did not have in its cache."""
    cached: float | None = Field(default=None, ge=0)
    """Price of prompt tokens that the server reports as cached; by default the same as `prompt`."""
    output: float = Field(default=0.0, ge=0)
    """Price of output tokens, including reasoning."""

    @property
    def given(self) -> bool:
        """Whether there are any."""
        return bool(self.prompt or self.cached or self.output)

    def of(self, prompt: float, cached: float, output: float) -> float:
        """Dollars for so many tokens; `cached` ones are among those of the prompts."""
        reused = self.prompt if self.cached is None else self.cached
        return ((prompt - cached) * self.prompt + cached * reused + output * self.output) / 1e6


class AugmentConfig(Settings):
    """Which inferences to ask for, which model writes them, and how it samples."""

    teacher: Annotated[str | None, tyro.conf.arg(aliases=["--teacher"])] = None
    """Model that writes the inferences, and the questions on your own documents: anything that --model accepts, or the
    OpenAI-compatible address http(s)://HOST/v1, whose key is read from OPENAI_API_KEY. By default the model writes for itself."""
    teacher_model: Annotated[str | None, tyro.conf.arg(aliases=["--teacher-model"])] = None
    """Name of the model at the teacher's address; optional if it serves only one."""
    prices: Prices = Prices()
    """What the teacher's tokens cost; if set, augment, run and plan report the amount spent or to be spent."""
    operators: tuple[str, ...] = ("rephrase", "reverse")
    """Operators to apply (docs/operators.md): built-in ones, prompt files NAME.md in `prompts`, and installed plug-ins."""
    prompts: Path | None = None
    """Folder of prompt files NAME.md that replace the built-in prompts or add operators."""
    split: Pieces = "independent"
    """What sentence operators work on: independent, each sentence (the paper's default); none, whole documents."""
    context: bool = True
    """Show title, section, date and preceding sentences along with the text, so that each inference can be understood alone.
    The embedded model, which was trained without them, never sees them."""
    rounds: Annotated[int, Field(ge=1), tyro.conf.arg(aliases=["--rounds"])] = 1
    """Number of rounds: from the second on, operators are applied to what the previous round added, until nothing new is kept."""
    samples: int = Field(default=1, ge=1)
    """Answers sampled per request; with a budget, the maximum number of times that an operator is applied to a text."""
    budget_tokens: Annotated[int | None, Field(ge=1), tyro.conf.arg(aliases=["--budget-tokens"])] = None
    """Maximum number of tokens to generate; operators that yield the most new inferences per token are applied first."""
    temperature: float = 0.7
    """Sampling temperature; 0 is greedy."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """Sample from the most likely tokens that together have this probability; by default from all."""
    top_k: int | None = Field(default=None, ge=0)
    """Sample from this many of the most likely tokens; by default from all."""
    min_p: float | None = Field(default=None, ge=0, le=1)
    """Sample from tokens with at least this fraction of the most likely token's probability; by default from all."""
    sampling: Mapping = Field(default_factory=dict)
    """Sampling settings per operator, which override the general ones: {"rephrase": {"temperature": 0.9, "max_tokens": 200}}. Any
    field of vLLM's SamplingParams is allowed."""
    chat_template_kwargs: Mapping = Field(default_factory=dict)
    """Arguments for the model's chat template, for instance {"enable_thinking": false}."""
    structured: Literal["auto", "always", "never"] = "auto"
    """Whether list answers must be JSON: auto (for models with a chat template, except the embedded one), always or never."""
    max_tokens: int = Field(default=128, ge=1)
    """Maximum length of an answer, in tokens."""
    text_tokens: int = Field(default=512, ge=1)
    """Maximum length of an answer from operators that write whole texts (entities, study, link-trace), in tokens."""
    passage_tokens: int = Field(default=2048, ge=16)
    """Maximum length of the text shown to a document operator, in tokens; longer documents are cut between sentences."""
    overlap_tokens: int = Field(default=128, ge=0)
    """Maximum overlap of consecutive passages, in tokens; only whole sentences are repeated."""
    context_chars: int = Field(default=24_000, ge=1)
    """Maximum context of a global operator, in characters (about four per token); what does not fit is reported."""
    partners: Literal["bm25", "embedding", "random"] = "bm25"
    """Which documents share a context if not all fit: similar ones, found by word search or embeddings, or random ones."""
    pairs: int = Field(default=2, ge=1)
    """Number of sentences from other documents that `connect` shows with each sentence, per shared name."""
    embedder: str | None = None
    """Model that embeds documents (a folder or a hub name; its last layer is averaged); by default the model itself."""
    relations: int = Field(default=12, ge=1)
    """Number of entity pairs and triples that `entities` writes about, per document."""
    strategies: int = Field(default=4, ge=1)
    """Number of strategies that `study` applies, per document."""
    language: str = "en"
    """Language of the documents (ISO code), used to find sentences and to decide whether English-only checks apply."""
    decisions: Annotated[tuple[Path, ...], tyro.conf.arg(aliases=["--decisions"])] = ()
    """Decision files saved by review.html: rejected inferences are removed, kept ones restored, edited ones get their new text
    (docs/howto-review.md). By default the decisions from the previous call are used. The latest decision on an inference counts."""
    seed: int = 0
    """Seed for sampling and for every other random choice."""
    verify: CheckConfig = CheckConfig()
    """Checks on the answers."""

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
