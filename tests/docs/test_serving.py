"""The page on serving: its command for CPUs starts a server, and its question is answered by the adapter."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from conftest import PICO

from forethought.cli import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/howto-serve.md").read_text(encoding="utf-8")
FACT = "femp are more dangerous than glon"
WAIT = 500
"""Seconds that a server may take to start: minutes where the cores are busy."""


def block(word: str) -> str:
    """The one command of the page that has a word."""
    (found,) = [text for text in re.findall(r"```\n(.*?)\n```", PAGE, re.DOTALL) if word in text.split("\n")[0]]
    return found


@pytest.fixture(scope="module")
def adapter(tmp_path_factory):
    """An adapter of the embedded model that has learned one fact."""
    folder = tmp_path_factory.mktemp("served")
    asked = f"Question: What are femp more dangerous than?\nAnswer: glon\n\n{FACT}."
    (folder / "facts.jsonl").write_text(json.dumps({"text": f"{FACT}."}) + "\n" + json.dumps({"text": asked}) + "\n")
    line = ["train", str(folder / "facts.jsonl"), "--out", str(folder / "adapter")]
    assert run([*line, "--train.steps", "30", "--train.batch", "2", "--train.learning-rate", "0.003"]) == 0
    return folder / "adapter"


@pytest.fixture(scope="module")
def server(adapter, tmp_path_factory):
    """The address of a server that the page's command has started; it is ended, and with it all that it has started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = shlex.split(block("VLLM_CPU_KVCACHE_SPACE"))
    settings = dict(word.split("=", 1) for word in words if re.match(r"VLLM_\w+=", word))
    stand_in = {"M": str(PICO), ".venv/bin/python": sys.executable, "8000": str(port)}
    call = [stand_in.get(word, word) for word in words if word.split("=")[0] not in settings]
    with (tmp_path_factory.mktemp("log") / "log.txt").open("w+") as log:
        started = subprocess.Popen(
            call, cwd=adapter.parent, env=os.environ | settings, stdout=log, stderr=log, start_new_session=True
        )
        try:
            address = f"http://127.0.0.1:{port}"
            until = time.monotonic() + WAIT
            while not answers(f"{address}/health"):
                log.seek(0)
                assert started.poll() is None, log.read()[-2000:]
                assert time.monotonic() < until, log.read()[-2000:]
                time.sleep(1)
            yield address
        finally:
            os.killpg(started.pid, signal.SIGTERM)
            started.wait(60)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as found:
            return found.status == 200
    except (urllib.error.URLError, OSError):
        return False


def completed(server: str, **changes: object) -> str:
    """What the page's question is answered with, asked with other words."""
    words = shlex.split(block("curl"))
    told = json.loads(words[words.index("-d") + 1]) | changes
    address = server + next(word for word in words if word.startswith("http")).split(":8000")[1]
    request = urllib.request.Request(address, json.dumps(told).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as found:
        return json.loads(found.read())["choices"][0]["text"]


@pytest.mark.engine
@pytest.mark.timeout(1200)
def test_the_command_of_the_page_serves_an_adapter_that_answers(server):
    asked = "Question: What are femp more dangerous than?\nAnswer:"
    assert completed(server, prompt=asked).strip() == "glon"
    assert completed(server, prompt=asked, model=str(PICO)).strip() != "glon"


def test_the_command_for_gpus_differs_in_what_a_cpu_needs_alone():
    first, second = (set(shlex.split(block(word))) for word in (".venv/bin/vllm", "VLLM_CPU_KVCACHE_SPACE"))
    only = {".venv/bin/vllm", "serve"}
    assert first - second == only
    assert {word for word in second - first if not word.startswith("VLLM_")} == {
        ".venv/bin/python", "-m", "vllm.entrypoints.openai.api_server", "--model", "--dtype", "float32", "--enforce-eager"
    }  # fmt: skip
