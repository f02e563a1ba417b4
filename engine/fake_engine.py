"""A fake engine: answers from hashes, in memory, for trying the data plane. It never stands in for a measured result."""

import math

from engine.backend import Answer, Call
from engine.config import EngineConfig
from engine.store import content_id


class FakeTokenizer:
    """Characters as tokens, so that the fake engine needs no files."""

    chat_template = None

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        """Code points, with a 1 in front where special tokens are asked for."""
        return [1] * add_special_tokens + [ord(c) for c in text]


def _value(adapter: str | None, context: list[int], token: int) -> float:
    """The same for a token of a choice and for a next token: from the last tokens before it."""
    return -math.log(2 + int(content_id(adapter, len(context), context[-3:], token), 16) % 97)


class FakeEngine:
    """Answers every call in the next step; text and log-likelihoods depend on the call's tokens alone."""

    def __init__(self, model: str, config: EngineConfig):
        self.tokenizer, self.max_model_len, self.capacity, self.tolerance = FakeTokenizer(), 1_000_000, 256, 0.0
        self.calls: list[Call] = []

    def add(self, call: Call) -> None:
        """Queue a call."""
        self.calls.append(call)

    def step(self) -> list[Answer]:
        """Answer all queued calls."""
        calls, self.calls = self.calls, []
        answers = []
        for call in calls:
            digest = content_id(call.ids, call.params.get("seed"), call.adapter)
            answer = Answer(call.key, f"fake {digest}", "stop", len(call.ids), 0, 2)
            if call.targets is not None:
                answer.logprobs = [_value(call.adapter, call.ids, token) for token in call.targets]
            elif call.score_from is not None:
                places = range(call.score_from, len(call.ids))
                answer.logprobs = [_value(call.adapter, call.ids[:i], call.ids[i]) for i in places]
            answers.append(answer)
        return answers

    def close(self) -> None:
        """Nothing to release."""
