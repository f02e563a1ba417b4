"""The embedded model: it can infer in context, knows nothing without, and is as small as promised."""

import json
from pathlib import Path
from random import Random

import polars as pl
import pytest
import torch
import transformers
from conftest import PICO

from augment.checks.rules.form import Form
from augment.operators.base import Operator, Record
from augment.operators.parsing import parse
from augment.text.sentences import split_sentences
from engine.tasks.encoding import as_text
from eval.benchmarks import reversals
from eval.benchmarks.base import Benchmark
from eval.benchmarks.semantic import world as semantic
from eval.benchmarks.syllogisms import world as syllogisms
from train.pico.accuracy import answers, choice_accuracy, operator_accuracy, scores, trace_accuracy
from train.pico.batches import WORLDS, Batches, asked, chat, pack

TOKENIZER = transformers.AutoTokenizer.from_pretrained(PICO)
MEASURED = json.loads((PICO / "accuracy.json").read_text())
NOT_LEARNED = ("hierarchies", "qa")
"""The model card names it among the limits."""
OPERATORS = [(world, name) for world in WORLDS for name in MEASURED[world]["operators"] if (world, name) != NOT_LEARNED]


@pytest.fixture(scope="module")
def model():
    return transformers.AutoModelForCausalLM.from_pretrained(PICO, dtype=torch.float32).eval()


def accuracy(model, benchmark: Benchmark, prefix: str, split: str) -> float:
    """Share of a benchmark's questions whose likeliest choice is right."""
    rows = benchmark.questions.filter(pl.col("split") == split).to_dicts()
    choices = [(row["stem"], choice) for row in rows for choice in row["choices"]]
    found = scores(model, asked(TOKENIZER, prefix, choices))
    right = 0
    for row in rows:
        own = [found.pop(0) for _ in row["choices"]]
        right += own.index(max(own)) in (row.get("right") or [row["answer"]])
    return right / len(rows)


def test_size_and_form():
    config = json.loads((PICO / "config.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert config["max_position_embeddings"] >= 8192
    assert (PICO / "model.safetensors").stat().st_size < 25_000_000
    assert not [p for p in PICO.iterdir() if p.suffix in (".bin", ".pt", ".pkl")]


def test_rows_are_scored_as_if_each_were_alone(model):
    text, rows = "All glon are yomp.", [("Some yomp", " are glon."), ("No yomp are", " troff.")]
    together = scores(model, asked(TOKENIZER, text, rows))
    for row, found in zip(rows, together, strict=True):
        assert found == pytest.approx(scores(model, asked(TOKENIZER, text, [row]))[0], abs=1e-3)
        whole, stem = (TOKENIZER(f"{text}\n{t}", return_tensors="pt").input_ids for t in ("".join(row), row[0]))
        with torch.no_grad():
            logprobs = model(whole).logits[0, stem.shape[1] - 1 : -1].log_softmax(-1)
        assert found == pytest.approx(logprobs.gather(1, whole[0, stem.shape[1] :, None]).sum().item(), abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("benchmark", "split"),
    [(b, "rephrasing") for b in (reversals, syllogisms, semantic)]
    + [(b, "reversal") for b in (reversals, semantic)]
    + [(b, "syllogism") for b in (syllogisms, semantic)],
)
def test_at_chance_on_a_benchmark_without_context(model, benchmark, split):
    drawn = [benchmark.load(seed, *([] if benchmark is reversals else ["small"])) for seed in range(4)]
    found = sum(accuracy(model, world, "", split) for world in drawn) / 4
    chance = sum(world.chance[split] for world in drawn) / 4
    questions = sum(world.questions.filter(pl.col("split") == split).height for world in drawn)
    assert found == pytest.approx(chance, abs=4 * (chance * (1 - chance) / questions) ** 0.5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "n", "least"),
    [
        ("comparisons", 100, {"same direction": 0.95, "reversed": 0.95}),
        ("syllogisms", 69, {"rephrasing": 0.9, "syllogism": 0.9}),
        # deductions over two topics are the hardest; a guess is right in 25%
        ("hierarchies", 12, {"rephrasing": 0.9, "reversal": 0.8, "syllogism": 0.5, "longer": 0.5}),
    ],
)
def test_infers_in_context(model, world, n, least):
    # far fewer than the questions of accuracy.json, so the bounds are a little lower than what is measured there
    found = choice_accuracy(model, TOKENIZER, Random(77), world, n, 80)
    assert found.keys() == least.keys()
    assert all(share >= least[split] for split, share in found.items()), found


@pytest.mark.slow
def test_written_out_deductions_end_right(model):
    assert MEASURED["traces"]["48"] >= 0.95
    assert trace_accuracy(model, TOKENIZER, Random(7), 48, 40) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize(("world", "name"), OPERATORS)
def test_operator_answers(model, world, name):
    assert operator_accuracy(model, TOKENIZER, Random(7), world, name, 40, temperature=0) >= 0.8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("benchmark", "name"),
    # the documents of semantic state more facts than `deduce` has learned to read together (see the model card)
    [(b, n) for b in (syllogisms, semantic) for n in ("rephrase", "reverse")] + [(syllogisms, "deduce")],
)
def test_inferences_pass_the_checks_and_are_in_the_closure(model, benchmark, name):
    world = benchmark.load(0, "small")
    texts = world.documents["text"].to_list()
    if name != "deduce":
        texts = [s for text in texts for s in split_sentences(text) if not s.startswith("Q:")]
    texts = Random(1).sample(texts, 20)
    form, closure = Form(texts), frozenset().union(*world.closure.values())
    lines = [
        (text, line) for text, a in zip(texts, answers(model, TOKENIZER, name, texts), strict=True) for line in parse(a)
    ]
    kept = [line for text, line in lines if form.fault(text=line, source=text, cut=False) is None]
    assert len(kept) >= 0.5 * len(lines)
    assert sum(world.read(line) in closure for line in kept) >= 0.9 * len(kept)


def test_training_batches():
    batches = Batches(TOKENIZER, 0, 600)
    for _ in range(12):
        _, packed = batches.draw()
        assert packed.ids.shape == packed.weights.shape == packed.places.shape
        assert packed.seen.diagonal(dim1=2, dim2=3).all()
        assert (packed.weights == 1).any()


def test_pack_shows_a_row_the_context_and_itself():
    seen = pack([asked(TOKENIZER, "a", [("b", "c"), ("d", "e")])]).seen[0, 0]
    sequence = asked(TOKENIZER, "a", [("b", "c"), ("d", "e")])
    start = len(sequence.context)
    second = start + len(sequence.rows[0][0])
    assert seen[second:, :start].all()
    assert not seen[second:, start:second].any()


def test_prompts_are_those_of_augmentation():
    """Turns are one message for it, as it was trained."""
    (prompt,) = Operator("deduce", model="pico").requests(Record("All glon are yomp."))
    assert f"<|user|>{as_text(prompt)}<|end|>" in chat(TOKENIZER, "deduce", "All glon are yomp.")


def test_any_text_goes_through(model):
    text = Path(__file__).read_text(encoding="utf-8")[:600] + "日本語 é\t"
    ids = TOKENIZER(text).input_ids
    assert TOKENIZER.decode(ids, skip_special_tokens=True) == text
    with torch.no_grad():
        assert model(torch.tensor([ids])).logits.isfinite().all()
    assert pl.Series(ids).max() < model.config.vocab_size
