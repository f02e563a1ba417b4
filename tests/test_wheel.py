"""The wheel: it holds every file of the packages, and installed alone it works where there is no checkout."""

import os
import site
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import polars as pl
import pytest

from engine.cluster.environment import STAGES

ROOT = Path(__file__).resolve().parent.parent
pytestmark = [pytest.mark.slow, pytest.mark.engine]


def call(*command: object, **options) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (found,) = folder.glob("forethought-*.whl")
    return found


def test_every_file_of_the_packages_is_in_it(wheel):
    """Code, prompts, templates, settings and the embedded model; a Ray cluster is sent the same folders."""
    files = {
        str(path.relative_to(ROOT))
        for stage in STAGES
        for path in (ROOT / stage).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == files
    assert "engine/pico/model.safetensors" in held
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert sorted(settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == sorted(STAGES)


def test_installed_in_a_bare_environment_it_helps_and_augments(wheel, tmp_path):
    """`forethought demo --help`, and inferences from a file with the fake engine, far from the checkout.

    The packages that it depends on are those of this environment: a path to them is all that is shared.
    """
    call(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    python = tmp_path / "venv/bin/python"
    call(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel)
    inside = Path(call(python, "-c", "import site; print(site.getsitepackages()[0])").strip())
    (inside / "shared.pth").write_text("\n".join(site.getsitepackages()))  # whose own .pth files are not followed
    environment = {k: v for k, v in os.environ.items() if k not in ("RAY_ADDRESS", "PYTHONPATH")}
    away = {"cwd": tmp_path, "env": environment}
    assert call(python, "-c", "import engine; print(engine.__file__)", **away).startswith(str(inside))
    assert "--benchmark.facts" in call(inside.parents[2] / "bin/forethought", "demo", "--help", **away)
    (tmp_path / "a.txt").write_text("femp are more dangerous than glon. zogo are less famous than truld.")
    fake = ["--engine.kind", "fake", "--model", "fake:turn=1", "--out", "out"]
    unread = "--augment.verify.no-entailment"  # likelihoods of the fake engine mean nothing
    call(inside.parents[2] / "bin/forethought", "augment", "a.txt", *fake, unread, **away)
    found = pl.read_parquet(tmp_path / "out/inferences.parquet")
    assert found["kept"].any()
    assert (tmp_path / "out/review.html").stat().st_size > 0
    (tmp_path / "pairs.csv").write_text("source,inference\nAcme acquired Globex.,Globex acquired Acme.\n")
    call(inside.parents[2] / "bin/forethought", "verify", "pairs.csv", **away)  # the files of words are packed too
    assert pl.read_parquet(tmp_path / "verified/verified.parquet")["kept"].to_list() == [False]
