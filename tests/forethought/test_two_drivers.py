"""A second job in the folder of one that works is refused before it writes anything, and the first ends as if alone."""

import pytest

from engine.store.owner import owned
from forethought.cli import run

FAKE = ["--model", "pico", "--engine.kind", "fake"]


@pytest.mark.engine
@pytest.mark.parametrize(
    ("line", "folder"),
    [
        ("augment docs --out made", "made"),
        (
            "run --benchmark reversals --benchmark.facts 2 --benchmark.articles 1 --seeds 0 --arms pretrained --out runs --name made",
            "runs/made",
        ),
        (
            "eval --benchmark reversals --benchmark.facts 2 --benchmark.articles 1 --seeds 0 --out runs --name made",
            "runs/made",
        ),
    ],
)
def test_a_folder_in_use_is_refused_and_untouched(line, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("Zogo founded the mill of Brunt. It has nine rooms.\n")
    out = tmp_path / folder
    with owned(out):
        assert run([*line.split(), *FAKE]) == 2
        assert f"{out} is in use by process" in capsys.readouterr().err
        assert [path.name for path in out.iterdir()] == ["_owner"]
    assert run([*line.split(), *FAKE]) in (0, 3)
    assert not (out / "_owner").exists()
