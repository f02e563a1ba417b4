"""Rows from files: the same as from a table, in order, without holding them."""

import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from engine.driver import rows as rows_module
from engine.driver.rows import Rows, found_at
from engine.errors import UserError
from engine.tasks.registry import TASKS

NONE = pl.LazyFrame(schema={"request_id": pl.String})
MEMORY = """
import resource, sys
import pyarrow.dataset, pyarrow.parquet
import polars as pl
from engine.driver.rows import found_at, Rows
from engine.tasks.registry import TASKS
from pathlib import Path
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, count = peak(), 0
rows = Rows(Path(sys.argv[1]), TASKS["generate"], pl.LazyFrame(schema={"request_id": pl.String}))
while rows.left:
    count += rows.take(256).height
rows.close()
print(count, peak() - before)
"""


def shuffled(count):
    rng = random.Random(0)
    ids = [f"r{i}" for i in range(count)]
    rng.shuffle(ids)
    keys = [rng.choice("abc") for _ in ids]
    return pl.DataFrame({"request_id": ids, "prefix_key": keys, "prompt": [f"prompt of {i}" for i in ids]})


def all_of(rows, size=7):
    found = []
    while rows.left:
        found.append(rows.take(size))
    rows.close()
    return pl.concat(found)


@pytest.mark.parametrize("files", [1, 3])
def test_a_file_and_a_folder_give_what_the_table_gives(tmp_path, monkeypatch, files):
    monkeypatch.setattr(rows_module, "BATCH_ROWS", 30)
    monkeypatch.setattr(rows_module, "CHUNK_ROWS", 64)
    table = shuffled(500)
    (tmp_path / "in").mkdir()
    for number in range(files):
        table[number::files].write_parquet(tmp_path / "in" / f"{number}.parquet", row_group_size=100)
    done = pl.LazyFrame({"request_id": [f"r{i}" for i in range(0, 500, 3)]})
    expected = all_of(Rows(table, TASKS["generate"], done))
    streamed = Rows(tmp_path / "in" if files > 1 else tmp_path / "in" / "0.parquet", TASKS["generate"], done)
    assert (streamed.total, streamed.left, streamed.calls) == (500, 333, 333)
    assert all_of(streamed).select(expected.columns).equals(expected)
    assert expected.select("prefix_key", "request_id").rows() == sorted(
        expected.select("prefix_key", "request_id").rows()
    )
    assert expected["sampling"].unique().to_list() == ["{}"]


def test_items_that_share_a_long_prefix_stand_together(tmp_path):
    prefixes = ["x" * 300 + end for end in "ab"]
    items = pl.DataFrame({"item_id": list("abcdef"), "stem": ["s"] * 6, "choices": [["1", "2"]] * 6})
    items = items.with_columns(prefix=pl.Series(prefixes * 3))
    items.write_parquet(tmp_path / "items.parquet")
    rows = Rows(tmp_path / "items.parquet", TASKS["score"], pl.LazyFrame(schema={"item_id": pl.String}))
    assert rows.total == 12
    found = all_of(rows)["prefix"].to_list()
    assert found in ([prefixes[0]] * 3 + [prefixes[1]] * 3, [prefixes[1]] * 3 + [prefixes[0]] * 3)


@pytest.mark.slow
def test_memory_stays_flat_where_the_rows_are_large(tmp_path):
    rng = random.Random(0)
    blocks = ["".join(rng.choices("abcdefgh ", k=500)) for _ in range(100)]
    texts = ["".join(rng.choices(blocks, k=8)) for _ in range(500)]
    table = shuffled(150_000).with_columns(prompt=pl.Series(rng.choices(texts, k=150_000)))
    assert table.estimated_size() > 500 * 2**20
    table.write_parquet(tmp_path / "large.parquet")
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "large.parquet")]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]).stdout
    count, grown = told.split()
    assert count == "150000"
    assert float(grown) < 300


def test_ids_of_numbers_become_text():
    rows = Rows(pl.DataFrame({"request_id": [3, 1], "prompt": ["x", "y"]}), TASKS["generate"], NONE)
    assert all_of(rows)["request_id"].to_list() == ["1", "3"]


def test_what_is_no_table_of_requests_is_a_user_error(tmp_path):
    (tmp_path / "text.parquet").write_text("no Parquet")
    with pytest.raises(UserError, match=r"Cannot read .*text\.parquet"):
        Rows(tmp_path / "text.parquet", TASKS["generate"], NONE)
    with pytest.raises(UserError, match="missing"):
        Rows(tmp_path / "missing.parquet", TASKS["generate"], NONE)
    pl.DataFrame({"id": [1], "prompt": ["x"]}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(UserError, match="lacks request_id; it has id, prompt"):
        Rows(tmp_path / "other.parquet", TASKS["generate"], NONE)
    with pytest.raises(UserError, match="1 rows have no request_id"):
        Rows(pl.DataFrame({"request_id": ["a", None], "prompt": ["x", "y"]}), TASKS["generate"], NONE)


@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("stem", [1, 2], "The column stem holds Int64 and needs text: convert it."),
        ("choices", ["yes", "no"], "The column choices holds String and needs lists of text: convert it."),
        ("choices", [[1, 2], [3]], r"The column choices holds List\(Int64\) and needs lists of text: convert it."),
        ("item_id", [["a"], ["b"]], "The column item_id holds List"),
    ],
)
def test_columns_of_a_wrong_type_are_a_user_error(tmp_path, as_file, column, values, told):
    table = pl.DataFrame({"item_id": ["a", "b"], "stem": ["x", "y"], "choices": [["1"], ["2"]]})
    table = table.with_columns(pl.Series(column, values))
    table.write_parquet(tmp_path / "items.parquet")
    with pytest.raises(UserError, match=told):
        Rows(tmp_path / "items.parquet" if as_file else table, TASKS["score"], NONE)


def test_a_second_file_of_other_types_is_a_user_error(tmp_path):
    for name, prompt in (("a", ["x"]), ("b", [1])):
        pl.DataFrame({"request_id": [name], "prompt": prompt}).write_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(UserError, match="The column prompt holds Int64 and needs text"):
        Rows(tmp_path, TASKS["generate"], NONE)


@pytest.mark.parametrize("as_file", [False, True])
def test_columns_of_nulls_alone_are_read_as_what_they_should_hold(tmp_path, as_file):
    table = pl.DataFrame({"item_id": [1, 2], "stem": [None, None], "choices": [[], None], "prefix": [None, None]})
    table.write_parquet(tmp_path / "items.parquet")
    found = Rows(
        tmp_path / "items.parquet" if as_file else table,
        TASKS["score"],
        pl.LazyFrame(schema={"item_id": pl.String}),
    )
    assert found.total == 2
    rows = all_of(found)
    assert dict(rows.schema).items() >= {"stem": pl.String, "choices": pl.List(pl.String)}.items()
    assert rows["item_id"].to_list() == ["1", "2"]


def test_numbers_are_found_among_others():
    known = pl.Series([7, 3, 9], dtype=pl.UInt64)
    assert found_at(pl.Series([9, 4, 3, 10], dtype=pl.UInt64), known).to_list() == [2, None, 1, None]
    assert found_at(pl.Series([1], dtype=pl.UInt64), known.clear()).to_list() == [None]
    assert found_at(known.clear(), known).to_list() == []
