"""What lies at a URL as local files, and folders that are written back."""

from pathlib import Path

import pytest

from engine.errors import UserError
from engine.store.copies import copied, listed, local_file, local_folder, shown
from engine.store.places import names, read_bytes, write_whole


def test_a_file_at_a_url_is_a_local_one_as_long_as_it_is_needed(bucket, tmp_path):
    write_whole(f"{bucket}/one/a.jsonl", b"{}")
    with local_file(f"{bucket}/one/a.jsonl") as path:
        assert path.name == "a.jsonl"
        assert path.read_bytes() == b"{}"
    assert not path.exists()
    (tmp_path / "b").write_text("b")
    with local_file(f"file://{tmp_path}/b") as path:
        assert path == tmp_path / "b"
    with (
        pytest.raises(UserError, match="There is no file or folder s3://bucket/none: check the path"),
        local_file(f"{bucket}/none"),
    ):
        pass


def test_of_a_folder_only_what_is_wanted_is_copied(bucket, tmp_path):
    for name, content in {"a.txt": b"a", "deep/b.TXT": b"b", "c.bin": b"large"}.items():
        write_whole(f"{bucket}/two/{name}", content)
    assert listed(f"{bucket}/two") == ["a.txt", "c.bin", "deep/b.TXT"]
    found = copied(f"{bucket}/two", tmp_path, (".txt",))
    assert {str(p.relative_to(found)): p.read_bytes() for p in found.rglob("*") if p.is_file()} == {
        "a.txt": b"a",
        "deep/b.TXT": b"b",
        "c.bin": b"",
    }


def test_a_name_that_leads_out_of_the_folder_is_refused(bucket, tmp_path):
    import boto3

    boto3.client("s3").put_object(Bucket="bucket", Key="three/../../evil.txt", Body=b"x")
    with pytest.raises(UserError, match="holds an object whose name points outside its folder"):
        copied(f"{bucket}/three", tmp_path)
    assert not list(tmp_path.rglob("evil.txt"))


def test_a_folder_is_written_back_as_it_was_left(bucket):
    for name in ("stays", "changes", "goes", "generations/part-1.parquet"):
        write_whole(f"{bucket}/four/{name}", b"old")
    with local_folder(f"{bucket}/four", apart=("generations",)) as (folder, at):
        assert at == f"{bucket}/four"
        assert sorted(p.name for p in folder.rglob("*")) == ["changes", "goes", "stays"]
        (folder / "changes").write_bytes(b"new and longer")
        (folder / "goes").unlink()
        (folder / "hub").mkdir()
        (folder / "hub" / "new").write_bytes(b"n")
    assert not folder.exists()
    assert listed(f"{bucket}/four") == ["changes", "generations/part-1.parquet", "hub/new", "stays"]
    assert read_bytes(f"{bucket}/four/changes") == b"new and longer"


def test_what_was_written_before_a_failure_is_written_back(bucket):
    def fails():
        with local_folder(f"{bucket}/five") as (folder, _):
            (folder / "log.txt").write_text("so far")
            raise KeyError("later")

    with pytest.raises(KeyError, match="later"):
        fails()
    assert read_bytes(f"{bucket}/five/log.txt") == b"so far"


def test_storage_of_one_process_is_copied_whole(memory):
    write_whole(f"{memory}/generations/part-1.parquet", b"old")
    with local_folder(memory, apart=("generations",)) as (folder, at):
        assert at == folder
        assert (folder / "generations" / "part-1.parquet").exists()
        (folder / "generations" / "part-2.parquet").write_bytes(b"new")
    assert names(f"{memory}/generations") == {"part-1.parquet", "part-2.parquet"}


def test_a_local_folder_is_itself(tmp_path):
    with local_folder(tmp_path, apart=("x",)) as found:
        assert found == (tmp_path, tmp_path)


def test_places_are_shown_as_they_were_given():
    assert shown(Path("s3://bucket/a")) == "s3://bucket/a"
    assert shown(Path("out")) == Path("out")


def test_a_bucket_that_is_not_there_is_one_sentence(bucket, tmp_path):
    with pytest.raises(UserError, match="no-such-bucket"), local_folder("s3://no-such-bucket/x") as (folder, _):
        (folder / "a").write_text("a")
