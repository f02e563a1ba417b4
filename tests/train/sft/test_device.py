"""GPUs are looked for where the training runs, and a refusal holds."""

import pytest
import torch

from engine.errors import UserError
from train.config import TrainConfig
from train.sft import device
from train.sft.device import trains_on_gpu

pytestmark = pytest.mark.engine


@pytest.fixture
def cluster(monkeypatch):
    """A running cluster with GPUs, seen from a machine without."""
    monkeypatch.setattr("ray.is_initialized", lambda: True)
    monkeypatch.setattr("ray.cluster_resources", lambda: {"CPU": 8.0, "GPU": 4.0})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_trainings_on_a_cluster_take_its_gpus_also_where_the_driver_has_none(cluster):
    assert trains_on_gpu(TrainConfig(), cluster=True)
    assert trains_on_gpu(TrainConfig(workers=2))
    assert not trains_on_gpu(TrainConfig())  # in this process


def test_gpu_false_holds_where_there_are_gpus(cluster, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for settings in ({}, {"workers": 2}):
        assert not trains_on_gpu(TrainConfig(gpu=False, **settings), cluster=True)
        assert not trains_on_gpu(TrainConfig(gpu=False, **settings))


def test_a_gpu_that_nobody_has_is_a_sentence(monkeypatch):
    monkeypatch.setattr(device, "has_gpu", lambda: False)
    with pytest.raises(UserError, match=r"train\.gpu asks for a GPU, but PyTorch sees none on this machine"):
        trains_on_gpu(TrainConfig(gpu=True))
    monkeypatch.setattr("ray.is_initialized", lambda: True)
    monkeypatch.setattr("ray.cluster_resources", lambda: {"CPU": 8.0})
    with pytest.raises(UserError, match="the Ray cluster has none"):
        trains_on_gpu(TrainConfig(gpu=True), cluster=True)
