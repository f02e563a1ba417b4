"""Adapters: what can be served is served whole, and what cannot is refused before anything starts."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
import tiny_models
import torch
from safetensors.torch import save_file

from engine.adapters import Room, digest, read_adapter, room_ahead, room_for
from engine.config import EngineConfig
from engine.errors import UserError
from engine.pool import EnginePool
from engine.tasks.choices import encode_choices
from engine.worker.vllm_engine import engine_options


def adapter(folder: Path, modules=("q_proj",), rank=8, extra=(), **settings) -> str:
    """A folder as PEFT writes it, of empty weights."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"base_model.model.model.layers.0.x.{m}.lora_{ab}.weight" for m in modules for ab in "AB"]
    save_file({name: torch.zeros(1) for name in (*names, *extra)}, folder / "adapter_model.safetensors")
    facts = {"r": rank, "lora_alpha": 2 * rank, "target_modules": list(modules), "peft_type": "LORA"} | settings
    (folder / "adapter_config.json").write_text(json.dumps(facts))
    return str(folder)


def test_room_is_made_for_the_ranks_and_layers_of_all_adapters(tmp_path):
    one = adapter(tmp_path / "one", rank=9)
    two = adapter(tmp_path / "two", ("qkv_proj", "down_proj"), rank=4, rank_pattern={"down_proj": 40})
    room = room_for([one, two], None)
    assert room == Room(40, frozenset({"q_proj", "qkv_proj", "down_proj"}))
    options = engine_options("pico", room.applied(EngineConfig()))
    assert options["max_lora_rank"] == 64  # the next that vLLM takes
    assert options["lora_target_modules"] == ["down_proj", "q_proj", "qkv_proj"]
    assert not room_for([one], None).covers(room)


def test_engines_hold_no_room_for_adapters_that_nobody_serves():
    assert "enable_lora" not in engine_options("pico", room_ahead(EngineConfig()).applied(EngineConfig()))
    ahead = EngineConfig(max_lora_rank=10)
    assert engine_options("pico", room_ahead(ahead).applied(ahead))["max_lora_rank"] == 16


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({"modules": ("q_proj", "lm_head")}, "changes lm_head, which the engine would ignore: merge it"),
        ({"extra": ("base_model.model.lm_head.weight",)}, "changes base_model.model.lm_head.weight"),
        ({"use_dora": True}, "uses use_dora, which vLLM does not support"),
        ({"bias": "all"}, "uses bias"),
        ({"rank": 600}, "rank is 600: vLLM serves adapters of rank 512 at most"),
    ],
)
def test_an_adapter_that_would_be_ignored_or_kill_is_refused(tmp_path, made, told):
    with pytest.raises(UserError, match=told) as raised:
        read_adapter(adapter(tmp_path / "a", **made))
    assert str(tmp_path / "a") in str(raised.value)


def test_what_is_refused_is_refused_before_anything_starts(tmp_path):
    row = {"item_id": "a", "stem": "x", "choices": [" y"]}
    broken = Path(adapter(tmp_path / "broken"))
    (broken / "adapter_model.safetensors").write_bytes(b"\xff" * 20)
    high = adapter(tmp_path / "high", rank=64)
    for where, config, told in (
        (str(tmp_path / "none"), EngineConfig(), "has no adapter_config.json"),
        (str(broken), EngineConfig(), "cannot be served"),
        (high, EngineConfig(max_lora_rank=32), "has rank 64, but engine.max_lora_rank is 32; leave"),
        (high, EngineConfig(max_lora_rank=0), "has rank 64, but engine.max_lora_rank is 0"),
    ):
        table = pl.DataFrame([row | {"adapter": where}])
        with EnginePool("pico", config, quiet=True) as pool:
            with pytest.raises(UserError, match=told):
                pool.score(table, tmp_path / "s")
            assert pool.fleet.actors == []


def test_another_training_into_the_same_folder_is_another_adapter(tmp_path):
    folder = adapter(tmp_path / "a")
    first = digest(folder)
    assert digest(folder) == first
    adapter(tmp_path / "a", rank=16)
    assert digest(folder) != first


def test_an_adapter_trained_again_is_served_anew_by_a_warm_engine(pool, tmp_path, adapters):
    folder, found = tmp_path / "adapter", []
    items = pl.DataFrame({"item_id": ["a"], "stem": ["zogo are " * 40], "choices": [[" more famous"]]})
    for number, source in enumerate((adapters[0], adapters[1], adapters[0])):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder)
        scores = pool.score(items.with_columns(adapter=pl.lit(str(folder))), tmp_path / str(number))
        found.append(scores["logprobs"][0].to_list())
    assert found[0] == pytest.approx(found[2], abs=1e-5)
    assert found[0] != pytest.approx(found[1], abs=1e-2)


@pytest.mark.engine
def test_layers_of_any_name_are_served_as_peft_has_them(tmp_path):
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tiny_models.phi3(tmp_path / "model")
    torch.manual_seed(3)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    lora = LoraConfig(r=4, target_modules=["qkv_proj", "gate_up_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    get_peft_model(base, lora).save_pretrained(tmp_path / "adapter")
    rows = [
        {"item_id": name, "stem": "Ben is", "choices": [" the child of Anna."], "adapter": where}
        for name, where in (("base", None), ("tuned", str(tmp_path / "adapter")))
    ]
    config = EngineConfig(kv_cache_gib=1, vllm={"max_model_len": 256, "max_num_seqs": 8})
    with EnginePool(str(folder), config, quiet=True) as pool:
        scores = pool.score(pl.DataFrame(rows), tmp_path / "s").sort("item_id")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids, start = encode_choices(AutoTokenizer.from_pretrained(folder), [("Ben is", [" the child of Anna."])])[0][0]
    for name in ("base", "tuned"):
        asked = model if name == "base" else PeftModel.from_pretrained(model, tmp_path / "adapter")
        with torch.no_grad():
            values = asked.eval()(torch.tensor([ids])).logits[0].log_softmax(-1)
        want = [values[i - 1, ids[i]].item() for i in range(start, len(ids))]
        assert scores.filter(item_id=name)["logprobs"][0].to_list() == pytest.approx(want, abs=1e-4), name


@pytest.mark.engine
def test_a_model_without_support_for_adapters_scores_and_refuses_them_in_a_sentence(tmp_path):
    folder = tiny_models.gpt2(tmp_path / "model")
    config = EngineConfig(kv_cache_gib=1, vllm={"max_model_len": 256, "max_num_seqs": 8})
    items = pl.DataFrame({"item_id": ["a"], "stem": ["Ben is"], "choices": [[" the child of Anna."]]})
    tuned = items.with_columns(adapter=pl.lit(adapter(tmp_path / "adapter", ("c_attn",))))
    with EnginePool(str(folder), config, quiet=True) as pool:
        assert pool.score(items, tmp_path / "s")["error"].to_list() == [None]
        with pytest.raises(UserError, match="vLLM serves no adapters for GPT2LMHeadModel: merge"):
            pool.score(tuned, tmp_path / "t")
