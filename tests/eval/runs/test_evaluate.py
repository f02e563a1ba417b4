"""`eval` records what it measured, and its report tells how to do that again."""

import json
from pathlib import Path

import pytest
import yaml

from eval.benchmarks.base import mean_chance
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig
from eval.measure.accuracy import percent
from forethought.cli import run
from forethought.settings import parse
from forethought.verbs import evaluate

LINE = "eval --engine.kind fake --benchmark syllogisms --benchmark.size small --seeds 0 1 --name e"


@pytest.fixture
def adapter(tmp_path) -> Path:
    """A folder that the fake engine takes for an adapter."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps({"r": 8, "target_modules": ["q_proj"]}))
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    return folder


@pytest.mark.engine
def test_eval_records_its_adapter_and_repeat_measures_the_same(adapter, tmp_path, capsys):
    line = [*LINE.split(), "--adapter", str(adapter), "--out", str(tmp_path / "runs")]
    assert run(line) == 0
    folder = tmp_path / "runs/e"
    assert json.loads((folder / "config.json").read_text())["adapter"] == str(adapter)
    origin = json.loads((folder / "provenance.json").read_text())
    assert set(origin["adapter"]) == {"name", "adapter_config.json", "adapter_model.safetensors"}
    page = (folder / "report.md").read_text()
    assert "forethought eval e-again.yaml --name e-again" in page
    assert "forethought run" not in page
    settings = page.split("END'")[1].split("END")[0]
    (tmp_path / "again.yaml").write_text(settings)
    again = parse(evaluate.Job, [str(tmp_path / "again.yaml")], "eval")
    assert again == parse(evaluate.Job, line[1:], "eval")
    # the chance that the report draws is that of all worlds
    worlds = [load(BenchmarkConfig(name="syllogisms", size="small"), seed) for seed in (0, 1)]
    chance = mean_chance(worlds)
    assert len({world.chance["rephrasing"] for world in worlds}) == 2
    assert f"chance {percent(chance['rephrasing'])}" in (folder / "report.html").read_text()
    # other weights, or another adapter, are not passed off as these
    results = (folder / "results.json").read_text()
    assert run(line) == 0
    assert json.loads((folder / "results.json").read_text())["rows"] == json.loads(results)["rows"]
    capsys.readouterr()
    assert run([*LINE.split(), "--out", str(tmp_path / "runs")]) == 2
    assert "holds a run with other settings" in capsys.readouterr().err
    assert yaml.safe_load(settings)["adapter"] == str(adapter)
