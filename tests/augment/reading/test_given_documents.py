"""Documents at URLs, and data sets by name."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from office_files import write_pdf

from augment.reading.corpus import read_corpus
from augment.reading.given import HUB
from engine.errors import UserError
from engine.store.places import write_whole


def put_documents(url, folder):
    write_pdf(folder / "annals.pdf")
    write_whole(f"{url}/deep/annals.pdf", (folder / "annals.pdf").read_bytes())
    write_whole(f"{url}/a.md", b"# Mars\n\nMars is red.\n")
    write_whole(f"{url}/b.jsonl", b'{"text": "Venus is hot.", "n": 1}\n')
    write_whole(f"{url}/c.bin", b"\0" * 100)
    write_whole(f"{url}/.hidden.md", b"Hidden.")


@pytest.mark.parametrize("place", ["bucket", "memory"])
def test_a_folder_at_a_url_is_read_as_a_local_one_is(place, request, tmp_path):
    url = f"{request.getfixturevalue(place)}/docs"
    put_documents(url, tmp_path)
    corpus = read_corpus([url])
    assert corpus.documents["source"].to_list() == ["a.md", "b.jsonl#1", "deep/annals.pdf"]
    assert corpus.skipped == [("c.bin", "a kind of file that is not read")]
    assert read_corpus([Path(url)]).documents.equals(corpus.documents)  # a Path halves the slashes
    assert read_corpus([f"{url}/a.md", f"{url}/b.jsonl"]).documents["source"].to_list() == ["a.md", "b.jsonl#1"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("s3://bucket/nothing", "There is no file or folder s3://bucket/nothing: check the path"),
        ("s3://bucket/kind/a.bin", "s3://bucket/kind/a.bin has an unsupported format: give .jsonl"),
        ("s3://bucket/kind", "The folder s3://bucket/kind has no file to read"),
        ("gs://bucket/x", r"gs://bucket/x cannot be used: .*gcsfs"),
        ("nothing://x", "nothing://x cannot be used"),
    ],
)
def test_what_cannot_be_had_is_one_sentence_with_the_url(path, told, bucket):
    write_whole(f"{bucket}/kind/a.bin", b"\0")
    with pytest.raises(UserError, match=told):
        read_corpus([path])


@pytest.fixture
def data_set(tmp_path, monkeypatch):
    """A folder as the hub has data sets: two configs, of which one has two splits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    root = tmp_path / "planets"
    (root / "moons").mkdir(parents=True)
    pl.DataFrame({"text": ["Mars is red.", "Venus is hot."], "n": [1, 2]}).write_parquet(root / "train.parquet")
    pl.DataFrame({"text": ["Saturn has rings."], "n": [3]}).write_parquet(root / "test.parquet")
    pl.DataFrame({"text": ["Io is small."], "n": [4]}).write_parquet(root / "moons" / "only.parquet")
    (root / "README.md").write_text(
        "---\nconfigs:\n- config_name: planets\n  default: true\n  data_files:\n  - {split: train, path: train.parquet}\n"
        "  - {split: test, path: test.parquet}\n- config_name: moons\n  data_files:\n  - {split: validation, path: moons/*.parquet}\n---\n"
    )
    return "planets"


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("hf:planets", ["Mars is red.", "Venus is hot."]),
        ("hf:planets:test", ["Saturn has rings."]),
        ("hf:planets:train[1:]", ["Venus is hot."]),
        ("hf:planets@moons", ["Io is small."]),
        ("hf:planets@moons:validation", ["Io is small."]),
    ],
)
def test_a_data_set_is_read_by_its_name(name, texts, data_set):
    corpus = read_corpus([name])
    assert corpus.documents["text"].to_list() == texts
    assert corpus.documents["source"][0] == f"{name}#1"
    assert corpus.documents["meta"][0].startswith('{"n": ')


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("hf:planets:none", r"hf:planets:none cannot be read \(.*none.*\): check its name, config and split"),
        ("hf:planets@none", r"hf:planets@none cannot be read \(.*moons.*\): check"),
        ("hf:", "hf: does not name a data set: write hf:NAME"),
    ],
)
def test_a_data_set_that_cannot_be_had_is_one_sentence(name, told, data_set):
    with pytest.raises(UserError, match=told):
        read_corpus([name])


def test_several_splits_of_which_none_is_named_are_listed(data_set):
    Path("planets/train.parquet").rename("planets/dev.parquet")
    Path("planets/README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - {split: dev, path: dev.parquet}\n  - {split: test, path: test.parquet}\n---\n"
    )
    with pytest.raises(UserError, match=r"hf:planets has the splits dev, test: name one, as in hf:planets:dev\."):
        read_corpus(["hf:planets"])


@pytest.mark.slow
def test_without_a_network_a_sentence_says_so(tmp_path):
    """In a process of its own: the hub's address is read when its client is imported."""
    environment = os.environ | {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    line = [sys.executable, "-m", "forethought", "augment", "hf:some/name", "--dry-run"]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 2
    assert "for hf:some/name (" in done.stderr
    assert "check the network, or give a folder with the files of the data set." in done.stderr
    assert "Traceback" not in done.stderr


def test_names_of_data_sets():
    assert HUB.fullmatch("hf:owner/name@en:train[:10%]").groupdict() == {
        "name": "owner/name",
        "config": "en",
        "split": "train[:10%]",
    }
