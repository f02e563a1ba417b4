"""`forethought verify`: a table of pairs in, the same table with verdicts out."""

import json

import polars as pl
import pytest

from forethought.cli import run

PAIRS = [
    {"source": "Acme acquired Globex.", "inference": "Globex acquired Acme.", "label": "wrong"},
    {"source": "Acme acquired Globex.", "inference": "Globex was acquired by Acme.", "label": "right"},
]


def write(path):
    table = pl.DataFrame(PAIRS)
    {".jsonl": table.write_ndjson, ".csv": table.write_csv, ".parquet": table.write_parquet}[path.suffix](path)
    return str(path)


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_rules_alone_start_nothing_and_write_every_row(tmp_path, capsys, ending):
    assert run(["verify", write(tmp_path / f"pairs{ending}"), "--out", str(tmp_path / "out")]) == 0
    found = pl.read_parquet(tmp_path / "out" / "verified.parquet")
    assert found["kept"].to_list() == [False, True]
    assert found["label"].to_list() == ["wrong", "right"]
    assert json.loads(found["verdicts"][0])["roles"].startswith("exchanges the roles of its source")
    told = capsys.readouterr().err
    assert "2 pairs, 1 kept" in told
    assert "1 rejected: exchanges the roles of its source" in told
    assert not (tmp_path / "out" / "verify").exists()


def test_a_dry_run_writes_nothing(tmp_path, capsys):
    assert run(["verify", write(tmp_path / "pairs.jsonl"), "--out", str(tmp_path / "out"), "--dry-run"]) == 0
    assert "2 pairs would be checked by rules alone" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_a_sentence(tmp_path, capsys):
    assert run(["verify", str(tmp_path / "none.jsonl")]) == 2
    assert "there is no file" in capsys.readouterr().err
