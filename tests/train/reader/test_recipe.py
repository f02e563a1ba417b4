"""The recipe of a reader, on a tiny random model: what a row holds, and that right statements come to gain more than wrong ones."""

import copy

import pytest
import tiny_models
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoTokenizer

from train.reader import recipe
from train.reader.trees import likelihoods, tree

pytestmark = pytest.mark.slow  # loads and trains a model
SOURCE = "Ann founded the mill."
STATEMENTS = ["The mill was founded by Ann.", "The mill founded Ann.", "Ann is the founder."]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tiny_models.qwen3(tmp_path_factory.mktemp("model"))
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), AutoTokenizer.from_pretrained(folder)


@torch.no_grad()
def test_each_statement_is_read_behind_its_source_and_sees_no_other(made):
    model, tokenizer = made
    trees = [tree(tokenizer, SOURCE, STATEMENTS), tree(tokenizer, f"{SOURCE} It is large.", STATEMENTS[:1])]
    found = likelihoods(model, trees)
    expected = []
    for source, statements in ((SOURCE, STATEMENTS), (f"{SOURCE} It is large.", STATEMENTS[:1])):
        front = tokenizer.encode(source)
        for statement in statements:
            own = tokenizer.encode(f"\n{statement}")
            ids = torch.tensor([front + own])
            values = F.log_softmax(model(ids).logits[0, :-1].float(), -1)[range(ids.shape[1] - 1), ids[0, 1:]]
            expected.append(values[len(front) :].sum())
    assert found.shape == (4,)
    assert torch.allclose(found, torch.stack(expected), rtol=0.02)


def test_right_statements_come_to_gain_more_and_the_adapter_holds_what_was_learnt(made, monkeypatch):
    base, tokenizer = made
    for name, value in {"FROZEN": 1, "EPOCHS": 20, "RATE": 1e-3, "WARM": 1}.items():
        monkeypatch.setattr(recipe, name, value)
    trees, model = [tree(tokenizer, SOURCE, STATEMENTS[:2])], copy.deepcopy(base)
    recipe.train(model, base, trees)
    assert recipe.held_out(model, base, trees) == {"pairs": 1.0, "area": 1.0}
    tensors, modules = recipe.adapter(model, base, rank=96)
    assert modules == ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]
    assert {name.split(".")[4] for name in tensors} == {"1"}
    before, after = (dict(one.named_parameters())["model.layers.1.mlp.up_proj.weight"] for one in (base, model))
    stem = "base_model.model.model.layers.1.mlp.up_proj.lora_"
    change = tensors[f"{stem}B.weight"].float() @ tensors[f"{stem}A.weight"].float()
    assert torch.allclose(change, after - before, atol=0.05 * (after - before).abs().max().item())


def test_the_loss_is_least_where_right_gains_and_wrong_loses():
    told = [recipe.loss_of(torch.tensor(gains)).item() for gains in ([5.0, -5.0], [0.0, 0.0], [-5.0, 5.0])]
    assert told == sorted(told)
    assert told[1] == pytest.approx(2 * 0.6931, abs=1e-3)


def test_english_sources_come_with_what_stands_before_them_and_statements_in_pairs():
    found = recipe.sources()
    assert len(found) == 1_200
    assert all(len(statements) % 2 == 0 for _, statements in found)
