"""Where reasoning ends and the answer begins."""

import json

import pytest
from leases import TOKENIZER, generate, requests

from engine.tasks.base import Answer
from engine.tasks.reasoning import Parted, part
from engine.worker.fake_engine import FakeTokenizer


@pytest.mark.parametrize(
    ("text", "answer", "reasoning"),
    [
        ("<think>\nLet me see.\n</think>\n\n- X.", "- X.", "Let me see."),
        ("<think>\n\n</think>\n\n- X.", "- X.", None),
        ("Let me see.\n</think>\n- X.", "- X.", "Let me see."),
        ("Let me see.</think>- X.", "- X.", "Let me see."),
        ("Sure!\n<think>\nHm.\n</think>\n- X.", "Sure!\n\n- X.", "Hm."),
        ("analysisWe need X.assistantfinal- X.", "- X.", "We need X."),
        (
            "<|channel|>analysis<|message|>We need X.<|end|><|start|>assistant<|channel|>final<|message|>- X.<|return|>",
            "- X.",
            "We need X.",
        ),
        ("<|channel|>final<|message|>- X.", "- X.", None),
        ("<think>Let me", None, "Let me"),
        ("analysisWe need", None, "We need"),
        ("- X.", "- X.", None),
        (
            "Models write <think> and </think> around thoughts.",
            "Models write <think> and </think> around thoughts.",
            None,
        ),
        ("The tag </think> closes them.", "The tag </think> closes them.", None),
        ("analysis of variance", "analysis of variance", None),
    ],
)
def test_the_parts_of_a_text(text, answer, reasoning):
    assert part(text) == Parted(answer, reasoning)


def test_a_prompt_may_begin_the_reasoning():
    assert part("Let me", opened=True) == Parted(None, "Let me")
    assert part("Let me see </think> - X.", opened=True) == Parted("- X.", "Let me see")


class Thinker(FakeTokenizer):
    chat_template = "yes"

    def apply_chat_template(self, messages, tokenize, add_generation_prompt, enable_thinking=True):
        return messages[-1]["content"] + ("\n<think>\n" if enable_thinking else "\n<think>\n\n</think>\n\n")


def said(row, text, tokenizer):
    lease = generate(requests({"request_id": "a"} | row), tokenizer)
    call = lease.next_call()
    lease.take(Answer(call.key, text, "length"))
    return call, lease.table().select("text", "reasoning", "error").row(0)


def test_a_generation_has_its_reasoning_in_a_column_of_its_own():
    asked = {"messages": json.dumps([{"role": "user", "content": "Statement: x"}])}
    assert said(asked, "Hm.\n</think>\n- X.", Thinker())[1] == ("- X.", "Hm.", None)
    assert said(asked, "Hm, it is", Thinker())[1] == (None, "Hm, it is", None)
    call, row = said(asked | {"chat_template_kwargs": '{"enable_thinking": false}'}, "- X.", Thinker())
    assert row == ("- X.", None, None)
    assert Thinker().decode(call.ids).endswith("</think>\n\n")
    assert said({"prompt": "x"}, "</think>\n- X.", TOKENIZER)[1] == ("</think>\n- X.", None, None)


def test_a_template_that_does_not_take_a_setting_is_an_error_row():
    asked = {"messages": '[{"role": "user", "content": "x"}]', "chat_template_kwargs": '{"colour": 1}'}
    lease = generate(requests({"request_id": "a"} | asked), Thinker())
    assert "cannot be read" in lease.table()["error"][0]


def test_a_model_without_a_chat_template_stops_where_it_would_run_on():
    turns = [
        ("user", "Turn it around.\n\nStatement: a\nReversals:"),
        ("assistant", "- b"),
        ("user", "Statement: c\nReversals:"),
    ]
    asked = {"messages": json.dumps([{"role": role, "content": text} for role, text in turns])}
    assert said(asked, "- d", TOKENIZER)[0].params["stop"] == ["\nStatement:"]
    assert said(asked | {"sampling": '{"stop": "x"}'}, "- d", TOKENIZER)[0].params["stop"] == ["\nStatement:", "x"]
    assert "stop" not in said(asked, "- d", Thinker())[0].params
    assert "stop" not in said({"prompt": "Statement: a"}, "- d", TOKENIZER)[0].params
