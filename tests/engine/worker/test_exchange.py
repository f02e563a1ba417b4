"""What goes to an address and what comes back."""

import email.utils
import json
import time
from typing import Any

import pytest

from engine.address import Served
from engine.tasks.base import Call
from engine.worker.exchange import Habits, body_of, failure_of, read_reply

MESSAGES = [{"role": "user", "content": "Who?"}]
SCHEMA = {"json": {"type": "array"}, "disable_any_whitespace": True}


def call(asked: dict[str, Any] | None = None, **params: Any) -> Call:
    return Call("k", [], params, asked=asked or {"messages": MESSAGES})


def read(**found: Any):
    return read_reply(call(), json.dumps(found).encode())


def test_messages_and_prompts_have_a_path_each():
    served = Served("m")
    asked = {"messages": MESSAGES, "chat_template_kwargs": {"enable_thinking": False}}
    path, body = body_of(call(asked, temperature=0.0, seed=7), served, Habits())
    assert path == "/chat/completions"
    assert body == {"model": "m", **asked, "temperature": 0.0, "seed": 7}
    assert body_of(call({"prompt": "Once"}), served, Habits()) == ("/completions", {"model": "m", "prompt": "Once"})


def test_vllm_is_told_all_that_it_would_take_from_elsewhere():
    _, body = body_of(call(temperature=0.0, top_p=0.9, structured_outputs=SCHEMA), Served("m", "vllm"), Habits())
    assert (body["top_p"], body["top_k"], body["repetition_penalty"]) == (0.9, 0, 1.0)
    assert body["structured_outputs"] == SCHEMA


def test_others_are_asked_for_json_as_openai_has_it():
    _, body = body_of(call(structured_outputs=SCHEMA), Served("m"), Habits())
    assert "structured_outputs" not in body
    assert body["response_format"]["json_schema"]["schema"] == {"type": "array"}


def test_what_a_server_refuses_is_left_out_from_then_on():
    habits = Habits()
    assert habits.learn(400, "Unsupported parameter: use 'max_completion_tokens' instead.")
    assert habits.learn(400, "Invalid schema for response_format 'answer'")
    assert not habits.learn(400, "Invalid schema for response_format 'answer'")
    assert not habits.learn(500, "max_completion_tokens")
    _, body = body_of(call(max_tokens=5, structured_outputs=SCHEMA), Served("m"), habits)
    assert body == {"model": "m", "messages": MESSAGES, "max_completion_tokens": 5}


def test_an_answer_has_its_text_reasoning_and_tokens():
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 8}}
    message = {"content": "Ann.", "reasoning_content": "It says so."}
    answer = read(choices=[{"message": message, "finish_reason": "stop"}], usage=usage)
    assert (answer.text, answer.reasoning, answer.finish_reason) == ("Ann.", "It says so.", "stop")
    assert (answer.prompt_tokens, answer.cached_tokens, answer.output_tokens) == (9, 8, 4)
    assert read(choices=[{"message": {"content": None, "reasoning": "Hm"}}], usage=None).reasoning == "Hm"
    assert read(choices=[{"text": "upon a time"}]).text == "upon a time"


def test_a_refusal_of_the_model_is_an_error():
    answer = read(choices=[{"message": {"content": None, "refusal": "I will not."}}])
    assert answer.error == "the model refuses: I will not."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{"message": 1}]}',
        b'{"choices": [{"text": 1}]}',
        b"\xff",
    ],
)
def test_what_is_no_answer_is_a_value_error(content: bytes):
    with pytest.raises(ValueError, match=r"\w"):
        read_reply(call(), content)


def failure(status: int, text: str = "", **headers: str):
    return failure_of(status, {k.replace("_", "-"): v for k, v in headers.items()}, text, "http://a/v1", "m")


def test_what_may_pass_is_told_from_what_may_not():
    assert [failure(s).final for s in (400, 413, 422, 408, 429, 500, 503)] == [True] * 3 + [False] * 4
    assert [failure(s).overloaded for s in (429, 503, 500)] == [True, True, False]
    assert [failure(s).ends for s in (401, 402, 404, 400, 500)] == [True, True, True, False, False]
    assert failure(429, '{"error": {"code": "insufficient_quota"}}').ends
    assert failure(400, '{"error": {"message": "too long"}}').text == "http://a/v1 answers 400: too long"


def test_retry_after_is_seconds_or_a_date():
    assert failure(429, retry_after="12").wait == 12.0
    assert 50 < failure(503, retry_after=email.utils.formatdate(time.time() + 60)).wait <= 60
    assert failure(429, retry_after="soon").wait == 0.0
