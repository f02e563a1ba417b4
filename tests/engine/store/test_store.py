"""Parquet folders that show whole parts or nothing."""

import contextlib
import json
import threading

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UserError
from engine.store import places
from engine.store.ids import content_id
from engine.store.parts import commit_part, drop_errors, entries, finished, note, parts, read_parts, stream_parts, sweep
from engine.store.places import write_whole
from engine.store.tables import write_table
from engine.tasks.generate import GENERATIONS
from engine.tasks.score import SCORES

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def rows(*ids):
    return pl.DataFrame({"request_id": list(ids), "text": [f"text of {i}" for i in ids]})


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_content_id_is_the_same_in_every_version():
    # resume rests on these: an id that changes makes old runs start again
    assert content_id("a", 1, None) == "0ae764bffd3a17b6"
    assert content_id({"b": 1, "a": "é"}) == content_id({"a": "é", "b": 1}) == "45f2c633499b74ab"


def test_content_id_tells_values_apart():
    values = [
        ("ab", "c"),
        ("a", "bc"),
        ("abc",),
        (["ab", "c"],),
        (1,),
        ("1",),
        (True,),
        (None,),
        (),
        ("",),
        ("\ud800",),
    ]
    assert len({content_id(*v) for v in values}) == len(values)


@given(VALUES)
def test_content_id_survives_a_round_trip_through_json(value):
    identity = content_id(value)
    assert identity == content_id(json.loads(json.dumps(value)))
    assert len(identity) == 16
    assert int(identity, 16) >= 0


def test_parts_come_sorted_and_whole(tmp_path):
    commit_part(tmp_path, "b", rows("3"))
    commit_part(tmp_path, "a", rows("1", "2"))
    assert [p.name for p in parts(tmp_path)] == ["part-a.parquet", "part-b.parquet"]
    assert read_parts(tmp_path, {})["request_id"].to_list() == ["1", "2", "3"]
    assert [t.height for t in stream_parts(tmp_path)] == [2, 1]
    assert json.loads((tmp_path / "_manifest" / "part-a.json").read_text()) == {"rows": 2}


def test_a_part_without_its_manifest_entry_is_invisible(tmp_path):
    commit_part(tmp_path, "a", rows("1"))
    write_table(tmp_path / "part-b.parquet", rows("2"))  # a crash before the manifest entry
    assert read_parts(tmp_path, {})["request_id"].to_list() == ["1"]
    assert finished(tmp_path, "request_id").collect()["request_id"].to_list() == ["1"]
    assert [t.height for t in stream_parts(tmp_path)] == [1]


def test_a_part_that_the_manifest_names_and_that_is_gone_is_an_error_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.store.parts.LATE_SECONDS", 0.2)
    commit_part(tmp_path, "a", rows("1"))
    commit_part(tmp_path, "b", rows("2"))
    (tmp_path / "part-a.parquet").unlink()
    for read in (parts, lambda folder: read_parts(folder, {}), lambda folder: finished(folder, "request_id").collect()):
        with pytest.raises(UserError, match=r"part .*/part-a\.parquet is missing: .* delete .*/_manifest/part-a\.json"):
            read(tmp_path)
    (tmp_path / "_manifest" / "part-a.json").unlink()
    assert read_parts(tmp_path, {})["request_id"].to_list() == ["2"]


def test_a_listing_that_comes_late_loses_no_row(tmp_path, monkeypatch):
    commit_part(tmp_path, "a", rows("1"))
    commit_part(tmp_path, "b", rows("2"))
    monkeypatch.setattr("engine.store.parts.names", lambda folder: places.names(folder) - {"part-b.parquet"})
    assert read_parts(tmp_path, {})["request_id"].to_list() == ["1", "2"]
    assert sorted(finished(tmp_path, "request_id").collect()["request_id"]) == ["1", "2"]


def test_a_manifest_that_is_listed_late_loses_no_row(tmp_path, monkeypatch):
    for key in "abc":
        commit_part(tmp_path, key, rows(key))
    note(tmp_path)
    late = {"part-b.parquet", "part-b.json"}
    monkeypatch.setattr("engine.store.parts.names", lambda folder: places.names(folder) - late)
    sweep(tmp_path)
    note(tmp_path)
    assert read_parts(tmp_path, {})["request_id"].to_list() == ["a", "b", "c"]
    assert sorted(entries(tmp_path)) == ["a", "b", "c"]
    (tmp_path / "_manifest" / "part-b.json").unlink()  # as the message about a missing part says
    assert read_parts(tmp_path, {})["request_id"].to_list() == ["a", "c"]
    note(tmp_path)
    assert json.loads((tmp_path / "_manifest" / "keys.json").read_text()) == ["a", "c"]


def test_a_part_that_appears_late_is_waited_for(tmp_path):
    commit_part(tmp_path, "a", rows("1"))
    (tmp_path / "part-a.parquet").rename(tmp_path / "late")
    timer = threading.Timer(0.3, (tmp_path / "late").rename, (tmp_path / "part-a.parquet",))
    timer.start()
    assert read_parts(tmp_path, {})["request_id"].to_list() == ["1"]
    timer.join()


def test_a_sweep_leaves_exactly_the_committed_rows_to_a_plain_glob(tmp_path, monkeypatch):
    commit_part(tmp_path, "a", rows("1"))
    commit_part(tmp_path, "b", rows("2"))
    write_table(tmp_path / "part-c.parquet", rows("1", "2"))
    write_table(tmp_path / "_shards" / "c.parquet", rows("1", "2"))
    (tmp_path / ".part-d.parquet.123.tmp").write_bytes(b"PAR1 half a file")
    (tmp_path / "_manifest" / ".part-d.json.123.tmp").write_bytes(b"{")
    # an entry that a late listing does not show still protects its part
    monkeypatch.setattr("engine.store.parts.names", lambda folder: places.names(folder) - {"part-b.json"})
    sweep(tmp_path)
    assert pl.read_parquet(tmp_path / "*.parquet")["request_id"].to_list() == ["1", "2"]
    assert names(tmp_path) == ["_manifest/part-a.json", "_manifest/part-b.json", "part-a.parquet", "part-b.parquet"]


