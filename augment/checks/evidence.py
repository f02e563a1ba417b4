"""How likely is a statement after its source? What the engine is asked for entailment, and the figures of its answers.

The model reads the sources, one sentence per line, and then the statement on the next line, in its plainest wording
(`augment.checks.english.wordings.plain`), and, where a rule knows how, the same from its other end (`turned`): a model that does not expect
a sentence's first word cannot say whether it is wrong, but it can where the word comes last. Figures, in nats, each the
worse of both wordings:

- evidence: by how much the sources raise the statement's log-likelihood, against no sources; in all and not per token, as
  words that say little gain nothing and would only thin a mean;
- margin: by how much it is likelier, per token and after the sources, than the likeliest of its rivals (its negation or
  contrast, see `augment.checks.english.contrasts.rivals`), where a rule knows one;
- slip: by how much the whole statement becomes likelier when a word that the sources do not have is replaced by one of
  theirs, the most of some replacements.

Statements with a quantifier have their margin behind a line that names their terms (`framed`), and no evidence: such a
line gives away most of what the sources would tell.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import islice, product
from random import Random
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from augment.checks.base import offered
from augment.checks.english.contrasts import rivals
from augment.checks.english.wordings import framed, plain, turned
from augment.checks.rivals import exchanges
from augment.text.words import RUN, runs
from engine.store.ids import content_id

NEXT_LINE = "\n"
NOTHING = "."
"""Stands for no sources: a text needs a token before it, and with this one a line begins as it does after a sentence."""
CANDIDATES = 8
"""Other sources among which the one that shares the fewest words with a statement is taken for the null."""
SLIPS = 4
"""Replacements tried of a wording: the rarest words of the statement by the rarest of the sources."""
FIGURES: dict[str, Any] = {
    "inference_id": pl.String,
    "operator": pl.String,
    "evidence": pl.Float64,
    "margin": pl.Float64,
    "slip": pl.Float64,
    "null": pl.Float64,
    "gain": pl.Float64,
    "rival": pl.String,
    "error": pl.String,
}
"""`null` is the evidence of other sources; `gain` is by how much a reader's adapter raises the log-likelihood of the statement;
`rival` is the likeliest rival. Null where there is none or no score."""


class Sources:
    """The sources of a corpus: the words of each, and for a statement another one that shares few words with it."""

    def __init__(self, texts: Iterable[str], seed: int = 0):
        self.texts, self.seed = list(texts), seed
        self.frequency = Counter(word for text in self.texts for word in runs(text))

    def other(self, text: str, source: str) -> str | None:
        """Of some sources drawn by chance the one with the fewest words of `text`; None where there is no other.

        What is about the same things may well entail it too, and the null must not.
        """
        rng = Random(content_id(self.seed, text, source))
        drawn = rng.sample(self.texts, min(CANDIDATES + 1, len(self.texts)))
        own = runs(text)
        return min((o for o in drawn if o != source), key=lambda o: len(own & runs(o)), default=None)


def entailment_items(
    inferences: pl.DataFrame,
    sources: Sources,
    language: str = "en",
    natural: bool = False,
    reader: str | None = None,
) -> pl.DataFrame:
    """Score items: item_id, inference_id, operator, given (source, nothing, other or bare), prefix, stem, choices, rivals, adapter.

    The first choice is the statement in one of its wordings; after the source come as many rivals as `rivals` says, and
    replacements. `inferences` has inference_id, text, operator and source_text. Items of inferences that are alike in
    their plain wording have one item_id, and need one answer.

    `natural`: statements stay as they are, behind their context and source, and are held against the same with two parts
    exchanged (`augment.checks.rivals`); there is no null and no slip. With an adapter, `reader`, English statements are asked with
    it, and after their source without it too (bare); they have no evidence.
    """
    rows: list[tuple[Any, ...]] = []
    known: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    columns = ("inference_id", "operator", "text", "source_text", "context", "language")
    for identity, operator, text, source, context, spoken in offered(inferences, language).select(columns).iter_rows():
        key = (text, source, context, spoken) if natural else (plain(text, language), source)
        if key not in known:
            if natural:
                known[key] = _natural_items(text, source, context, spoken, reader if spoken == "en" else None)
            else:
                known[key] = _items(key[0], source, sources, language)
        rows += [(identity, operator, *item) for item in known[key]]
    names = ("inference_id", "operator", "item_id", "given", "prefix", "stem")
    schema: dict[str, Any] = dict.fromkeys(names, pl.String) | {"choices": pl.List(pl.String), "rivals": pl.Int32}
    return pl.DataFrame(rows, schema=schema | {"adapter": pl.String}, orient="row")


def _items(statement: str, source: str, sources: Sources, language: str) -> list[tuple[Any, ...]]:
    """(item_id, given, prefix, stem, choices, rivals, adapter) of one statement."""
    contexts = {"source": source, "nothing": NOTHING, "other": sources.other(statement, source)}
    found = []
    for wording in _wordings(statement, language):
        for given, context in contexts.items():
            if context is None or (given != "source" and not wording.evidence):
                continue
            against, slips = list[str](), list[str]()
            if given == "source":
                against = rivals(wording.sentence, language) if wording.margin else []
                slips = replacements(wording.sentence, runs(source), sources.frequency) if wording.slip else []
            choices = [wording.sentence, *against, *slips]
            choices = [f"{' ' if wording.frame else NEXT_LINE}{sentence}" for sentence in choices]
            stem = f"{NEXT_LINE}{wording.frame}" if wording.frame else ""
            found.append((content_id(context, stem, choices), given, context, stem, choices, len(against), None))
    return found


def _natural_items(
    text: str, source: str, context: str, language: str, reader: str | None = None
) -> list[tuple[Any, ...]]:
    """(item_id, given, prefix, stem, choices, rivals, adapter) of one statement as it stands."""
    shown = NEXT_LINE.join(filter(None, (context, source)))
    choices = [f"{NEXT_LINE}{one}" for one in (text, *exchanges(text, shown, language))]
    asked = [("source", shown, choices, reader), ("bare", shown, choices[:1], None)]
    if not reader:
        asked[1] = ("nothing", NOTHING, choices[:1], None)
    return [
        (
            content_id(before, "", some, *(["reader"] if adapter else [])),
            given,
            before,
            "",
            some,
            len(some) - 1,
            adapter,
        )
        for given, before, some, adapter in asked
    ]


class Wording(NamedTuple):
    """A statement as it is asked: behind a frame or at the start of a line, for which figures."""

    sentence: str
    frame: str
    evidence: bool
    margin: bool
    slip: bool


def _wordings(statement: str, language: str) -> list[Wording]:
    sentences = [statement, *filter(None, [turned(statement, language)])]
    if (frame := framed(statement, language)) and rivals(frame[1], language):
        return [
            Wording(frame[1], frame[0], False, True, False),
            *(Wording(s, "", False, False, True) for s in sentences),
        ]
    return [Wording(s, "", True, True, True) for s in sentences]


def replacements(text: str, source: set[str], frequency: Counter[str]) -> list[str]:
    """The text with a word that its source lacks replaced by a word of the source that it lacks, rarest words first."""

    def rare(words: set[str]) -> list[str]:
        return sorted(words, key=lambda word: (frequency[word], word))

    own = runs(text)
    pairs, pieces = islice(product(rare(own - source), rare(source - own)), SLIPS), RUN.split(text)
    # the pieces at odd places are the words
    return ["".join(new if i % 2 and p.casefold() == old else p for i, p in enumerate(pieces)) for old, new in pairs]


def figures(scores: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """The table FIGURES from the items of `entailment_items` and their scores, in their order."""
    values = {(item, n): v for item, n, v in scores.select("item_id", "choice", "logprobs").iter_rows()}
    errors = dict(scores.filter(pl.col("error").is_not_null()).select("item_id", "error").iter_rows())
    rows = []
    for (identity,), items in asked.group_by("inference_id", maintain_order=True):
        wordings: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
        for item in items.iter_rows(named=True):
            asked_so = wordings[item["stem"], item["choices"][0]]
            asked_so[item["given"]] = [values.get((item["item_id"], n)) for n in range(len(item["choices"]))]
            if item["given"] == "source":
                asked_so |= {"choices": item["choices"], "rivals": item["rivals"]}
        error = next((errors[item] for item in items["item_id"] if item in errors), None)
        found = [] if error else [_figures(**wording) for wording in wordings.values()]
        row = {"inference_id": identity, "operator": items["operator"][0], "error": error}
        for name in ("evidence", "margin", "null"):
            row[name] = min((one[name] for one in found if one[name] is not None), default=None)
        row["gain"] = next((one["gain"] for one in found if one["gain"] is not None), None)
        row["slip"] = max((one["slip"] for one in found if one["slip"] is not None), default=None)
        row["rival"] = next((one["rival"] for one in found if one["margin"] == row["margin"]), None)
        rows.append(row)
    return pl.DataFrame(rows, schema=FIGURES)


def _figures(
    choices: list[str],
    rivals: int,
    source: list[list[float]],
    nothing: list[list[float]] | None = None,
    other: list[list[float]] | None = None,
    bare: list[list[float]] | None = None,
) -> dict[str, Any]:
    """The figures of one wording from the values per token of its choices."""
    statement = source[0]
    found: dict[str, Any] = {"evidence": None, "null": None, "margin": None, "rival": None}
    found["gain"] = sum(statement) - sum(bare[0]) if bare else None
    if nothing:
        found["evidence"] = sum(statement) - sum(nothing[0])
        found["null"] = sum(other[0]) - sum(nothing[0]) if other else None
    found["slip"] = max((sum(values) - sum(statement) for values in source[rivals + 1 :]), default=None)
    means = [_mean(values) for values in source[1 : rivals + 1]]
    if means:
        likeliest = int(np.argmax(means))
        found |= {"margin": _mean(statement) - means[likeliest], "rival": choices[likeliest + 1].strip()}
    return found


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
