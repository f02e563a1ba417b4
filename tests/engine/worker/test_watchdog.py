"""What an actor has started ends with it, however it ends."""

import os
import signal
import subprocess
import sys
import time

import psutil

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


def test_a_killed_actor_leaves_no_core_behind(tmp_path):
    (tmp_path / "actor.py").write_text(ACTOR)
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    actor = subprocess.Popen(
        [sys.executable, str(tmp_path / "actor.py")], stdout=subprocess.PIPE, text=True, env=environment
    )
    core = psutil.Process(int(actor.stdout.readline()))
    children = psutil.Process(actor.pid).children()
    assert core.is_running()
    actor.send_signal(signal.SIGKILL)
    actor.wait()
    deadline = time.monotonic() + 30
    while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in children) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not [p for p in children if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