def test_committing_a_part_again_replaces_it(tmp_path):
    commit_part(tmp_path, "a", rows("1"))
    commit_part(tmp_path, "a", rows("1"))
    assert read_parts(tmp_path, {}).height == 1


def test_an_empty_or_missing_folder_gives_an_empty_table_with_its_columns(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        for schema in (SCORES, GENERATIONS):
            table = read_parts(folder, schema)
            assert table.height == 0
            assert dict(table.schema) == {n: t() if isinstance(t, type) else t for n, t in schema.items()}
        assert parts(folder) == []
        assert list(stream_parts(folder)) == []
        ids = finished(folder, "request_id").collect()["request_id"]
        assert (ids.to_list(), ids.dtype, ids.name) == ([], pl.String, "request_id")


def test_an_empty_first_part_does_not_hide_the_second(tmp_path):
    commit_part(tmp_path, "a", pl.DataFrame(schema=GENERATIONS))
    row = dict.fromkeys(GENERATIONS) | {"request_id": "1", "sample": 0}
    commit_part(tmp_path, "b", pl.DataFrame([row], schema=GENERATIONS))
    assert read_parts(tmp_path, GENERATIONS)["request_id"].to_list() == ["1"]


def test_finished_names_an_id_as_often_as_it_has_rows(tmp_path):
    commit_part(tmp_path, "a", rows("1", "1", "2"))
    commit_part(tmp_path, "b", rows("2", "3"))
    assert sorted(finished(tmp_path, "request_id").collect()["request_id"]) == ["1", "1", "2", "2", "3"]


def test_resume_is_an_anti_join(tmp_path):
    wanted = rows("1", "2", "3")
    commit_part(tmp_path, "a", rows("2"))
    left = wanted.lazy().join(finished(tmp_path, "request_id"), on="request_id", how="anti").collect()
    assert left["request_id"].to_list() == ["1", "3"]


def test_writing_leaves_no_temporary_file(tmp_path):
    write_whole(tmp_path / "deep" / "er" / "a.json", b"one")
    write_whole(tmp_path / "deep" / "er" / "a.json", b"two")
    write_table(tmp_path / "other" / "b.parquet", rows("1"))
    assert names(tmp_path) == ["deep/er/a.json", "other/b.parquet"]
    assert (tmp_path / "deep" / "er" / "a.json").read_bytes() == b"two"


def test_a_left_over_temporary_file_is_no_part(tmp_path):
    commit_part(tmp_path, "a", rows("1"))
    (tmp_path / ".part-b.parquet.123.tmp").write_bytes(b"PAR1 half a file")
    (tmp_path / "_manifest" / ".part-b.json.123.tmp").write_bytes(b"{")
    assert read_parts(tmp_path, {}).height == 1
    assert [p.name for p in parts(tmp_path)] == ["part-a.parquet"]


def answers(*found):
    """Rows of (id, sample, error)."""
    rows = [dict.fromkeys(GENERATIONS) | {"request_id": i, "sample": n, "error": e} for i, n, e in found]
    return pl.DataFrame(rows, schema=GENERATIONS)


def test_ids_with_an_error_are_dropped_whole(tmp_path):
    commit_part(tmp_path, "a", answers(("1", 0, None), ("2", 0, None), ("2", 1, "died"), ("3", 0, None)))
    commit_part(tmp_path, "b", answers(("4", 0, "died")))
    commit_part(tmp_path, "c", answers(("5", 0, None)))
    untouched = (tmp_path / "part-c.parquet").stat().st_mtime_ns
    assert drop_errors(tmp_path, "request_id") == 2
    assert sorted(finished(tmp_path, "request_id").collect()["request_id"]) == ["1", "3", "5"]
    assert names(tmp_path) == [
        "_manifest/part-a.json",
        "_manifest/part-c.json",
        "part-a.parquet",
        "part-c.parquet",
    ]
    assert json.loads((tmp_path / "_manifest" / "part-a.json").read_text()) == {"rows": 2}
    assert (tmp_path / "part-c.parquet").stat().st_mtime_ns == untouched
    assert drop_errors(tmp_path, "request_id") == 0
    assert drop_errors(tmp_path / "missing", "request_id") == 0


def test_a_crash_amid_dropping_errors_leaves_each_id_once(tmp_path, monkeypatch):
    for key in "abc":
        commit_part(tmp_path, key, answers((f"good-{key}", 0, None), (f"bad-{key}", 0, "died")))
    wrote = []

    def crash(folder, key, table, **facts):
        if wrote:
            raise KeyboardInterrupt
        wrote.append(key)
        commit_part(folder, key, table, **facts)

    monkeypatch.setattr("engine.store.parts.commit_part", crash)
    with contextlib.suppress(KeyboardInterrupt):
        drop_errors(tmp_path, "request_id")
    monkeypatch.undo()
    left = read_parts(tmp_path, GENERATIONS)["request_id"].to_list()
    assert sorted(left) == ["bad-b", "bad-c", "good-a", "good-b", "good-c"]
    assert drop_errors(tmp_path, "request_id") == 2
    assert sorted(finished(tmp_path, "request_id").collect()["request_id"]) == ["good-a", "good-b", "good-c"]
