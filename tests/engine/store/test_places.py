"""Folders at URLs: the store and whole jobs on an object store (a local S3 server), in memory and at file://."""

from pathlib import Path

import polars as pl
import pytest

from engine.config import EngineConfig
from engine.errors import UserError
from engine.store.owner import InUse, claim
from engine.store.parts import commit_part, drop_errors, finished, parts, read_parts, stream_parts, write_part
from engine.store.places import create, join, names, place, read_bytes, remove, write_whole
from engine.tasks.generate import GENERATIONS

FAKE = EngineConfig(kind="fake", replicas=2, cpus=0.5, shard_rows=50)


def rows(*found):
    made = [dict.fromkeys(GENERATIONS) | {"request_id": i, "sample": 0, "error": e} for i, e in found]
    return pl.DataFrame(made, schema=GENERATIONS)


def check_store(folder):
    assert parts(folder) == []
    assert read_parts(folder, GENERATIONS).is_empty()
    commit_part(folder, "b", rows(("3", None)))
    commit_part(folder, "a", rows(("1", None), ("2", "died")))
    write_part(folder, "c", rows(("4", None)))  # without its entry
    assert parts(folder) == [join(folder, "part-a.parquet"), join(folder, "part-b.parquet")]
    assert read_parts(folder, GENERATIONS)["request_id"].to_list() == ["1", "2", "3"]
    assert [t.height for t in stream_parts(folder)] == [2, 1]
    assert sorted(finished(folder, "request_id").collect()["request_id"]) == ["1", "2", "3"]
    assert drop_errors(folder, "request_id") == 1
    assert sorted(finished(folder, "request_id").collect()["request_id"]) == ["1", "3"]
    assert names(folder) >= {"part-a.parquet", "part-b.parquet", "part-c.parquet"}
    remove(folder)
    assert names(folder) == set()


def test_the_store_in_memory():
    check_store("memory://folder/deep")


def test_the_store_on_an_object_store(bucket):
    check_store(f"{bucket}/folder/deep")


def test_an_object_store_creates_a_file_once(bucket):
    where = f"{bucket}/deep/owner.json"
    assert [create(where, b"one"), create(where, b"two")] == [True, False]
    assert read_bytes(where) == b"one"


def test_a_whole_job_on_an_object_store(bucket, own_ray):  # workers get the server's address when Ray starts
    from engine.pool import EnginePool

    table = pl.DataFrame({"request_id": [f"r{i}" for i in range(300)], "prompt": ["x"] * 300})
    with EnginePool("none", FAKE, quiet=True) as pool:
        first = pool.generate(table[:120], f"{bucket}/out")
        whole = pool.generate(table, f"{bucket}/out")
        assert pool.last.rows == 180
        edited = table.with_columns(prompt=pl.when(pl.col("request_id") == "r7").then(pl.lit("y")).otherwise("prompt"))
        assert pool.generate(edited, f"{bucket}/out").height == 300
        assert pool.last.rows == 1
        other = claim(f"{bucket}/out")
        with pytest.raises(InUse, match="s3://bucket/out is in use by process"):
            pool.generate(table, f"{bucket}/out")
        other.release()
    assert first.height == 120
    assert whole["request_id"].n_unique() == whole.height == 300
    assert names(f"{bucket}/out/_shards") == names(f"{bucket}/out/_owner") == set()
    assert names(f"{bucket}/out") - {"_manifest"} == {str(part).rsplit("/", 1)[-1] for part in parts(f"{bucket}/out")}


@pytest.mark.engine
def test_a_whole_job_from_and_to_file_urls(tmp_path):
    from engine.pool import EnginePool

    pl.DataFrame({"request_id": ["a", "b"], "prompt": ["x", "y"]}).write_parquet(tmp_path / "in.parquet")
    with EnginePool("none", FAKE, quiet=True) as pool:
        done = pool.generate(f"file://{tmp_path}/in.parquet", f"file://{tmp_path}/out")
    assert sorted(done["request_id"]) == ["a", "b"]
    assert len(list((tmp_path / "out").glob("part-*.parquet"))) == 2


def test_places():
    assert place("s3://bucket/a") == place(Path("s3://bucket/a")) == place("s3://bucket/a/") == "s3://bucket/a"
    assert place("file:///tmp/x") == Path("/tmp/x")
    assert place("folder") == Path.cwd() / "folder"
    assert join(Path("/a"), "b", "c") == Path("/a/b/c")
    assert join("s3://a", "b", "c") == "s3://a/b/c"


def test_a_missing_package_and_an_unknown_scheme_are_user_errors():
    with pytest.raises(UserError, match=r"gs://bucket/x cannot be used: .*gcsfs"):
        write_whole("gs://bucket/x", b"")
    with pytest.raises(UserError, match="nothing://x cannot be used"):
        read_bytes("nothing://x")


def test_no_access_is_a_user_error_with_the_address(bucket):
    with pytest.raises(UserError, match="Cannot write s3://none-such/x: "):
        write_whole("s3://none-such/x", b"")
