"""What stands between our calls and vLLM's: options, and values read from its three forms of output."""

import math
from types import SimpleNamespace

import pytest
import torch

from engine.config import PICO, EngineConfig
from engine.errors import UserError
from engine.models import resolve_model
from engine.tasks.base import Call
from engine.worker.vllm_engine import engine_options
from engine.worker.vllm_logprobs import choice_values

CALL = Call("k", [10, 11, 12, 13, 14], score_from=2)
VALUES = [-1.0, -2.0, -3.0, -4.0]
"""Of the tokens 11 to 14."""


def tensors(ids=(11, 12, 13, 14)):
    rows = SimpleNamespace(logprob_token_ids=torch.tensor([[i] for i in ids]), logprobs=torch.tensor(VALUES)[:, None])
    return SimpleNamespace(prompt_logprobs=rows, prompt_token_id_logprobs=None)


def flat():
    # as vLLM's FlatLogprobs: the first prompt token has no entry
    rows = SimpleNamespace(
        start_indices=[0, 0, 1, 2, 3], end_indices=[0, 1, 2, 3, 4], token_ids=[11, 12, 13, 14], logprobs=VALUES
    )
    return SimpleNamespace(prompt_logprobs=rows)


@pytest.mark.parametrize("output", [tensors(), flat()])
def test_values_of_a_choice_are_those_after_its_context(output):
    assert choice_values(CALL, output, 0) == [-2.0, -3.0, -4.0]
    assert choice_values(CALL, output, 1) == [-2.0, -3.0, -4.0]


@pytest.mark.parametrize("output", [tensors(), flat()])
def test_rows_of_cached_positions_are_never_read(output):
    found = choice_values(CALL, output, 3)
    assert [math.isnan(v) for v in found] == [True, True, False]
    assert all(map(math.isnan, choice_values(CALL, output, 5)))


def test_a_row_of_another_token_is_not_taken():
    found = choice_values(CALL, tensors(ids=(11, 12, 99, 14)), 0)
    assert [math.isnan(v) for v in found] == [False, True, False]


def test_rows_by_token_id_are_read_whole_or_not_at_all():
    fixed = torch.tensor(VALUES[1:])[:, None].numpy()
    assert choice_values(CALL, SimpleNamespace(prompt_token_id_logprobs=fixed), 4) == [-2.0, -3.0, -4.0]
    short = SimpleNamespace(prompt_token_id_logprobs=fixed[1:])
    assert all(map(math.isnan, choice_values(CALL, short, 4)))


def test_an_output_without_rows_gives_no_values():
    nothing = SimpleNamespace(prompt_logprobs=None, prompt_token_id_logprobs=None)
    assert all(map(math.isnan, choice_values(CALL, nothing, 0)))


def test_engines_load_safetensors_and_no_code_unless_asked_for():
    options = engine_options("pico", EngineConfig())
    assert options["load_format"] == "safetensors"
    assert "trust_remote_code" not in options
    assert engine_options("pico", EngineConfig(vllm={"trust_remote_code": True}))["trust_remote_code"] is True


def test_a_folder_with_pickled_weights_is_refused(tmp_path):
    (tmp_path / "config.json").write_text((PICO / "config.json").read_text())
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(UserError, match="no other format is loaded"):
        resolve_model(str(tmp_path))
