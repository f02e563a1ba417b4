"""Answers that are asked for as JSON: which operators and models, the schema, and examples of the same form."""

import json

import polars as pl
import pytest

from augment.config import AugmentConfig
from augment.operators.base import Record
from augment.operators.registry import load_operators
from augment.stages.requests import make_requests
from engine.config import PICO
from engine.errors import UserError

DOCUMENTS = pl.DataFrame({"doc_id": ["a", "b"], "text": ["Ben is old. Anna is young.", "Oaks are trees."]})
LISTS = ("rephrase", "reverse", "deduce", "qa", "entities", "study", "link")


@pytest.fixture
def chat_model(tmp_path):
    """A folder that says what a chat model's says."""
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    return str(tmp_path)


def test_auto_asks_models_that_chat_for_json(chat_model):
    operators = load_operators(AugmentConfig(operators=(*LISTS, "link-trace", "repeat")), chat_model)
    assert [operator.name for operator in operators if operator.structured] == list(LISTS)
    for model in ("pico", str(PICO), "fake", "fake:turn=1", "a model that nobody has"):
        assert not any(operator.structured for operator in load_operators(AugmentConfig(operators=LISTS), model))
    never = AugmentConfig(operators=LISTS, structured="never")
    assert not any(operator.structured for operator in load_operators(never, chat_model))


@pytest.mark.parametrize("name", LISTS)
def test_examples_and_instruction_have_the_form_that_the_schema_has(chat_model, name):
    (operator,) = load_operators(AugmentConfig(operators=(name,)), chat_model)
    (asked,) = operator.requests(Record("Ben is old.", context="[1] Oaks are trees."))
    examples = [json.loads(turn["content"]) for turn in asked if turn["role"] == "assistant"]
    assert all(examples), "an empty example teaches small models to answer [] to nearly all"
    wanted = dict if name == "qa" else str
    assert all(isinstance(item, wanted) for example in examples for item in example)
    assert "NONE" not in json.dumps(asked)
    (plain,) = load_operators(AugmentConfig(operators=(name,), structured="never"), chat_model)
    assert "JSON" not in json.dumps(plain.requests(Record("Ben is old.", context="x")))


def test_the_schema_goes_with_the_sampling_of_lists_alone():
    table = make_requests(DOCUMENTS, AugmentConfig(operators=(*LISTS, "link-trace"), structured="always"), "fake")
    found = dict(
        table.select("operator", pl.col("sampling").str.json_path_match("$.structured_outputs.json.type"))
        .unique()
        .rows()
    )
    assert found == dict.fromkeys(LISTS, "array") | {"link-trace": None}


def test_a_prompt_that_cannot_ask_for_json_is_named(tmp_path, chat_model):
    (tmp_path / "mine.md").write_text("Say it again: {{ text }}")
    settings = {"operators": ("mine",), "prompts": tmp_path}
    with pytest.raises(UserError, match=r"augment\.structured always: the prompt .*mine\.md does not ask for JSON"):
        load_operators(AugmentConfig(**settings, structured="always"), chat_model)
    assert not load_operators(AugmentConfig(**settings), chat_model)[0].structured
    with pytest.raises(UserError, match=r"pico/reverse\.md does not ask for JSON"):
        load_operators(AugmentConfig(operators=("reverse",), structured="always"), "pico")
