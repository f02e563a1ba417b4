"""Who writes, who reads, and what the teacher's tokens cost."""

import pytest
from fake_address import serving

from augment.config import AugmentConfig, Prices
from augment.stages.records import token_counter
from augment.teacher import say_writer, settled, writer_of
from engine.config import EngineConfig
from engine.errors import UserError

FAKE = EngineConfig(kind="fake")


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def test_by_default_the_student_writes_for_itself():
    writer = writer_of(AugmentConfig(), "pico", EngineConfig())
    assert writer.student
    assert (writer.model, writer.config) == ("pico", AugmentConfig())


def test_a_teacher_may_be_a_model_on_engines_of_its_own():
    writer = writer_of(AugmentConfig(teacher="fake:turn=1"), "fake", FAKE)
    assert (writer.model, writer.engine, writer.student) == ("fake:turn=1", FAKE, False)
    with pytest.raises(UserError, match="There is no model 'no-such-model'"):
        writer_of(AugmentConfig(teacher="no-such-model"), "pico", EngineConfig())


def test_an_address_is_asked_for_its_only_model():
    with serving(models=("org/strong",)) as server:
        config = settled(AugmentConfig(teacher=f"{server.url}/"))
        writer = writer_of(config, "pico", EngineConfig(replicas=2, shard_rows=64))
        assert (config.teacher, config.teacher_model) == (server.url, "org/strong")
        assert writer.where == f"org/strong at {server.url}"
    assert writer.engine == EngineConfig(kind="openai", base_url=server.url, shard_rows=64)
    assert settled(config) == config  # what is named needs no answer


def test_a_name_without_an_address_is_a_mistake():
    with pytest.raises(ValueError, match="teacher_model names a model at an address"):
        AugmentConfig(teacher_model="strong")


def test_the_embedded_student_does_not_judge_what_another_writes(capsys):
    asked = AugmentConfig(teacher="http://127.0.0.1:9/v1", teacher_model="strong")
    writer = writer_of(asked, "pico", EngineConfig())
    assert not writer.config.verify.entailment
    say_writer(writer, asked, "pico")
    assert "the check entailment is left out" in capsys.readouterr().err
    same = AugmentConfig(teacher="http://127.0.0.1:9/v1", teacher_model="pico")
    assert writer_of(same, "pico", EngineConfig()).config.verify.entailment


def test_a_key_in_the_open_is_told(capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "s3cret")
    for address, told in (
        ("http://far.example/v1", True),
        ("https://far.example/v1", False),
        ("http://localhost:1/v1", False),
    ):
        asked = AugmentConfig(teacher=address, teacher_model="m")
        say_writer(writer_of(asked, "pico", EngineConfig()), asked, "pico")
        shown = capsys.readouterr().err
        assert ("unencrypted" in shown) is told
        assert "s3cret" not in shown


def test_tokens_of_a_tokenizer_that_is_elsewhere_are_bytes_by_four():
    assert token_counter("org/strong", remote=True)("abcde") == 2
    assert token_counter("pico", remote=True)("Who?") != 1


def test_prices_are_dollars_per_million():
    prices = Prices(prompt=2.0, cached=0.5, output=10.0)
    assert prices.of(1_000_000, 400_000, 100_000) == pytest.approx(0.6 * 2.0 + 0.4 * 0.5 + 0.1 * 10.0)
    assert Prices(prompt=2.0).of(1_000_000, 400_000, 0) == pytest.approx(2.0)
    assert not Prices().given
