"""Files that are written table by table: whole, or absent with one sentence."""

from pathlib import Path

import polars as pl
import pytest

from augment.stages.batches import read_batches, write_batches, writing
from engine.errors import UserError

SCHEMA = {"text": pl.String}


def test_tables_become_one_file(tmp_path):
    path = tmp_path / "deep/x.parquet"
    assert write_batches(path, [pl.DataFrame({"text": [text]}) for text in "ab"], SCHEMA) == 2
    assert pl.concat(read_batches(path))["text"].to_list() == ["a", "b"]
    assert [found.name for found in path.parent.iterdir()] == ["x.parquet"]


@pytest.mark.parametrize("tables", [0, 3])
def test_a_full_disk_is_one_sentence_and_leaves_the_earlier_file(tmp_path, tables):
    path = tmp_path / "x.parquet"
    write_batches(path, [pl.DataFrame({"text": ["earlier"]})], SCHEMA)
    (tmp_path / ".x.parquet.partial").symlink_to("/dev/full")  # where every write finds no room
    with pytest.raises(UserError, match=r"Cannot write .*/x\.parquet: No space left on device; make room or choose"):
        write_batches(path, [pl.DataFrame({"text": ["later"]})] * tables, SCHEMA)
    assert [found.name for found in tmp_path.iterdir()] == ["x.parquet"]
    assert pl.read_parquet(path)["text"].to_list() == ["earlier"]


def test_what_stops_the_tables_is_no_fault_of_the_file(tmp_path):
    def broken():
        yield pl.DataFrame({"text": ["a"]})
        raise ConnectionError("the engine is gone")

    with pytest.raises(ConnectionError):
        write_batches(tmp_path / "x.parquet", broken(), SCHEMA)
    assert not list(tmp_path.iterdir())


def test_polars_names_a_full_disk_in_its_own_way():
    with (
        pytest.raises(UserError, match="Cannot write /dev/full: No space left on device; make room"),
        writing(Path("/dev/full")),
    ):
        pl.LazyFrame({"text": ["a"]}).sink_parquet("/dev/full")
