"""Finetuning with TRL under Ray Train: result, resume from a checkpoint, adapters and whole weights, two workers."""

import json
from pathlib import Path

import polars as pl
import pytest
import torch
from conftest import PICO
from safetensors.torch import load_file

from train.config import TrainConfig
from train.sft import train

TEXTS = pl.DataFrame(
    {"text": [f"zogo are more {w} than truld." for w in ("famous", "useful", "fertile", "visible")] * 4}
)
SHORT = TrainConfig(epochs=4, batch=4, learning_rate=5e-3, rank=8, save_steps=8)


def loss_of(model_folder: Path, adapter: bool) -> float:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(PICO)
    model = AutoModelForCausalLM.from_pretrained(PICO if adapter else model_folder)
    if adapter:
        model = PeftModel.from_pretrained(model, model_folder)
    ids = tokenizer(TEXTS["text"][0], return_tensors="pt").input_ids
    with torch.no_grad():
        return model(ids, labels=ids).loss.item()


@pytest.mark.parametrize("method", ["lora", "full"])
def test_training_learns_and_a_finished_job_is_not_repeated(tmp_path: Path, method: str):
    config = SHORT.model_copy(update={"method": method})
    result = train(str(PICO), TEXTS, config, 0, tmp_path / "job")
    assert result["steps"] == 16
    before = loss_of(PICO, adapter=False)
    assert loss_of(tmp_path / "job", adapter=method == "lora") < before - 1
    weights = tmp_path / "job" / ("adapter_model.safetensors" if method == "lora" else "model.safetensors")
    stamp = weights.stat().st_mtime_ns
    assert train(str(PICO), TEXTS, config, 0, tmp_path / "job") == json.loads(json.dumps(result))
    assert weights.stat().st_mtime_ns == stamp
    if method == "lora":  # the same folder with other texts is another job
        other = train(str(PICO), TEXTS.head(4), config, 0, tmp_path / "job")
        assert other["steps"] == 4
        assert other["resumed_from"] is None


def test_an_interrupted_job_goes_on_and_ends_as_if_undisturbed(tmp_path: Path):
    config = SHORT.model_copy(update={"sft": {"save_total_limit": 2}})
    out = tmp_path / "job"
    whole = train(str(PICO), TEXTS, config, 3, out)
    weights = load_file(out / "adapter_model.safetensors")
    # what a kill while the checkpoint of step 16 is written leaves: that of step 8, half of the new one, no result
    (out / "checkpoints" / "checkpoint-16" / "trainer_state.json").write_text('{"epoch": 4')
    (out / "checkpoints" / "checkpoint-16" / "adapter_model.safetensors").unlink()
    (out / "train.json").unlink()
    (out / "adapter_model.safetensors").unlink()
    resumed = train(str(PICO), TEXTS, config, 3, out)
    assert resumed["resumed_from"] == "checkpoint-8"
    assert resumed["steps"] == whole["steps"] == 16
    for name, value in load_file(out / "adapter_model.safetensors").items():
        torch.testing.assert_close(value, weights[name], atol=1e-6, rtol=0)


def test_two_workers(tmp_path: Path):
    config = SHORT.model_copy(update={"workers": 2, "epochs": 1})
    result = train(str(PICO), TEXTS, config, 0, tmp_path / "job")
    assert result["steps"] == 4
    assert (tmp_path / "job" / "adapter_model.safetensors").exists()


def test_long_texts_become_several_examples_and_nothing_is_cut_off():
    from transformers import AutoTokenizer

    from train.sft import pieces

    tokenizer = AutoTokenizer.from_pretrained(PICO)
    text = "zogo truld " * 40
    found = pieces([text, "zogo"], tokenizer, 32)
    assert max(map(len, found)) <= 32
    assert sum(map(len, found)) == len(tokenizer(text).input_ids) + 1 + len(tokenizer("zogo").input_ids) + 1
    assert found[-1][-1] == tokenizer.eos_token_id
