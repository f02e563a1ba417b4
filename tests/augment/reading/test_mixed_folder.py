"""A folder of mixed files: the good ones are read, each bad one is named."""

import polars as pl
import pytest

from augment.reading.corpus import read_corpus
from augment.text.sentences import split_sentences
from forethought.cli import run

BIG = "".join(f"Fact {n} is that word{n} follows word{n + 1}, e.g. in vol. 3. It was so! " for n in range(75_000))


@pytest.fixture
def folder(tmp_path):
    """Good and bad files as they lie about."""
    root = tmp_path / "documents"
    (root / "deep" / ".git").mkdir(parents=True)
    (root / "deep" / ".git" / "config.txt").write_text("hidden")
    (root / "a.md").write_text("---\ntitle: Mars\n---\n# Mars\n\nMars is red. It has two moons.\n")
    (root / "b.html").write_text("<html><body><nav>Home</nav><p>Venus is hot.</p></body></html>")
    (root / "c.csv").write_text('text,n\n"Saturn\nhas rings.",1\n')
    (root / "d.jsonl").write_text('{"text": "Neptune is far."}\n{"text": \n{"text": "Uranus is cold."}\n')
    (root / "deep" / "big.txt").write_text(BIG[:5_000_000])
    (root / "e.txt").write_text("")
    (root / "f.txt").write_bytes("Merkur ist klein.".encode("utf-16"))
    (root / "g.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (root / "h.txt").write_bytes(b"some\0bytes")
    (root / "i.md").write_text("# Only\n\n## Headings\n")
    (root / "j.csv").write_text("name,n\nx,1\n")
    (root / "k [old].doc").write_bytes(b"PK\x03\x04")
    return root


BAD = {
    "k [old].doc": "a kind of file that is not read",
    "d.jsonl#2": "invalid JSON (Expecting value, column 10)",
    "e.txt": "empty text",
    "g.txt": "binary (a PNG image)",
    "h.txt": "binary (NUL bytes), or UTF-16 without a byte order mark",
    "j.csv": "has no column text, prompt + completion, content or document: set the text column to one of its "
    "columns: name, n",
}


@pytest.mark.slow
def test_a_folder_of_mixed_files_is_read_and_each_bad_one_is_named(folder):
    corpus = read_corpus([folder])
    assert dict(corpus.skipped) == BAD
    found = dict(corpus.documents.select("source", "text").rows())
    big = found.pop("deep/big.txt")
    assert big == BIG[:5_000_000].strip("\n")
    assert len(split_sentences(big)) > 130_000
    assert found == {
        "a.md": "# Mars\n\nMars is red. It has two moons.",
        "b.html": "Venus is hot.",
        "c.csv#1": "Saturn\nhas rings.",
        "d.jsonl#1": "Neptune is far.",
        "d.jsonl#3": "Uranus is cold.",
        "f.txt": "Merkur ist klein.",
        "i.md": "# Only\n\n## Headings",
    }


@pytest.mark.engine
def test_the_command_does_the_good_ones_names_the_bad_ones_and_ends_with_3(folder, tmp_path, capsys):
    (folder / "deep" / "big.txt").unlink()
    out = tmp_path / "out"
    line = ["augment", str(folder), "--out", str(out), "--model", "fake", "--engine.kind", "fake"]
    assert run(line) == 3
    told = capsys.readouterr().err
    silent = "no sentence to ask about, only headings, tables or code; it stays among the examples"
    bad = BAD | {"i.md": silent}
    assert dict(pl.read_parquet(out / "skipped.parquet").rows()) == bad
    for source, reason in bad.items():
        assert f"skipped {source}: {reason}\n" in told
    asked = set(pl.read_parquet(out / "requests.parquet")["source_text"])
    assert {"Mars is red.", "Venus is hot.", "Saturn has rings.", "Uranus is cold.", "Merkur ist klein."} <= asked
    assert (out / "examples.jsonl").exists()


def test_exit_status_of_dry_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("Mars is red.")
    assert run(["augment", "a.txt", "--dry-run"]) == 0
    assert run(["augment", "a.txt", ".", "--dry-run"]) == 0  # read twice, but nothing is left out
    (tmp_path / "b.md").write_text("# Heading\n")
    assert run(["augment", ".", "--dry-run"]) == 3
    assert "skipped b.md: no sentence" in capsys.readouterr().err
