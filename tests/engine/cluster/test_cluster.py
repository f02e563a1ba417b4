"""A local Ray: what its workers see of the environment and who can reach it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cluster.environment import forwarded, shipped

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[3]
PROBE = """
import json, os
import psutil
from engine.cluster.start import start_ray
from engine.config import EngineConfig
start_ray(EngineConfig(kind="fake"))
import ray

@ray.remote
class Actor:
    def environment(self):
        return dict(os.environ), ray.get_runtime_context().runtime_env.get("env_vars", {})

seen, shown = ray.get(Actor.remote().environment.remote())
processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
listening, environments = [], []
for process in processes:
    try:
        listening += [(process.name(), *c.laddr) for c in process.net_connections("inet") if c.status == "LISTEN"]
        if process.pid != os.getpid():
            environments += [name for name in process.environ()]
    except psutil.Error:
        continue
print(json.dumps({"seen": seen, "shown": shown, "listening": listening, "inherited": sorted(set(environments)), "own": os.environ["MY_SECRET"]}))
"""


@pytest.fixture(scope="module")
def local():
    environment = os.environ | {
        "MY_SECRET": "hush",
        "DATABASE_URL": "hush",
        "HF_TOKEN": "token",
        "AWS_SECRET_ACCESS_KEY": "key",
        "VLLM_LOGGING_LEVEL": "INFO",
    }
    environment.pop("RAY_ADDRESS", None)
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=200,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_workers_see_what_is_listed_and_no_other_variable(local):
    assert local["own"] == "hush"  # the driver keeps its own
    assert "hush" not in local["seen"].values()
    assert not {"MY_SECRET", "DATABASE_URL"} & set(local["inherited"])
    assert local["seen"]["HF_TOKEN"] == "token"
    assert local["seen"]["VLLM_LOGGING_LEVEL"] == "INFO"
    assert local["seen"]["PATH"] == os.environ["PATH"]


def test_secrets_stand_in_no_runtime_environment(local):
    assert local["seen"]["AWS_SECRET_ACCESS_KEY"] == "key"  # inherited
    assert local["shown"]
    assert not {"token", "key"} & set(local["shown"].values())


def test_a_cluster_gets_the_secrets_that_are_named_and_no_others(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "token")
    monkeypatch.setenv("WANDB_API_KEY", "key")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert "token" not in shipped(forwarded())["env_vars"].values()
    assert shipped(forwarded())["env_vars"]["AWS_PROFILE"] == "mine"
    monkeypatch.setenv("FORETHOUGHT_FORWARD", "HF_TOKEN, NOT_THERE")
    given = shipped(forwarded())["env_vars"]
    assert (given["HF_TOKEN"], "WANDB_API_KEY" in given) == ("token", False)


def test_nothing_of_a_local_ray_listens_beyond_this_machine(local):
    assert local["listening"]
    beyond = [socket for socket in local["listening"] if socket[1] not in ("127.0.0.1", "::1", "::ffff:127.0.0.1")]
    assert beyond == []
