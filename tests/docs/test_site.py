"""The pages as a site: built without a warning, every page in its contents and found by its search."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_site_is_built_without_warnings_and_holds_every_page(tmp_path):
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-b",
        "html",
        "-W",
        "--keep-going",
        "-q",
        "-c",
        "docs",
        "-d",
        f"{tmp_path}/read",
        ".",
    ]
    done = subprocess.run([*command, f"{tmp_path}/site"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "engine/pico/README.md"]
    names = [str(page.relative_to(ROOT).with_suffix("")) for page in pages]
    contents, searched = [(tmp_path / "site" / name).read_text() for name in ("docs/index.html", "searchindex.js")]
    assert not [name for name in names if not (tmp_path / f"site/{name}.html").exists()]
    assert not [name for name in names if f'"{name}"' not in searched]
    assert contents.count('class="toctree-l1') >= len(names) - 1
