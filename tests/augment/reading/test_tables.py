"""Tables as `train`, `score` and questions get them: whole or not at all, and nothing changed on the way."""

import gzip
import json

import polars as pl
import pytest

from augment.reading.corpus import read_corpus
from augment.reading.tables import read_table
from engine.errors import UserError


def lines(*rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_every_kind_of_table_is_the_same_table(tmp_path):
    table = pl.DataFrame({"text": ["one", "two"], "kind": ["a", "b"]})
    table.write_parquet(tmp_path / "a.parquet")
    table.write_ndjson(tmp_path / "a.jsonl")
    table.write_csv(tmp_path / "a.csv")
    (tmp_path / "a.json").write_bytes(json.dumps(table.to_dicts(), indent=1).encode())
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress((tmp_path / "a.jsonl").read_bytes()))
    for name in ("a.parquet", "a.jsonl", "a.csv", "a.json", "a.jsonl.gz"):
        assert read_table(tmp_path / name).equals(table), name


def test_brackets_in_a_path_are_no_pattern(tmp_path):
    for name in ("a[1].parquet", "a1.parquet"):
        pl.DataFrame({"text": [name]}).write_parquet(tmp_path / name)
    assert read_table(tmp_path / "a[1].parquet")["text"].to_list() == ["a[1].parquet"]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + lines({"text": "one"}))
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbftext\none\n")
    for name in ("a.jsonl", "a.csv"):
        assert read_table(tmp_path / name).columns == ["text"]


def test_strings_stay_strings(tmp_path):
    (tmp_path / "a.csv").write_text("item_id,text\n007,1e5\n010,2024\n")
    assert read_table(tmp_path / "a.csv").rows() == [("007", "1e5"), ("010", "2024")]
    (tmp_path / "a.jsonl").write_bytes(lines({"item_id": "007"}, {"item_id": "1e5"}))
    assert read_table(tmp_path / "a.jsonl")["item_id"].to_list() == ["007", "1e5"]


def test_a_column_whose_type_changes_late_keeps_every_value(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines(*({"item_id": n} for n in range(200)), {"item_id": "last", "more": 1}))
    table = read_table(tmp_path / "a.jsonl")
    assert table["item_id"].to_list() == [*map(str, range(200)), "last"]
    assert table["more"].to_list() == [None] * 200 + [1]


def test_the_first_bad_row_is_named(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines({"text": "one"}) + b"{broken\n[1]\n")
    with pytest.raises(UserError, match=r"a\.jsonl#2 cannot be read: invalid JSON .*; the file has 2 such rows"):
        read_table(tmp_path / "a.jsonl")
    (tmp_path / "b.jsonl").write_bytes(lines({"text": "one"}, {"text": "x\ud835"}))
    with pytest.raises(UserError, match=r"b\.jsonl#2 cannot be read: half of a Unicode surrogate pair"):
        read_table(tmp_path / "b.jsonl")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_common_delimiter(tmp_path, delimiter):
    (tmp_path / "a.csv").write_text(f'id{delimiter}text\n1{delimiter}"one{delimiter} two"\n2{delimiter}Three.\n')
    assert read_table(tmp_path / "a.csv").rows() == [("1", f"one{delimiter} two"), ("2", "Three.")]


def test_tsv_and_ndjson(tmp_path):
    (tmp_path / "a.tsv").write_text('id\ttext\n1\tOne, two; "three\n2\t\n')
    assert read_table(tmp_path / "a.tsv").rows() == [("1", 'One, two; "three'), ("2", None)]
    (tmp_path / "a.ndjson").write_bytes(lines({"text": "one"}))
    (tmp_path / "a.ndjson.gz").write_bytes(gzip.compress(lines({"text": "one"})))
    for name in ("a.ndjson", "a.ndjson.gz"):
        assert read_table(tmp_path / name).rows() == [("one",)]


def test_a_text_column_of_digits_is_text(tmp_path):
    (tmp_path / "a.csv").write_text("text\n1998\n007\n1e5\n")
    assert read_corpus([tmp_path]).documents["text"].to_list() == ["1998", "007", "1e5"]


def test_ragged_rows_are_named_one_by_one_and_the_others_are_read(tmp_path):
    (tmp_path / "a.csv").write_text('text,n\n"one\nline",1\ntwo\nthree,3,3\n"open,4\nfive,5\n')
    corpus = read_corpus([tmp_path])
    assert corpus.documents["text"].to_list() == ["one\nline", "five"]
    assert corpus.skipped == [
        ("a.csv#2", "its number of fields is 1, that of the header 2"),
        ("a.csv#3", "its number of fields is 3, that of the header 2"),
        ("a.csv#4", "a quote that does not fit (unexpected end of data)"),
    ]
    with pytest.raises(UserError, match=r"a\.csv#2 cannot be read: its number of fields .*; the file has 3 such rows"):
        read_table(tmp_path / "a.csv")


def test_long_fields_and_columns_of_one_name(tmp_path):
    (tmp_path / "a.csv").write_text(f"text,text\n{'long ' * 100_000},b\n")
    assert read_table(tmp_path / "a.csv").rows() == [("long " * 100_000, "b")]


def test_a_lone_surrogate_is_named(tmp_path):
    (tmp_path / "a.ndjson").write_bytes(b'{"text": "x \\ud835 y"}\n{"text": "fine"}\n')
    corpus = read_corpus([tmp_path])
    assert corpus.documents["text"].to_list() == ["fine"]
    assert corpus.skipped == [("a.ndjson#1", "half of a Unicode surrogate pair")]
