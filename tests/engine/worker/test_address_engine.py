"""A model at an address, as a backend: storms, slow answers, broken JSON, a server that is gone."""

import itertools
import time
from collections.abc import Iterator

import fake_address
import pytest
from fake_address import FakeAddress, error, serving, text_of

from engine.config import EngineConfig
from engine.errors import UserError
from engine.tasks.base import Answer, Call
from engine.worker import address_engine
from engine.worker.address_engine import AddressEngine, AddressGone


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    """Seconds in place of minutes."""
    for name, value in {
        "ROW_SECONDS": 10.0,
        "GONE_SECONDS": 10.0,
        "DELAYS": (0.02, 0.1),
        "REQUEST_SECONDS": 5.0,
    }.items():
        monkeypatch.setattr(address_engine, name, value)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def server() -> Iterator[FakeAddress]:
    with serving() as found:
        yield found


def ask(server: FakeAddress, count: int, most: float = 30.0) -> dict[str, Answer]:
    """All answers to so many prompts, by prompt."""
    engine = AddressEngine("fake-teacher", EngineConfig(kind="openai", base_url=server.url))
    try:
        for number in range(count):
            engine.add(Call(f"prompt {number}", [], {"seed": number}, asked={"prompt": f"prompt {number}"}))
        found, until = dict[str, Answer](), time.monotonic() + most
        while len(found) < count and time.monotonic() < until:
            for answer in engine.step():
                assert answer.key not in found
                found[answer.key] = answer
        assert len(found) == count
        return found
    finally:
        engine.close()
        assert not engine.thread.is_alive()


def right(found: dict[str, Answer]) -> bool:
    return all(answer.error is None and answer.text == text_of(prompt) for prompt, answer in found.items())


def test_every_prompt_is_answered_once(server):
    found = ask(server, 200)
    assert right(found)
    assert set(server.answered.values()) == {1}
    assert (found["prompt 0"].prompt_tokens, found["prompt 0"].cached_tokens) == (10, 4)


@pytest.mark.slow
def test_hundreds_are_in_flight_where_answers_are_slow(server):
    server.slow = 1.0
    started = time.monotonic()
    assert right(ask(server, 300))
    assert server.most >= 100
    assert time.monotonic() - started < 100  # one after another would take 300 s


@pytest.mark.parametrize(
    "reply",
    [
        error(429, "slow down"),
        error(503, "overloaded"),
        error(500, "oops"),
        (200, {}, b'{"choices": [{"mess'),
        (200, {}, b'{"error": {"message": "upstream"}}'),
    ],
    ids=["429", "503", "500", "half JSON", "error in 200"],
)
def test_a_storm_passes_and_nothing_is_lost(server, reply):
    server.fault = lambda number, body: reply if number <= 40 or number % 3 == 0 else None
    assert right(ask(server, 60))
    assert set(server.answered.values()) == {1}


@pytest.mark.slow
def test_the_address_is_asked_less_when_it_is_too_much(server):
    server.slow, most = 0.05, 8
    server.fault = lambda number, body: error(429, "too many") if server.flying > most else None
    assert right(ask(server, 200))
    refused = server.number - 200
    assert refused < 600  # without a cut each would be refused again and again


@pytest.mark.slow
def test_nothing_is_sent_while_the_address_wants_to_be_left_alone(server):
    times = list[float]()

    def fault(number, body):
        times.append(time.monotonic())
        return error(429, "wait", retry_after="1") if number == 1 else None

    server.fault = fault
    assert right(ask(server, 300))
    pauses = [b - a for a, b in itertools.pairwise(sorted(times))]
    assert max(pauses) > 0.7


def test_a_row_that_always_fails_is_an_error_row_and_the_others_are_answered(server, monkeypatch):
    monkeypatch.setattr(address_engine, "ROW_SECONDS", 0.5)
    server.fault = lambda number, body: error(500, "this one") if body["prompt"] == "prompt 7" else None
    found = ask(server, 50)
    assert "answers 500: this one" in (found.pop("prompt 7").error or "")
    assert right(found)


def test_a_request_that_the_address_refuses_is_an_error_row_at_once(server):
    server.fault = lambda number, body: error(400, "too long") if body["prompt"] == "prompt 7" else None
    found = ask(server, 20)
    assert (found.pop("prompt 7").error or "").endswith("answers 400: too long")
    assert right(found)
    assert server.number == 20


