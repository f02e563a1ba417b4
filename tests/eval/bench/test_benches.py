"""The benches of training and augmentation: their JSON and their mistakes."""

import json

import pytest

from engine.config import EngineConfig
from engine.errors import UserError
from eval.bench.arms import bench_arms
from eval.bench.augment import bench_augment
from eval.bench.train import bench_train
from train.config import TrainConfig


@pytest.mark.engine
def test_train_writes_the_agreed_json_and_packed_rows_see_the_same_tokens(tmp_path):
    settings = TrainConfig(steps=8, batch=8, rank=8, learning_rate=5e-3)
    result = bench_train("pico", settings, 1, 32, None, tmp_path / "train.json")
    assert json.loads((tmp_path / "train.json").read_text()) == json.loads(json.dumps(result))
    assert set(result) == {"work", "ours", "peers", "ratio", "packed", "packed_over_unpacked"}
    ours, trl = result["ours"], result["peers"]["trl"]
    assert result["ratio"]["trl"] == pytest.approx(ours["per_second"] / trl["per_second"])
    assert ours["steps"] == trl["steps"] == 8
    assert ours["loss"] == pytest.approx(trl["loss"], rel=0.25)  # other draws of adapters and of batches
    assert result["packed"]["steps"] == 8
    assert result["packed"]["loss"] == pytest.approx(ours["loss"], rel=0.25)


def test_mistakes_in_benches_of_training():
    with pytest.raises(UserError, match="no peer 'vllm'; choose from trl"):
        bench_train("pico", TrainConfig(), 1, 8, ("vllm",), None)
    with pytest.raises(UserError, match="no peer 'trl'; choose from one_after_another"):
        bench_arms("pico", EngineConfig(), TrainConfig(), 8, ("trl",), None)


@pytest.mark.slow
def test_augment_writes_the_agreed_json(tmp_path):
    result = bench_augment(EngineConfig(), 40, 1, tmp_path / "augment.json")
    assert json.loads((tmp_path / "augment.json").read_text()) == json.loads(json.dumps(result))
    assert result["work"] == {"documents": 40, "requests": 240, "inferences": 240, "engine": "fake", "replicas": 2}
    ours = result["ours"]
    assert ours["per_second"] == pytest.approx(40 / ours["seconds"])
    assert ours["requests_per_second"] == pytest.approx(240 / ours["seconds"])
    assert 0 < ours["first_request_seconds"] < ours["seconds"]
    assert 0 < ours["driver_mib"] < ours["all_mib"]
    assert (result["peers"], result["ratio"]) == ({}, {})
