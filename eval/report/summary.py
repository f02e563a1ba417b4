"""What a run's report shows: sentences on what was done, examples and mistakes."""

from pathlib import Path
from typing import Any

import polars as pl
import yaml

from augment.config import CheckConfig
from engine.store.parts import parts
from engine.store.places import place
from eval.benchmarks.base import Benchmark, mean_chance
from eval.config import EvalConfig, RunConfig
from eval.measure.accuracy import LEADING
from eval.measure.claims import Claim
from eval.measure.order import NGRAMS
from eval.report.page import ReportData

PICO_NOTE = (
    "pico is the small embedded model, a model organism: initialised with look-up heads and trained on random facts, it can reverse and combine "
    "what is in its context, and knows nothing of any benchmark. It shows the effect in minutes; its numbers say nothing about larger models."
)


def report_data(
    config: RunConfig,
    worlds: dict[int, Benchmark],
    inferences: pl.DataFrame,
    answered: pl.DataFrame,
    summary: pl.DataFrame,
    ordering: list[Claim],
    results: dict[str, Any],
    origin: dict[str, Any],
) -> ReportData:
    """Collect the report's content."""
    world = next(iter(worlds.values()))
    facts = world.documents.unique("fact", maintain_order=True).head(8)
    kept = inferences.filter("kept")
    if not kept.is_empty():
        known = pl.concat(w.documents for w in worlds.values()).select(pl.col("doc_id").alias("first"), "fact").unique()
        kept = kept.with_columns(pl.col("doc_ids").list.first().alias("first")).join(known, on="first", how="inner")
        # a few of each operator for each fact: the same inference is kept once, from whichever article came first
        kept = kept.filter(pl.col("fact").is_in(facts["fact"].to_list()))
        kept = (
            kept.group_by("fact", "operator", maintain_order=True).head(2).sort("fact", "operator", maintain_order=True)
        )
        if not world.by_engine:  # there the fact is a file
            kept = kept.with_columns(pl.col("fact").alias("source_text"))
        kept = kept.select(inferences.columns)
    rejected = inferences.filter(~pl.col("kept"))
    rejected = rejected.filter(pl.col("reason").str.split(":").list.first().is_first_distinct()).head(12)
    examples = pl.concat([kept, rejected])
    return ReportData(
        title=f"{config.name}: can a finetuned model answer what its documents imply?",
        benchmark=config.benchmark.name,
        model=config.model,
        model_note=PICO_NOTE if config.model == "pico" else "",
        summary=summary,
        claims=ordering,
        chance=mean_chance(worlds.values()),
        steps=steps(config, world, results),
        results=results,
        facts=facts.select("text", "source").to_dicts(),
        inferences=examples.select("text", "operator", "source_text", "kept", "reason").to_dicts(),
        mistakes=mistakes(answered),
        provenance=origin,
        config=config.model_dump(mode="json"),
        commands=repeat(config, origin),
    )


def steps(config: RunConfig, world: Benchmark, results: dict[str, Any]) -> list[str]:
    """What was done, a sentence each."""
    made = results["augmentation"]
    told = [_drawn(config, world, results)]
    if made.get("inferences"):
        told.append(
            f"Asked {config.writes} with the operators {', '.join(config.augment.operators)} about each sentence or document; it wrote "
            f"{made['inferences']:,} inferences, of which {made['kept']:,} passed the checks ({', '.join(checks(config.augment.verify))})."
        )
    if people := results.get("review"):
        told.append(
            f"People reviewed {sum(people.values()):,} of the inferences: they kept {people['keep']:,}, rejected {people['reject']:,} and "
            f"edited {people['edit']:,}."
        )
    if made.get("train_tokens"):
        length = f"{config.train.steps} steps" if config.train.steps else f"{config.train.epochs:g} epochs"
        length = f"{config.train.tokens:,} tokens" if config.train.tokens else length
        told.append(
            f"Finetuned ({config.train.method}, {length}, batches of {config.train.batch}, learning rate "
            f"{config.train.learning_rate:g}, loss on the whole text) one model per arm and world."
        )
    if "icl" in config.arms:
        per, (part, of) = (
            config.benchmark.per_fact,
            ("passage", "document") if world.by_engine else ("document", "fact"),
        )
        amount = f"all {part}s" if per is None else f"{per} randomly drawn {part}{'s' * (per > 1)} per {of}"
        told.append(
            f"Gave the icl arm {amount} of the world as context, in random order and the same for every question."
        )
    told.append("Scored every choice by its log-likelihood after the stem; choices are never shown to the model.")
    return told + free_answers(config, results)