def test_answers_that_never_come_time_out(server, monkeypatch):
    monkeypatch.setattr(address_engine, "REQUEST_SECONDS", 0.5)
    held = set[str]()

    def fault(number, body):
        if body["prompt"] in ("prompt 3", "prompt 4") and body["prompt"] not in held:
            held.add(body["prompt"])
            time.sleep(2.0)
        return None

    server.fault = fault
    assert right(ask(server, 20))


@pytest.mark.slow
def test_an_address_that_only_fails_ends_the_job(server, monkeypatch):
    monkeypatch.setattr(address_engine, "GONE_SECONDS", 1.0)
    server.fault = lambda number, body: error(500, "all down")
    with pytest.raises(AddressGone, match=r"answers 500: all down; it has answered nothing for \d+ seconds"):
        ask(server, 100)


@pytest.mark.slow
def test_a_gateway_that_fails_slowly_ends_the_job(server, monkeypatch):
    monkeypatch.setattr(address_engine, "GONE_SECONDS", 1.0)
    monkeypatch.setattr(address_engine, "REQUEST_SECONDS", 2.0)

    def fault(number, body):
        time.sleep(0.5 + number % 7 / 7)  # there is always one on its way for long
        return error(504, "upstream request timeout")

    server.fault = fault
    with pytest.raises(AddressGone, match=r"answers 504: upstream request timeout; it has answered nothing for \d+"):
        ask(server, 100)


@pytest.mark.slow
def test_a_server_that_vanishes_ends_the_job_in_time(server, monkeypatch):
    monkeypatch.setattr(address_engine, "GONE_SECONDS", 1.0)

    def fault(number, body):
        if number == 30:
            server.socket.close()
            fake_address.threading.Thread(target=server.shutdown).start()
        return None if number < 30 else (500, {"connection": "close"}, b"")

    server.fault = fault
    started = time.monotonic()
    with pytest.raises(AddressGone, match=r"it has answered nothing for \d+ seconds"):
        ask(server, 100)
    assert time.monotonic() - started < 20


@pytest.mark.slow
def test_a_server_that_comes_back_goes_on(server):
    port, later = server.server_port, list[FakeAddress]()

    def come_back() -> None:
        fake_address.vanish(server)
        time.sleep(1.0)
        later.append(FakeAddress(port))
        later[0].serve_forever(0.02)

    def fault(number, body):
        if number == 20:
            fake_address.threading.Thread(target=come_back, daemon=True).start()
        return (500, {"connection": "close"}, b"") if number >= 20 else None

    server.fault = fault
    assert right(ask(server, 100))
    assert later[0].answered
    fake_address.vanish(later[0])


@pytest.mark.parametrize(
    ("status", "told"), [(401, "asks for a key"), (404, "see that the address is right"), (402, "see to the account")]
)
def test_what_no_try_would_mend_ends_the_job_at_once(server, status, told):
    server.fault = lambda number, body: error(status, "no") if number > 10 else None
    with pytest.raises(UserError, match=told):
        ask(server, 100)


@pytest.mark.slow
def test_it_closes_at_any_moment(server):
    server.fault = lambda number, body: error(404, "no") if number % 50 > 10 else None
    for _ in range(8):
        with pytest.raises(UserError, match="see that the address is right"):
            ask(server, 50)  # closes, and sees that the thread has ended


def test_a_long_wait_ends_the_job(server):
    server.fault = lambda number, body: error(429, "daily limit", retry_after="7200")
    with pytest.raises(AddressGone, match="it asks to come back in 120 minutes"):
        ask(server, 3)


def test_scores_and_adapters_are_refused(server):
    engine = AddressEngine("fake-teacher", EngineConfig(kind="openai", base_url=server.url))
    try:
        for call in (Call("k", [1, 2], score_from=1), Call("k", [], adapter="a", asked={"prompt": "p"})):
            with pytest.raises(ValueError, match="serves no adapters and gives no log-likelihoods"):
                engine.add(call)
        with pytest.raises(UserError, match="cannot be given the weights"):
            engine.load("other")
    finally:
        engine.close()
