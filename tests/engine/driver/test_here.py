"""Jobs at an address, in the driver's own process: resumed, killed, ended by a server that is gone; each request answered once."""

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import polars as pl
import pytest
from drivers import ROOT, start_driver
from fake_address import FakeAddress, error, serving, text_of, vanish

from engine.config import EngineConfig
from engine.driver.failures import EngineFailed
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.parts import read_parts
from engine.tasks.generate import GENERATIONS
from engine.worker import address_engine

pytestmark = pytest.mark.slow  # many jobs from their start to their end


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    for name, value in {"ROW_SECONDS": 1.0, "GONE_SECONDS": 1.5, "DELAYS": (0.02, 0.1)}.items():
        monkeypatch.setattr(address_engine, name, value)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def requests(count: int, samples: int = 1) -> pl.DataFrame:
    prompts = [f"prompt {number}" for number in range(count)]
    return pl.DataFrame({"request_id": [f"r{i}" for i in range(count)], "prompt": prompts, "n": [samples] * count})


def config(server: FakeAddress, **settings) -> EngineConfig:
    return EngineConfig(kind="openai", base_url=server.url, shard_rows=16, **settings)


def right(found: pl.DataFrame, count: int, samples: int = 1) -> bool:
    """Whether every request has its own answer, once for each sample."""
    wanted = {(f"r{i}", sample, text_of(f"prompt {i}")) for i in range(count) for sample in range(samples)}
    rows = found.select("request_id", "sample", "text").rows()
    return len(rows) == len(wanted) and set(rows) == wanted and not found["error"].drop_nulls().len()


