"""The embedded model: it can infer in context, knows nothing without, and is as small as promised."""

import json
from pathlib import Path

import polars as pl
import pytest
import torch
from conftest import PICO
from transformers import AutoModelForCausalLM, AutoTokenizer

from eval.benchmarks import load
from eval.config import BenchmarkConfig
from train.pretrain import Batches, choice_accuracy, operator_accuracy


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(PICO, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def batches() -> Batches:
    return Batches(AutoTokenizer.from_pretrained(PICO), seed=77, tokens=4000)


def test_size_and_form():
    config = json.loads((PICO / "config.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert config["max_position_embeddings"] >= 8192
    assert (PICO / "model.safetensors").stat().st_size < 25_000_000
    assert not [p for p in PICO.iterdir() if p.suffix in (".bin", ".pt", ".pkl")]


def test_at_chance_on_the_benchmark_without_context(model):
    tokenizer = AutoTokenizer.from_pretrained(PICO)
    right = []
    for seed in range(3):
        questions = load(BenchmarkConfig(), seed).questions
        for stem, choices, answer in questions.select("stem", "choices", "answer").iter_rows():
            ids = torch.tensor([tokenizer(stem + c).input_ids for c in choices])
            with torch.no_grad():
                rows = model(ids).logits[:, :-1].log_softmax(-1)
            total = rows.gather(-1, ids[:, 1:, None]).sum((1, 2))
            right.append(int(total.argmax()) == answer)
    accuracy = sum(right) / len(right)
    assert len(right) == 600
    assert accuracy == pytest.approx(0.5, abs=4 * 0.0204)  # four standard errors of guessing


@pytest.mark.parametrize("reverse", [True, False])
def test_at_least_95_percent_with_the_benchmarks_100_facts_in_context(model, batches, reverse):
    # of 300 questions; the shipped model has 99.3% and 97.8% of 400
    assert choice_accuracy(model, batches, 100, 300, reverse) >= 0.95


@pytest.mark.parametrize("name", ["rephrase", "reverse"])
def test_operator_answers(model, batches, name):
    assert operator_accuracy(model, batches, name, 40, sample=False) >= 0.95


def test_any_text_goes_through(model):
    tokenizer = AutoTokenizer.from_pretrained(PICO)
    text = Path(__file__).read_text(encoding="utf-8")[:600] + "日本語 é\t"
    ids = tokenizer(text).input_ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == text
    with torch.no_grad():
        assert model(torch.tensor([ids])).logits.isfinite().all()
    assert pl.Series(ids).max() < model.config.vocab_size
