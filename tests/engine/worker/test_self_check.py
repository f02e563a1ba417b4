"""The check of an engine before it gets work."""

import pytest

from engine.config import EngineConfig
from engine.errors import UserError
from engine.worker.fake_engine import FakeEngine
from engine.worker.self_check import self_check


class Drifting(FakeEngine):
    """Cached values that differ from computed ones."""

    def step(self):
        cached = {c.key: c.cached for c in self.calls}
        answers = super().step()
        for answer in answers:
            answer.logprobs = [v - 0.5 * cached[answer.key] for v in answer.logprobs]
        return answers


def test_an_engine_whose_cache_changes_values_is_refused():
    self_check(FakeEngine("fake", EngineConfig(kind="fake")))
    with pytest.raises(UserError, match=r"differ by 0\.5 with and without its prefix cache"):
        self_check(Drifting("fake", EngineConfig(kind="fake")))