def test_a_job_runs_without_ray(tmp_path: Path):
    with serving() as server:
        code = (
            "import sys, polars as pl\nfrom engine.config import EngineConfig\nfrom engine.pool import EnginePool\n"
            f"config = EngineConfig(kind='openai', base_url={server.url!r})\n"
            "rows = pl.DataFrame({'request_id': ['a'], 'prompt': ['p']})\n"
            f"with EnginePool('fake-teacher', config, quiet=True) as pool:\n    pool.generate(rows, {str(tmp_path)!r})\n"
            "print([name for name in ('ray', 'torch', 'vllm') if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_there_is_not_asked_again(tmp_path: Path):
    with serving() as server, EnginePool("fake-teacher", config(server), quiet=True) as pool:
        assert right(pool.generate(requests(40), tmp_path), 40)
        assert right(pool.generate(requests(60), tmp_path), 60)
        assert pool.last.rows == 20
        assert set(server.answered.values()) == {1}


def test_samples_have_seeds_of_their_own(tmp_path: Path):
    with serving() as server, EnginePool("fake-teacher", config(server), quiet=True) as pool:
        assert right(pool.generate(requests(5, samples=3), tmp_path), 5, samples=3)
        assert len({body["seed"] for body in server.bodies}) == 15


def test_reasoning_has_a_column_of_its_own(tmp_path: Path):
    def say(body):
        message = {"content": None if "1" in body["messages"][0]["content"] else "So.", "reasoning_content": "Hm."}
        return {"choices": [{"message": message, "finish_reason": "length"}]}

    asked = [f'[{{"role": "user", "content": "question {number}"}}]' for number in range(2)]
    with serving() as server, EnginePool("fake-teacher", config(server), quiet=True) as pool:
        server.say = say
        found = pool.generate(pl.DataFrame({"request_id": ["a", "b"], "messages": asked}), tmp_path).sort("request_id")
    assert found.select("text", "reasoning").rows() == [("So.", "Hm."), (None, "Hm.")]


def test_bad_rows_are_error_rows(tmp_path: Path):
    rows = pl.DataFrame({"request_id": list("abc"), "prompt": ["", "p", None], "messages": [None, None, "{"]})
    with serving() as server, EnginePool("fake-teacher", config(server), quiet=True) as pool:
        found = pool.generate(rows, tmp_path).sort("request_id")["error"].to_list()
    assert found[0] == "the prompt is empty"
    assert found[1] is None
    assert "the request cannot be read" in found[2]


def test_another_model_or_address_is_not_passed_for_the_first(tmp_path: Path):
    with serving(models=("one", "two")) as server:
        with EnginePool("one", config(server), quiet=True) as pool:
            pool.generate(requests(3), tmp_path)
        with (
            EnginePool("two", config(server), quiet=True) as pool,
            pytest.raises(UserError, match="holds results of one at"),
        ):
            pool.generate(requests(3), tmp_path)


def test_an_address_neither_scores_nor_serves_adapters(tmp_path: Path):
    items = pl.DataFrame({"item_id": ["a"], "stem": ["s"], "choices": [[" a", " b"]]})
    with serving() as server, EnginePool("fake-teacher", config(server), quiet=True) as pool:
        with pytest.raises(UserError, match="gives no log-likelihoods of texts: score with your own model"):
            pool.score(items, tmp_path / "scores")
        with pytest.raises(UserError, match="cannot serve the adapter"):
            pool.generate(requests(2).with_columns(adapter=pl.lit("a")), tmp_path / "out")
        assert not (tmp_path / "scores").exists()


def test_answers_are_kept_where_the_job_ends_and_the_next_call_goes_on(tmp_path: Path):
    with serving() as server:
        server.fault = lambda number, body: error(401, "expired") if number > 25 else None
        with EnginePool("fake-teacher", config(server), quiet=True) as pool:
            with pytest.raises(UserError, match="asks for a key"):
                pool.generate(requests(60), tmp_path)
            kept = read_parts(tmp_path, GENERATIONS).height
            server.fault = lambda number, body: None
            assert right(pool.generate(requests(60), tmp_path), 60)
        assert 20 <= kept <= 25
        assert sum(server.answered.values()) == 60 + 25 - kept


def test_half_of_the_samples_of_a_request_are_not_kept(tmp_path: Path):
    with serving() as server:
        server.fault = lambda number, body: error(402, "no money") if number > 30 else None
        with EnginePool("fake-teacher", config(server), quiet=True) as pool:
            with pytest.raises(UserError, match="see to the account"):
                pool.generate(requests(40, samples=4), tmp_path)
            counts = read_parts(tmp_path, GENERATIONS)["request_id"].value_counts()["count"]
            assert set(counts) <= {4}
            server.fault = lambda number, body: None
            assert right(pool.generate(requests(40, samples=4), tmp_path), 40, samples=4)


@pytest.mark.slow
def test_a_server_that_vanishes_ends_the_job_with_a_sentence(tmp_path: Path):
    with serving() as server:
        port = server.server_port

        def fault(number, body):
            if number == 50:
                threading.Thread(target=vanish, args=(server,), daemon=True).start()
            return (500, {"connection": "close"}, b"") if number >= 50 else None

        server.fault = fault
        with EnginePool("fake-teacher", config(server), quiet=True) as pool:
            with pytest.raises(
                EngineFailed, match=r"it has answered nothing for .*; what is finished is kept: run again"
            ):
                pool.generate(requests(200), tmp_path)
            assert read_parts(tmp_path, GENERATIONS).height >= 45
            with serving(port=port):
                assert right(pool.generate(requests(200), tmp_path), 200)


@pytest.mark.slow
def test_client_and_server_are_killed_at_random_and_each_request_has_one_answer(tmp_path: Path):
    """Both in processes of their own; the server comes back on its port, the client is started again."""
    count, rng = 400, random.Random(17)
    (tmp_path / "requests").mkdir()
    requests(count).write_parquet(tmp_path / "requests" / "rows.parquet")
    with serving() as free:
        port = free.server_port
    settings = EngineConfig(kind="openai", base_url=f"http://127.0.0.1:{port}/v1", shard_rows=16)

    def start_server() -> subprocess.Popen:
        made = subprocess.Popen([sys.executable, "tests/fake_address.py", str(port), "0.3"], cwd=ROOT)
        time.sleep(1.0)
        return made

    server, client, kills, until = (
        start_server(),
        start_driver(tmp_path, "fake-teacher", settings),
        0,
        time.monotonic() + 200,
    )
    try:
        while client.poll() is None or client.returncode != 0:
            assert time.monotonic() < until
            time.sleep(rng.uniform(0.5, 3.0))
            if client.poll() == 0:
                break
            if client.poll() is not None:
                client = start_driver(tmp_path, "fake-teacher", settings)
            elif kills < 8:
                kills += 1
                if rng.random() < 0.5:
                    server.kill()
                    server.wait()
                    server = start_server()
                else:
                    client.send_signal(signal.SIGKILL)
                    client.wait()
                    client = start_driver(tmp_path, "fake-teacher", settings)
    finally:
        for process in (server, client):
            process.kill()
            process.wait()
    assert kills >= 2
    assert right(read_parts(tmp_path / "out", GENERATIONS), count)
    assert "Traceback" not in (tmp_path / "driver.log").read_text()
