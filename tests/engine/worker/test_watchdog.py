"""What an actor has started ends with it, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ACTOR = """
import multiprocessing, time
from engine.worker.watchdog import end_children_with_me
if __name__ == "__main__":
    end_children_with_me()
    core = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(1000,))
    core.start()
    print(core.pid, flush=True)
    time.sleep(1000)
"""


VLLM = """
from engine.config import EngineConfig
from engine.tasks.base import Call
from engine.worker.vllm_engine import VllmEngine
import time
if __name__ == "__main__":
    engine = VllmEngine("pico", EngineConfig(kv_cache_gib=1, vllm={"max_num_seqs": 4, "max_model_len": 256}))
    engine.add(Call("a", engine.tokenizer.encode("femp are"), {"max_tokens": 3, "ignore_eos": True}))
    while not (done := engine.step()):
        pass
    print(done[0].output_tokens, flush=True)
    time.sleep(1000)
"""


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def killed(folder: Path, code: str, **environment: str) -> tuple[str, list[psutil.Process]]:
    """What an actor prints before it is killed, and the processes below it, some seconds later."""
    (folder / "actor.py").write_text(code)
    variables = os.environ | {"PYTHONPATH": os.getcwd()} | environment
    actor = subprocess.Popen(
        [sys.executable, str(folder / "actor.py")], stdout=subprocess.PIPE, text=True, env=variables
    )
    told = actor.stdout.readline()
    children = psutil.Process(actor.pid).children(recursive=True)
    actor.send_signal(signal.SIGKILL)
    actor.wait()
    deadline = time.monotonic() + 30
    while any(map(lives, children)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return told, children


def test_a_killed_actor_leaves_no_core_behind(tmp_path):
    told, children = killed(tmp_path, ACTOR)
    assert int(told) in [child.pid for child in children]
    assert not [child for child in children if lives(child)]


@pytest.mark.engine
@pytest.mark.timeout(600)
def test_a_killed_actor_leaves_nothing_of_vllm_behind(tmp_path):
    """The engine core in a process of its own, as on a GPU."""
    told, children = killed(tmp_path, VLLM, VLLM_ENABLE_V1_MULTIPROCESSING="1", VLLM_CONFIGURE_LOGGING="0")
    assert told == "3\n"  # it has worked
    assert len(children) >= 2  # the core, and what watches
    assert not [child for child in children if lives(child)]
