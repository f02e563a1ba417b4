"""What a training does to the weights: none at rate 0, none lost to 16 bits, none destroyed and taken for a result."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import tiny_models
import torch
from conftest import PICO
from safetensors.torch import load_file
from transformers import AutoTokenizer

from engine.errors import UserError
from train.config import TrainConfig
from train.sft.data import steps_of
from train.sft.job import train
from train.sft.memory import estimate
from train.sft.network import load
from train.sft.worker import _arguments, computes_in_half, unwritten

TEXTS = pl.DataFrame({"text": [f"zogo are more {w} than truld." for w in ("famous", "useful", "fertile", "visible")]})
SHORT = TrainConfig(steps=2, batch=4, rank=8)


@pytest.mark.engine
def test_a_training_of_one_step_trains(tmp_path: Path):
    result = train("pico", TEXTS.head(3), TrainConfig(epochs=0.1), 0, tmp_path)
    assert result["steps"] == 1
    found = load_file(tmp_path / "adapter_model.safetensors")
    assert all(value.abs().max() > 0 for name, value in found.items() if "lora_B" in name)


def test_a_part_of_an_epoch_is_at_least_a_step():
    assert steps_of(3, TrainConfig(epochs=0.1)) == 1
    assert steps_of(100, TrainConfig(epochs=0.5, batch=10)) == 5


@pytest.mark.engine
@pytest.mark.parametrize("rate", [1.0, 1e6])
def test_a_destroyed_training_is_a_failure_with_a_remedy(tmp_path: Path, rate: float):
    config = TrainConfig(learning_rate=rate, epochs=4, batch=4, rank=8)
    with pytest.raises(UserError, match=r"(stopped|destroyed the model): .*: lower train\.learning_rate"):
        train("pico", pl.concat([TEXTS] * 4), config, 0, tmp_path / "job")
    assert not (tmp_path / "job" / "train.json").exists()
    assert not (tmp_path / "job" / "adapter_model.safetensors").exists()


def test_weights_that_are_trained_are_held_in_32_bits_also_where_half_are_computed_with(tmp_path: Path):
    tokenizer = AutoTokenizer.from_pretrained(PICO)
    full, lora = (load(str(PICO), tokenizer, TrainConfig(method=method), half=True) for method in ("full", "lora"))
    assert {p.dtype for p in full.parameters()} == {torch.float32}
    assert {p.dtype for p in lora.parameters()} == {torch.bfloat16}
    weights = sum(p.numel() for p in full.parameters())
    small = TrainConfig(method="full", batch=1)
    for gpu in (False, True):
        assert 16 * weights < estimate(str(PICO), small, 1, gpu) * 2**30 < 17 * weights


@pytest.mark.parametrize("amx", [True, False])
def test_a_cpu_computes_in_half_where_it_is_asked_to_and_has_amx(monkeypatch, amx: bool):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert computes_in_half(False, TrainConfig(bf16_on_cpu=True)) == amx
    assert not computes_in_half(False, TrainConfig())


@pytest.mark.engine
def test_in_half_on_a_cpu_adapters_learn_alike(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)  # any CPU can, if slowly
    config = TrainConfig(steps=30, batch=4, learning_rate=2e-3)
    losses = [
        [loss for _, loss in train("pico", TEXTS, config.model_copy(update=half), 0, tmp_path / str(half))["losses"]]
        for half in ({}, {"bf16_on_cpu": True})
    ]
    assert losses[0][0] == pytest.approx(losses[1][0], abs=0.05)
    assert losses[1][-1] < 0.5 * losses[1][0]
    assert losses[0][-1] == pytest.approx(losses[1][-1], abs=0.1)


@pytest.mark.engine
def test_full_finetuning_computes_in_half_and_moves_nearly_every_weight(tmp_path: Path):
    """On the CPU, with the arguments that a GPU gets but for the device."""
    config = TrainConfig(method="full", steps=8, batch=4, learning_rate=1e-5, sft={"bf16": True})
    train("pico", TEXTS, config, 0, tmp_path)
    before, after = load_file(PICO / "model.safetensors"), load_file(tmp_path / "model.safetensors")
    name = "model.layers.0.mlp.down_proj.weight"
    assert after[name].dtype == torch.float32
    assert (before[name] != after[name]).float().mean() > 0.9


@pytest.mark.engine
def test_a_process_trains_on_one_device_however_many_it_sees(tmp_path: Path, monkeypatch):
    import ray.train

    class Context:
        def get_world_size(self) -> int:
            return 1

    monkeypatch.setattr(ray.train, "get_context", Context)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 8)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)
    loop = {"config": SHORT.model_copy(update={"batch": 16}), "out": str(tmp_path), "seed": 0, "gpu": True}
    arguments = _arguments(loop, 2, False, False)
    assert (arguments.n_gpu, arguments.train_batch_size) == (1, 16)
    assert arguments.device.type in ("cuda", "cpu")


@pytest.mark.engine
@pytest.mark.parametrize("make", [tiny_models.gpt2, tiny_models.phi3, tiny_models.qwen3])
def test_adapters_change_every_linear_layer_whatever_it_is_called(tmp_path: Path, make):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    folder = make(tmp_path / "model")
    train(str(folder), pl.DataFrame({"text": ["Trains are faster than bicycles."] * 4}), SHORT, 0, tmp_path / "adapter")
    changed = {name.split(".lora_")[0] for name in load_file(tmp_path / "adapter" / "adapter_model.safetensors")}
    model = AutoModelForCausalLM.from_pretrained(folder)
    kinds = (torch.nn.Linear, type(model.transformer.h[0].attn.c_attn)) if make is tiny_models.gpt2 else torch.nn.Linear
    wanted = {f"base_model.model.{n}" for n, m in model.named_modules() if isinstance(m, kinds) and n != "lm_head"}
    assert changed == wanted
    ids = torch.tensor([[3, 4, 5]])
    with torch.no_grad():
        plain = model(ids).logits.clone()
        assert not torch.equal(PeftModel.from_pretrained(model, tmp_path / "adapter")(ids).logits, plain)


@pytest.mark.engine
def test_a_model_that_carries_a_state_is_not_packed_but_trained(tmp_path: Path):
    folder = tiny_models.mamba(tmp_path / "model")
    texts = pl.DataFrame({"text": ["Trains are faster than bicycles."] * 4})
    with pytest.raises(UserError, match=r"train\.packing: in a mamba model .* turn packing off"):
        train(str(folder), texts, SHORT.model_copy(update={"packing": True}), 0, tmp_path / "adapter")
    for make in (tiny_models.qwen3, tiny_models.gemma3, tiny_models.gpt2, tiny_models.phi3):
        folder = make(tmp_path / make.__name__)
        assert load(str(folder), AutoTokenizer.from_pretrained(folder), TrainConfig(packing=True), False)


def test_pickles_are_not_loaded(tmp_path: Path):
    folder = tiny_models.gpt2(tmp_path / "model")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(OSError, match="safetensors"):
        load(str(folder), AutoTokenizer.from_pretrained(folder), SHORT, False)


@pytest.mark.engine
def test_a_resumed_training_tells_the_mean_loss_and_the_seconds_of_all_its_steps(tmp_path: Path):
    config = SHORT.model_copy(
        update={"steps": 14, "save_steps": 4, "learning_rate": 5e-3, "sft": {"save_total_limit": 9}}
    )
    whole = train("pico", TEXTS, config, 0, tmp_path)
    for step in (12, 14):
        (tmp_path / "checkpoints" / f"checkpoint-{step}" / "trainer_state.json").write_text("half")
    earlier = tmp_path / "checkpoints" / "checkpoint-8" / "seconds.json"
    assert 0 < json.loads(earlier.read_text()) < whole["seconds"]
    earlier.write_text("1000")
    (tmp_path / "train.json").unlink()
    resumed = train("pico", TEXTS, config, 0, tmp_path)
    assert resumed["resumed_from"] == "checkpoint-8"
    assert resumed["loss"] == pytest.approx(whole["loss"], abs=1e-3)
    assert resumed["seconds"] > 1000


@pytest.mark.engine
def test_a_disk_that_fills_while_saving_is_a_sentence(tmp_path: Path):
    """A limit on the size of files stands for a full disk: an adapter of rank 64 passes it."""
    code = (
        "import sys, polars as pl; from pathlib import Path; from train.config import TrainConfig; "
        "from train.sft.job import train; "
        "train('pico', pl.DataFrame({'text': ['zogo are famous.'] * 4}), "
        "TrainConfig(steps=2, batch=4, rank=64, report_to=()), 0, Path(sys.argv[1]))"
    )
    limit = 1_000_000
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "job")],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert f"UserError: Cannot write into {tmp_path / 'job'}: " in done.stderr.splitlines()[-1], done.stderr[-2000:]
    assert "make room and run again" in done.stderr


def test_only_errors_of_writing_are_taken_for_them():
    assert unwritten(OSError(28, "No space left on device")) == "No space left on device"
    assert unwritten(RuntimeError("size mismatch")) == ""
    assert unwritten(OSError(2, "No such file or directory")) == ""
