"""Settings that nothing could serve are refused before anything is trained."""

import pytest
from pydantic import ValidationError

from eval.config import RunConfig
from train.config import TrainConfig


def test_a_rank_that_no_engine_serves_is_refused():
    assert TrainConfig(rank=512).rank == 512
    assert TrainConfig(rank=10).rank == 10  # served with room for 16
    assert TrainConfig(rank=600, method="full").method == "full"
    with pytest.raises(ValidationError, match="rank is 600: vLLM serves adapters of rank 512 at most"):
        TrainConfig(rank=600)


def test_a_run_whose_engines_would_not_take_its_adapters_is_refused():
    with pytest.raises(ValidationError, match=r"train\.rank is 16, but engine\.max_lora_rank is 8: leave .* unset"):
        RunConfig.model_validate({"engine": {"max_lora_rank": 8}})
    assert RunConfig.model_validate({"train": {"rank": 64}}).engine.max_lora_rank is None  # follows the adapters


def test_a_run_with_a_loss_on_completions_needs_examples_that_have_some():
    with pytest.raises(ValidationError, match=r"train\.loss completion needs train\.split cumulative"):
        RunConfig.model_validate({"train": {"loss": "completion"}})
    assert RunConfig.model_validate({"train": {"loss": "completion", "split": "cumulative"}})