def free_answers(config: RunConfig, results: dict[str, Any]) -> list[str]:
    """How questions without choices were answered and marked."""
    if not (results.get("own") or {}).get("free"):
        return []
    told = (
        "Had every arm write a one-line answer to the questions without choices, and compared it with the right answer: as "
        "written (exact), and ignoring case, articles, punctuation and number words (normalised)."
    )
    if judge := results.get("judge"):
        right, others = judge["right"], judge["others"]
        verdict = (
            "trust its verdicts only as far as these two differ"
            if judge["trusted"]
            else "it cannot judge, so its figure is left out"
        )
        return [
            told,
            f"Had {judge['model']}, the untuned model of this run, judge the same answers by the likelihood of yes and no. As a test, "
            f"it accepted {right['accepted']} of {right['of']} right answers and {others['accepted']} of {others['of']} answers to "
            f"other questions: {verdict}.",
        ]
    return [told, f"No model judged the answers: {config.model} was not trained to read them."]


def _drawn(config: RunConfig, world: Benchmark, results: dict[str, Any]) -> str:
    facts, documents = world.documents["fact"].n_unique(), world.documents.height
    if not world.by_engine:
        return (
            f"Drew {len(config.seeds)} worlds of {facts} facts in {documents} documents each, "
            f"and {world.questions.height} forced-choice questions on each."
        )
    told = f"Read {facts} documents and cut them into {documents} passages."
    if own := results.get("own"):
        left = f" ({own['left_out']} rows of the file were left out)" if own["left_out"] else ""
        told += f" {own['asked']} of the user's own questions{left} were put to every arm, {own['free']} of them without choices."
    if tried := sum(row["asked"] for row in results["questions"]):
        used = sum(row["used"] for row in results["questions"])
        told += (
            f" {config.writes} was asked for {tried} questions on single sentences and on pairs that share a content word; {used} "
            "passed the checks and were put to every arm."
        )
    return told


def checks(config: CheckConfig) -> list[str]:
    """The checks that were made of inferences."""
    made = {"language": config.language, "additions": config.additions, "near duplicates": config.near > 0}
    made |= {"connection": config.connection}
    made |= {"entailment": config.entailment, "consistency": config.consistency}
    return ["format", *(name for name, on in made.items() if on)]


def repeat(config: RunConfig, origin: dict[str, Any]) -> list[str]:
    """Shell commands that do the run again beside the first and compare the two; the page alone is enough to have them."""
    git, path = origin["git"], config.out / config.name
    revision = git["revision"]
    known = (
        f"git checkout {revision}" if " " not in revision else f"# {revision}: look up the version of forethought above"
    )
    changed = (
        [] if git["diff"] == "clean" else [f"# the code had changes that no commit holds (their hash: {git['diff']})"]
    )
    settings = yaml.safe_dump(config.asked, sort_keys=False, allow_unicode=True)
    verb = "eval" if isinstance(config, EvalConfig) else "run"
    return [
        known,
        *changed,
        f"cat > {config.name}-again.yaml <<'END'",
        *settings.splitlines(),
        "END",
        f"forethought {verb} {config.name}-again.yaml --name {config.name}-again",
        f"forethought compare {path} {path}-again",
    ]


def spent(run: Path) -> dict[str, int]:
    """Tokens of the augmentation: of prompts, how many of these came from the cache, and of answers; {} where none was asked."""
    files = [part for folder in sorted(run.glob("generations*")) for part in parts(place(folder))]
    if not files:
        return {}
    columns = ("prompt_tokens", "cached_tokens", "output_tokens")
    table = (
        pl.scan_parquet(files, glob=False)
        .group_by("request_id")
        .agg(*(pl.col(c).first() for c in columns[:2]), pl.col(columns[2]).sum())
    )
    return {
        name.removesuffix("_tokens"): count or 0
        for name, count in table.select(columns).sum().collect().row(0, named=True).items()
    }


def mistakes(answered: pl.DataFrame) -> list[dict[str, Any]]:
    """Up to eight wrong answers per arm (in the leading norms), spread over the splits."""
    wrong = answered.filter(pl.col("norm").is_in(LEADING) & ~pl.col("correct"), pl.col("arm") != NGRAMS)
    each = max(1, 8 // max(1, wrong["split"].n_unique()))
    wrong = wrong.group_by("arm", "split", maintain_order=True).head(each)
    choice = [
        row["choices"][row["chosen"]] if row["chosen"] is not None else row["written"]
        for row in wrong.iter_rows(named=True)
    ]
    right = [row["choices"][row["answer"]] for row in wrong.iter_rows(named=True)]
    table = wrong.select("arm", "split", "stem").with_columns(pl.Series("chosen", choice), pl.Series("right", right))
    return table.to_dicts()
