"""Addresses: how they are written, the key that stands nowhere, the model that is served."""

import fake_address
import pytest

from engine import address
from engine.address import checked_address, is_address, served, without_key
from engine.errors import UserError


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"),
        (" HTTPS://host.example/v1", "https://host.example/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_an_address_is_written_in_one_way(written: str, found: str):
    assert checked_address(written) == found
    assert is_address(written.strip())


@pytest.mark.parametrize("written", ["", "ftp://host/v1", "http://", "http://host:port/v1", "pico", None])
def test_what_is_no_address_is_told(written):
    with pytest.raises(UserError, match="write http://HOST:PORT/v1"):
        checked_address(written)


@pytest.mark.parametrize(
    "written", ["http://ann:s3cret@host/v1", "https://host/v1?key=s3cret", "https://host/v1#s3cret"]
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(written: str):
    with pytest.raises(UserError, match="OPENAI_API_KEY") as told:
        checked_address(written)
    assert "s3cret" not in str(told.value)


def test_the_only_model_is_found(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with fake_address.serving(owner="vLLM") as server:
        assert served(server.url) == ("fake-teacher", "vllm")
        server.models = ("one", "two")
        assert served(server.url, "two").name == "two"
        with pytest.raises(UserError, match="serves 2 models: set --teacher-model to one of one, two"):
            served(server.url)
        with pytest.raises(UserError, match="has no model 'three'"):
            served(server.url, "three")


def test_a_key_is_asked_for_or_refused_without_being_told(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with fake_address.serving() as server:
        server.key = "right-key"
        with pytest.raises(UserError, match="asks for a key: put it into the environment variable OPENAI_API_KEY"):
            served(server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "wrong-key")
        with pytest.raises(UserError, match="refuses the key") as told:
            served(server.url)
        assert "wrong-key" not in str(told.value)
        assert without_key("Incorrect API key provided: wrong-key.") == "Incorrect API key provided: ***."
        monkeypatch.setenv("OPENAI_API_KEY", "right-key")
        assert served(server.url).name == "fake-teacher"


def test_nobody_at_an_address_is_told(monkeypatch):
    monkeypatch.setattr(address, "DEAF_SECONDS", 0.2)
    with fake_address.serving() as server:
        url = server.url
    with pytest.raises(UserError, match=r"cannot be reached .* start the server or correct the address"):
        served(url)
