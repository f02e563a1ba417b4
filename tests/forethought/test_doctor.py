"""`forethought doctor`: real runs, and environments, folders and servers that are made broken."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from engine.config import PICO
from forethought.cli import run
from forethought.doctor.cluster import ray_address
from forethought.doctor.finding import GIB
from forethought.doctor.machine import Gpu, gpus
from forethought.doctor.model_files import model_access, weights
from forethought.doctor.packages import package
from forethought.doctor.storage import LOCAL, file_system, shared_memory, storage

ROOT = Path(__file__).resolve().parents[2]


def program(tmp_path: Path, *options: str, **environment: str) -> tuple[int, dict[str, dict]]:
    """A run of its own: its exit status, and its findings by check."""
    file = tmp_path / "findings.json"
    command = [sys.executable, "-m", "forethought", "doctor", "--out", str(tmp_path), "--json", str(file), *options]
    given = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"} | environment
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, env=given)
    assert done.stderr == ""
    found = {one["check"]: one for one in json.loads(file.read_text())}
    for one in found.values():
        assert one["found"] in done.stdout
        assert one["remedy"] in done.stdout
        assert bool(one["remedy"]) == (one["status"] != "ok")
    return done.returncode, found


def test_this_machine_will_do(tmp_path):
    status, found = program(tmp_path)
    assert status == 0
    assert {"cores", "memory", "python", "bytecode", "torch", "gpu", "shared mem", "out", "disk"} <= set(found)
    for name in ("ray", "trl", "peft", "transformers", "polars", "packages", "model", "ray cluster", "out"):
        assert found[name]["status"] == "ok", found[name]
    assert found["trl"]["found"].startswith(version("trl"))
    assert [p.name for p in tmp_path.iterdir()] == ["findings.json"]


def test_a_package_out_of_range_and_a_broken_model_end_with_status_1(tmp_path):
    for name, number in (("polars", "0.1"), ("tyro", "0.1")):
        (tmp_path / f"path/{name}-{number}.dist-info").mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n"
        (tmp_path / f"path/{name}-{number}.dist-info/METADATA").write_text(text)
    environment = {"PYTHONPATH": f"{tmp_path / 'path'}:{os.environ.get('PYTHONPATH', '')}"}
    status, found = program(tmp_path, "--model", str(tmp_path), **environment)
    assert status == 1
    assert found["polars"] == {
        "check": "polars",
        "status": "fail",
        "found": "0.1 (needs >=1.30)",
        "remedy": "Run make again, or pip install 'polars>=1.30'.",
    }
    assert found["tyro"]["status"] == "fail"  # one of those that share a line while all is well
    assert "it has no config.json; it has no tokenizer; it has no .safetensors" in found["model"]["found"]


def test_a_package_that_is_missing():
    assert package(Requirement("no-such-package>=1")).found == "not installed (needs >=1)"
    assert package(Requirement("no-such-package")).status == "fail"


@pytest.mark.slow
def test_a_card_with_the_build_for_cores(tmp_path):
    """An nvidia-smi that names a card, on a machine whose PyTorch has none."""
    path = tmp_path / "bin/nvidia-smi"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\necho 'NVIDIA Card, Big, 81559, 1000, 570.1'\n")
    path.chmod(0o755)
    status, found = program(
        tmp_path, PATH=f"{path.parent}:{os.environ['PATH']}", CUDA_VISIBLE_DEVICES="", VLLM_TARGET_DEVICE="cpu"
    )
    assert status == 1
    assert found["gpu"]["found"] == "NVIDIA Card, Big, 1 of 80 GiB free; driver 570.1"
    assert found["gpu"]["status"] == "warn"
    assert found["torch.cuda"]["status"] == "fail"


def test_a_driver_that_does_not_answer(tmp_path, monkeypatch):
    path = tmp_path / "nvidia-smi"
    path.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed' >&2\nexit 9\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus() == ([], "NVIDIA-SMI has failed")
    path.unlink()
    assert gpus() == ([], "")


@pytest.fixture
def model(tmp_path) -> Path:
    return shutil.copytree(PICO, tmp_path / "model", ignore=shutil.ignore_patterns("__pycache__"))


def test_the_weights_of_a_whole_model_are_counted(model):
    (found,) = model_access(str(model), [])
    assert (found.status, found.found) == ("ok", f"{model}: 6 million weights")
    (model / "more.safetensors").write_bytes((model / "model.safetensors").read_bytes())
    assert weights(model) == 2 * weights(PICO)


def test_broken_models_are_told_apart(model):
    file = model / "model.safetensors"
    whole = file.read_bytes()
    for content, fault in (
        (whole[:-1], f"model.safetensors is cut off ({len(whole) - 1:,} of {len(whole):,} bytes)"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a git-lfs pointer and not the weights"),
        (b"", "model.safetensors is no safetensors file"),
    ):
        file.write_bytes(content)
        (found,) = model_access(str(model), [])
        assert found.status == "fail"
        assert fault in found.found
    file.write_bytes(whole)
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    (model / "config.json").write_text("{")
    (found,) = model_access(str(model), [])
    assert "its config.json is no JSON; model-2.safetensors is missing" in found.found


def test_a_model_that_does_not_fit(model):
    """A trillion weights, in a file that takes no room on the disk."""
    tensor = {"a": {"dtype": "BF16", "shape": [1_000_000, 1_000_000], "data_offsets": [0, 2 * 10**12]}}
    header = json.dumps(tensor).encode()
    with (model / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(file.tell() + 2 * 10**12)
    whole, size = model_access(str(model), [])
    assert whole.found == f"{model}: 1,000,000 million weights"
    assert (size.check, size.status) == ("model size", "fail")
    assert size.found.startswith("an engine needs at least 3727.3 GiB and there are ")
    card = Gpu("card", 80.0, 80.0, "570")
    assert [f.status for f in model_access(str(model), [card])] == ["ok", "fail"]
    assert [f.status for f in model_access(str(model), [card, card])] == ["ok", "warn"]


def test_a_name_that_is_neither_folder_nor_hub_name():
    for name in ("./nowhere", "nowhere", "a/b/c"):
        (found,) = model_access(name, [])
        assert found.status == "fail"
        assert found.remedy.startswith("Give pico, a folder")


class Hub(BaseHTTPRequestHandler):
    """A hub with one open and one gated model."""

    def do_HEAD(self):
        known = {
            "/org/open/resolve/main/config.json": (200, ""),
            "/org/gated/resolve/main/config.json": (403, "GatedRepo"),
        }
        status, code = known.get(self.path, (404, "RepoNotFound"))
        self.send_response(status)
        self.send_header("ETag", '"1"')
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_hub_models(tmp_path, hub):
    asked = {
        "org/open": ("ok", "is on the hub and is downloaded when"),
        "org/gated": ("fail", "is gated"),
        "org/absent": ("fail", "is not on the hub"),
    }
    online = {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": hub, "HF_HOME": str(tmp_path / "home"), "NO_PROXY": "127.0.0.1"}
    for name, (expected, words) in asked.items():
        status, found = program(tmp_path, "--model", name, **online)
        assert (status, found["model"]["status"]) == (int(expected == "fail"), expected)
        assert words in found["model"]["found"]
    offline = online | {"HF_HUB_OFFLINE": "1"}
    status, found = program(tmp_path, "--model", "org/open", **offline)
    assert status == 1
    assert "(it is not there), and HF_HUB_OFFLINE is set" in found["model"]["found"]
    folder = tmp_path / "home/hub/models--org--open"
    shutil.copytree(PICO, folder / "snapshots/abc")
    (folder / "refs").mkdir()
    (folder / "refs/main").write_text("abc")
    status, found = program(tmp_path, "--model", "org/open", **offline)
    assert (status, found["model"]["found"]) == (0, "org/open: 6 million weights, in the hub cache")
    (folder / "snapshots/abc/model.safetensors").unlink()
    status, found = program(tmp_path, "--model", "org/open", **offline)
    assert status == 1
    assert "it has no .safetensors file" in found["model"]["found"]


def test_folders_of_results(tmp_path):
    assert next(storage(tmp_path / "a/b", None)).status == "ok"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("x")
    assert next(storage(tmp_path / "file/runs", None)).found == f"{tmp_path / 'file'} is a file"
    refused = next(storage(Path("/proc/runs"), None))
    assert refused.status == "fail"
    assert refused.found.startswith("/proc/runs cannot be written: ")
    assert file_system(Path("/proc")) == "proc"


def test_a_folder_of_this_machine_alone_beside_a_cluster(tmp_path):
    found = next(storage(tmp_path, "ray://head:10001"))
    lone = file_system(tmp_path) in LOCAL
    assert found.status == ("warn" if lone else "ok")
    assert ("other nodes do not see a folder on" in found.remedy) == lone


def test_shared_memory(tmp_path):
    assert shared_memory(tmp_path / "none").status == "warn"
    free = shutil.disk_usage(tmp_path).free
    assert shared_memory(tmp_path).status == ("ok" if free > GIB else "warn")


def test_ray_addresses(tmp_path, monkeypatch):
    assert ray_address(None).status == ray_address("local").status == "ok"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ray_address(f"ray://127.0.0.1:{port}").status == "ok"
        monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
        assert ray_address("auto").found == "RAY_ADDRESS=auto, but no Ray runs here"
        (tmp_path / "ray").mkdir()
        (tmp_path / "ray/ray_current_cluster").write_text(f"127.0.0.1:{port}\n")
        assert ray_address("auto").status == "ok"
    assert ray_address(f"127.0.0.1:{port}").status == "fail"
    assert ray_address("k8s://here").status == "warn"


def test_the_verb_prints_remedies_and_counts(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert run(["doctor", "--model", "./nowhere", "--out", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "fail  model         there is no model './nowhere'\n" in told
    assert "-> Give pico, a folder with config.json" in told
    assert told.endswith("1 that will not do\n")
