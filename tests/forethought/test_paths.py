"""Paths that cannot be used are answered by a sentence; odd ones that can are used."""

import os

import polars as pl
import pytest

from forethought.cli import run

AUGMENT = ["--engine.kind", "fake", "--model", "fake:turn=1"]


@pytest.fixture
def text(tmp_path):
    (tmp_path / "a.txt").write_text("femp are more dangerous than glon.")
    return tmp_path / "a.txt"


@pytest.mark.parametrize("out", ["a.txt", "a.txt/below", "x" * 256, "/sys/nowhere", "caf\udcff"])
@pytest.mark.parametrize("verb", ["augment", "train", "score", "eval", "export"])
def test_an_output_that_cannot_be_written_is_a_sentence(verb, out, text, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.jsonl").write_text('{"text": "x", "item_id": "a", "stem": "So:", "choices": [" a"]}\n')
    named = {"augment": ["a.txt", *AUGMENT], "train": ["t.jsonl"], "score": ["t.jsonl", "--engine.kind", "fake"]}
    small = ["--benchmark.facts", "2", "--benchmark.articles", "1"]
    named |= {"eval": [*small, "--seeds", "0", "--engine.kind", "fake"], "export": small}
    assert run([verb, *named[verb], "--out", out]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[-1].startswith("error: ")
    assert "Traceback" not in "".join(told)


@pytest.mark.engine
def test_brackets_in_a_path_are_no_pattern(text, tmp_path):
    folder = tmp_path / "runs [1]*"
    folder.mkdir()
    (folder / "b[2].txt").write_text(text.read_text())
    assert run(["augment", str(folder / "b[2].txt"), "--out", str(folder / "out"), *AUGMENT]) == 0
    assert pl.read_parquet(folder / "out/inferences.parquet", glob=False)["kept"].any()


def test_a_folder_that_cannot_be_listed_is_named(text, tmp_path, monkeypatch, capsys):
    (tmp_path / "shut").mkdir()
    scandir = os.scandir

    def refused(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert run(["augment", str(tmp_path), "--dry-run"]) == 3
    assert "skipped shut: the folder cannot be read: Permission denied" in capsys.readouterr().err


def test_a_long_folder_for_temporary_files_leaves_room_for_sockets(tmp_path, monkeypatch):
    from engine.cluster import start

    monkeypatch.setattr(start.tempfile, "gettempdir", lambda: "/scratch/" + "x" * 60)
    assert start.short_folder() == f"/tmp/ray-{os.getuid()}"
    monkeypatch.setattr(start.tempfile, "gettempdir", lambda: "/tmp")
    assert start.short_folder() is None
