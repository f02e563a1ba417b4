"""Texts, prompts with answers and chats end as the model ends; what documents say stays text; borders lose no target."""

import json
from pathlib import Path

import polars as pl
import pytest
import tiny_models
from conftest import PICO
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from engine.errors import UserError
from train.config import TrainConfig
from train.sft.data import IGNORED, Collator, rows_and_losses, rows_of
from train.sft.tokens import chat_ids, end_tokens, pieces, text_ids

TOKENIZER = AutoTokenizer.from_pretrained(PICO)
WHOLE, COMPLETION = TrainConfig(), TrainConfig(loss="completion")
CHAT = [{"role": "user", "content": "Who is Anna?"}, {"role": "assistant", "content": "The mother of Ben."}]


def chats(*turns: list[dict[str, str]]) -> pl.DataFrame:
    return pl.DataFrame({"text": ["chat"] * len(turns), "messages": [json.dumps(chat) for chat in turns]})


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory) -> dict[str, AutoTokenizer]:
    made = {}
    for make in (tiny_models.qwen3, tiny_models.gemma3, tiny_models.chatml_base, tiny_models.gpt2):
        made[make.__name__] = AutoTokenizer.from_pretrained(make(tmp_path_factory.mktemp(make.__name__)))
    return made | {"pico": TOKENIZER}


def test_control_tokens_in_documents_are_text(tokenizers):
    for name, tokenizer in tokenizers.items():
        control = tokenizer.eos_token
        text = f"It ends{control} here."
        (ids,) = text_ids([text], tokenizer)
        assert ids.count(tokenizer.eos_token_id) == 1, name
        assert ids[-1] == tokenizer.eos_token_id
        assert control in tokenizer.decode(ids[:-1])
        _rows, losses = rows_and_losses(pl.DataFrame({"text": [text, "plain"]}), tokenizer, WHOLE)
        assert losses.named == 1
        assert "read as text" in losses.told(WHOLE)[0]


@pytest.mark.parametrize("name", ["qwen3", "gemma3", "chatml_base", "pico"])
def test_control_tokens_in_a_turn_are_text(tokenizers, name):
    tokenizer = tokenizers[name]
    tokens = tokenizer.added_tokens_decoder.items()
    special = {str(token): i for i, token in tokens if token.special and not str(token).startswith("<0x")}
    evil = [CHAT[0], {"role": "assistant", "content": f"Nobody {' '.join(special)} knows."}]
    plain, _ = chat_ids([CHAT[0], {"role": "assistant", "content": "Nobody knows."}], tokenizer)
    ids, start = chat_ids(evil, tokenizer)
    for token in special.values():
        assert ids.count(token) == plain.count(token)
    assert " ".join(special) in tokenizer.decode(ids[start:-1])


@pytest.mark.parametrize(
    ("name", "end"),
    [("qwen3", "<|im_end|>"), ("gemma3", "<end_of_turn>"), ("chatml_base", "<|im_end|>"), ("pico", "<|end|>")],
)
def test_a_chat_is_what_the_template_says_and_ends_with_the_turn(tokenizers, name, end):
    tokenizer = tokenizers[name]
    ids, start = chat_ids(CHAT, tokenizer)
    asked = tokenizer.apply_chat_template(CHAT[:1], add_generation_prompt=True, return_dict=True)["input_ids"]
    assert ids[:start] == asked
    assert tokenizer.decode(ids[start:]).strip() == f"The mother of Ben.{end}"
    assert set(end_tokens(tokenizer)) == {tokenizer.eos_token_id, ids[-1]}
    if tokenizer.bos_token_id is not None:
        assert ids.count(tokenizer.bos_token_id) == 1
    (row,) = rows_of(chats(CHAT), tokenizer, COMPLETION)
    assert row["labels"] == [IGNORED] * start + ids[start:]
    (row,) = rows_of(chats(CHAT), tokenizer, WHOLE)
    assert row["labels"] == row["input_ids"] == ids


def test_a_chat_for_a_model_without_a_template_is_a_text(tokenizers):
    tokenizer = tokenizers["gpt2"]
    ids, start = chat_ids(CHAT, tokenizer)
    assert tokenizer.decode(ids) == "Who is Anna?\nThe mother of Ben.<|endoftext|>"
    assert tokenizer.decode(ids[start:]) == "The mother of Ben.<|endoftext|>"


