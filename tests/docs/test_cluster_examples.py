"""What lies in examples/cluster: it loads, it holds what its readers need, and its commands are ours."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from engine.driver.metrics import exported
from forethought.settings import parse
from forethought.verbs.run import Job

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples/cluster"


def commands(text: str) -> list[list[str]]:
    """The `forethought run` commands of a script or page, with the shell's variables as words."""
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    found = [
        re.search(r"(?:forethought|eval) (run \S+ --address .*)", line) for line in lines if not line.startswith("#")
    ]
    told = [re.split(r" \|\| | # ", match[1])[0] for match in found if match]
    return [shlex.split(line.replace("$SHARED", "/shared")) for line in told]


@pytest.mark.parametrize("name", ["rayjob.yaml", "slurm.sh", "sky.yaml", "README.md"])
def test_commands_are_understood(name):
    found = commands((FOLDER / name).read_text())
    assert found
    for command in found:
        config, *options = command[1:]
        own = ROOT / "examples" / Path(config).name  # what is on the shared folder was copied from here
        job = parse(Job, [str(own), *options], "run")
        assert job.engine.address
        assert job.out == Path("/shared/runs")
        assert Path(config).is_absolute()


def test_ray_job():
    job = yaml.safe_load((FOLDER / "rayjob.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = job["spec"]["rayClusterSpec"]
    assert job["spec"]["shutdownAfterJobFinishes"]
    groups = cluster["workerGroupSpecs"]
    assert all({"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams"} <= set(g) for g in groups)
    engines = parse(Job, shlex.split(job["spec"]["entrypoint"])[3:], "run").engine.replicas
    assert engines == sum(g["replicas"] for g in groups)
    for group in [cluster["headGroupSpec"], *groups]:
        pod = group["template"]["spec"]
        (container,) = pod["containers"]
        assert {"name", "image", "resources"} <= set(container)
        mounts, volumes = container["volumeMounts"], pod["volumes"]
        assert [(m["name"], m["mountPath"]) for m in mounts] == [(v["name"], "/shared") for v in volumes]
        assert {"name": "metrics", "containerPort": 8080} in container["ports"]
    constraint = re.search(r"^ray==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert constraint
    assert cluster["rayVersion"] == constraint[1]


def test_slurm_and_sky_scripts_are_shell():
    sky = yaml.safe_load((FOLDER / "sky.yaml").read_text())
    assert {"num_nodes", "resources", "setup", "run"} <= set(sky)
    assert sky["num_nodes"] == 3
    for script in ((FOLDER / "slurm.sh").read_text(), sky["setup"], sky["run"]):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        assert "RAY_AUTH_MODE=token" in script or script == sky["setup"]


def test_the_dashboard_asks_for_exactly_what_is_exported():
    board = json.loads((FOLDER / "grafana.json").read_text())
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert set(re.findall(r"ray_\w+", " ".join(queries))) == exported()
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in board["panels"])
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
