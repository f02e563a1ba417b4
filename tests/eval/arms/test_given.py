"""An adapter that one has already: refused before anything is started where it does not fit, and asked beside the others."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.errors import UserError
from eval.arms.given import check_adapter, layers
from eval.config import BenchmarkConfig, RunConfig
from eval.runs.folder import changes
from eval.runs.run import run_job


def adapter_of(folder, shapes, **settings):
    """A LoRA adapter of rank 2 in such layers: {name: (values out, values in)}."""
    folder.mkdir()
    tensors = {}
    for name, (out, inner) in shapes.items():
        tensors[f"base_model.model.{name}.lora_A.weight"] = np.zeros((2, inner), np.float32)
        tensors[f"base_model.model.{name}.lora_B.weight"] = np.zeros((out, 2), np.float32)
    save_file(tensors, folder / "adapter_model.safetensors")
    told = {"r": 2, "peft_type": "LORA", "target_modules": ["q_proj"], "base_model_name_or_path": "org/other"}
    (folder / "adapter_config.json").write_text(json.dumps(told | settings))
    return folder


def config(adapter, **more):
    return RunConfig(adapter=adapter, arms=("pretrained",), seeds=(0,), **more)


@pytest.mark.slow
def test_an_adapter_must_fit_the_model(tmp_path):
    shapes = layers("pico")
    name = next(name for name in shapes if name.endswith("q_proj"))
    out, inner = shapes[name]
    check_adapter(config(adapter_of(tmp_path / "fits", {name: (out, inner)})))
    for folder, given, told in (
        (
            "wide",
            {name: (out, inner + 1)},
            f"from {inner + 1} to {out} values, but in that model it maps {inner} to {out}",
        ),
        ("deep", {"model.layers.99.self_attn.q_proj": (out, inner)}, "which that model lacks"),
    ):
        with pytest.raises(UserError, match=told) as error:
            check_adapter(config(adapter_of(tmp_path / folder, given)))
        assert "org/other" in str(error.value)
    with pytest.raises(UserError, match="use_dora, which vLLM does not support"):
        check_adapter(config(adapter_of(tmp_path / "dora", {name: (out, inner)}, use_dora=True)))
    with pytest.raises(UserError, match="is not an adapter folder"):
        check_adapter(config(tmp_path / "nowhere"))


def test_it_is_an_arm_and_may_come_to_a_run_later(tmp_path):
    assert config(tmp_path).arms == ("pretrained", "adapter")
    plain = RunConfig(arms=("pretrained",), seeds=(0,))
    assert changes(plain.model_dump(mode="json"), config(tmp_path)) == []
    assert changes(config(tmp_path / "a").model_dump(mode="json"), config(tmp_path / "b")) != []
    with pytest.raises(ValueError, match="the arm adapter needs an adapter: give its folder as --adapter"):
        RunConfig(arms=("pretrained", "adapter"))


@pytest.mark.timeout(600)
def test_it_is_asked_beside_the_others(pool, adapters, tmp_path):
    drawn = BenchmarkConfig(name="reversals", size="small", facts=3, articles=2)
    before = sorted(path.name for path in adapters[0].iterdir())
    folder = run_job(config(adapters[0], name="job", out=tmp_path, benchmark=drawn, gates=True), pool)
    results = json.loads((folder / "results.json").read_text())
    rows = {(row["arm"], row["split"]): row for row in results["rows"] if row["norm"] == "sum"}
    assert {arm for arm, _ in rows} == {"ngrams", "pretrained", "adapter"}
    assert all(row["unscored"] == 0 < row["n"] for row in rows.values())
    assert {row["gate"] for row in results["gates"]["rows"] if row["arm"] == "adapter"} >= {
        "forgetting",
        "hallucination",
    }
    lost = next(row for row in results["gates"]["rows"] if row["gate"] == "forgetting")
    assert abs(lost["difference"]) > 0.01  # its weights are random
    assert sorted(path.name for path in adapters[0].iterdir()) == before
    assert "adapter_model.safetensors" in json.loads((folder / "provenance.json").read_text())["adapter"]
    assert (
        "The model with an adapter trained elsewhere, which was given to the run." in (folder / "report.md").read_text()
    )