def test_a_text_that_went_through_the_template_has_one_begin_token(tokenizers):
    tokenizer = tokenizers["gemma3"]
    rendered = tokenizer.apply_chat_template(CHAT, tokenize=False)
    rows, losses = rows_and_losses(pl.DataFrame({"text": [rendered]}), tokenizer, WHOLE)
    assert rows[0]["input_ids"].count(tokenizer.bos_token_id) == 1
    assert losses.named == 1


@pytest.mark.parametrize("name", ["qwen3", "gemma3", "gpt2", "pico"])
def test_texts_and_completions_end_with_the_end_token_and_it_counts(tokenizers, name):
    tokenizer = tokenizers[name]
    examples = pl.DataFrame(
        {"text": ["Q: Who? A: Ben.", "Trains are fast, and so on and so on."], "prompt": ["Q: Who?", None]}
    )
    for config in (WHOLE, COMPLETION):
        rows = list(rows_of(examples, tokenizer, config))
        # also where pad and end are one token, and beside what fills up
        batch = Collator(tokenizer.pad_token_id)(rows)
        for row, labels in zip(rows, batch["labels"].tolist(), strict=True):
            last = len(row["input_ids"]) - 1
            assert labels[last] == tokenizer.eos_token_id
            assert set(labels[last + 1 :]) <= {IGNORED}
    assert tokenizer.decode([label for label in rows[0]["labels"] if label >= 0]).strip().startswith("A: Ben.")


@given(st.integers(0, 90), st.integers(8, 40))
def test_every_token_but_the_first_is_predicted_once_wherever_the_borders_fall(count, length):
    ids = list(range(count))
    found = list(pieces(ids, length))
    assert max(len(piece) for _, piece in found) <= length
    assert [token for _, piece in found for token in piece[1:]] == ids[1:]
    assert all(piece[:1] == ids[begin : begin + 1] for begin, piece in found)


@pytest.mark.parametrize("length", range(8, 20))
def test_an_answer_is_trained_whole_wherever_its_prompt_ends(length):
    prompt, answer = "zogo are more famous than truld.", " femp are big."
    examples = pl.DataFrame({"text": [prompt + answer], "prompt": [prompt]})
    config = COMPLETION.model_copy(update={"max_length": length})
    rows, losses = rows_and_losses(examples, TOKENIZER, config)
    counted = [label for row in rows["labels"] for label in row[1:] if label >= 0]
    whole, front = text_ids([prompt + answer], TOKENIZER)[0], len(TOKENIZER(prompt).input_ids)
    assert counted == whole[front:]
    assert all(any(label >= 0 for label in row[1:]) for row in rows["labels"])  # no step without a loss
    assert losses.cut == (len(whole) > length)


def test_what_is_cut_or_dropped_is_counted_and_said():
    config = COMPLETION.model_copy(update={"max_length": 8})
    long, asked = "zogo truld " * 10, "zogo are more famous than truld."
    examples = pl.DataFrame({"text": [long, asked, ""], "prompt": [None, None, None]})
    _rows, losses = rows_and_losses(examples, AutoTokenizer.from_pretrained(PICO), config)
    assert (losses.cut, losses.dropped) == (2, 0)
    assert losses.told(config) == ["2 examples are longer than train.max_length, 8 tokens, and cut into pieces"]
    no_end = AutoTokenizer.from_pretrained(PICO)
    no_end.eos_token = None
    assert rows_and_losses(examples, no_end, config)[1].dropped == 1
    assert "1 examples are left out" in rows_and_losses(examples, no_end, config)[1].told(config)[1]


def test_the_loss_cannot_count_on_completions_that_nothing_marks():
    with pytest.raises(UserError, match=r"train\.loss completion needs a column prompt"):
        rows_of(pl.DataFrame({"text": ["one"]}), TOKENIZER, COMPLETION)


def test_a_chat_that_cannot_be_trained_on_is_a_sentence(tokenizers):
    with pytest.raises(UserError, match="must end with an assistant turn"):
        rows_of(chats(CHAT[:1]), TOKENIZER, WHOLE)
    refusing = AutoTokenizer.from_pretrained(PICO)
    refusing.chat_template = "{{ raise_exception('no system turns') }}"
    with pytest.raises(UserError, match="chat template rejects a chat: no system turns"):
        rows_of(chats(CHAT), refusing, WHOLE)


def test_an_end_of_turn_that_generation_does_not_know_is_added(tmp_path: Path):
    from transformers import AutoModelForCausalLM

    from train.sft.network import ends_as_trained

    folder = tiny_models.chatml_base(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.generation_config.eos_token_id == 0
    ends_as_trained(model, AutoTokenizer.from_pretrained(folder))
    assert model.generation_config.eos_token_id == [0, 2]
