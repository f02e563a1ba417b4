"""Leases driven by hand with the fake engine: tables to make them of, and their work."""

import polars as pl

from engine.config import EngineConfig
from engine.tasks.base import Answer
from engine.tasks.generate import GenerateLease
from engine.tasks.score import ScoreLease
from engine.worker.fake_engine import FakeEngine, FakeTokenizer

TOKENIZER = FakeTokenizer()
LONG = "A long context that several questions share. " * 3


class BareTokenizer(FakeTokenizer):
    def encode(self, text, add_special_tokens=True):
        return super().encode(text, add_special_tokens=False)


def requests(*rows):
    columns = dict.fromkeys(
        ("request_id", "prompt", "messages", "sampling", "chat_template_kwargs", "adapter"), pl.String
    ) | {"n": pl.Int64}
    return pl.DataFrame([dict.fromkeys(columns) | row for row in rows], schema=columns)


def items(*rows):
    columns = dict.fromkeys(("item_id", "prefix", "stem", "adapter"), pl.String) | {"choices": pl.List(pl.String)}
    return pl.DataFrame([dict.fromkeys(columns) | row for row in rows], schema=columns)


def generate(table, tokenizer=TOKENIZER, max_model_len=1000):
    return GenerateLease(table, tokenizer, max_model_len, "lease")


def score(table, max_model_len=1000, name="lease", tokenizer=TOKENIZER):
    return ScoreLease(table, tokenizer, max_model_len, name)


def sendable(lease):
    return list(iter(lease.next_call, None))


def finish(lease):
    """Work a lease off; returns its table and every call that was sent."""
    engine, sent = FakeEngine("fake", EngineConfig(kind="fake")), []
    while not lease.done:
        calls = sendable(lease)
        assert calls, "the lease waits for nothing"
        sent += calls
        for call in calls:
            engine.add(call)
        for answer in engine.step():
            lease.take(answer)
    return lease.table(), sent


def fine(call, value=-1.0):
    return Answer(call.key, logprobs=[value] * (len(call.ids) - (call.score_from or 0)))
