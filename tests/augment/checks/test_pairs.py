"""Pairs that anybody wrote: every row comes back in its place, kept or with its reason."""

import json
from pathlib import Path

import polars as pl
import pytest

from augment.checks.pairs import verify_pairs
from augment.config import CheckConfig
from engine.errors import UserError

CONFIG = CheckConfig(near=0)
LABELLED = Path(__file__).parents[3] / "augment" / "checks" / "labelled" / "pairs.jsonl"


def verified(rows, tmp_path, **settings):
    return verify_pairs(pl.DataFrame(rows), None, tmp_path, CONFIG, **settings)


def test_rows_come_back_in_order_with_all_their_columns(tmp_path):
    rows = [
        {"source": "Acme acquired Globex.", "inference": "Globex acquired Acme.", "mine": 7, "kept": "yes"},
        {"source": "Acme acquired Globex.", "inference": "Globex was acquired by Acme.", "mine": 8, "kept": "no"},
        {"source": None, "inference": "Globex was acquired by Acme.", "mine": 9, "kept": None},
        {"source": "Acme acquired Globex.", "inference": "", "mine": 10, "kept": None},
    ]
    found = verified(rows, tmp_path)
    assert found.columns == ["source", "inference", "mine", "kept", "reason", "verdicts"]
    assert found["mine"].to_list() == [7, 8, 9, 10]
    assert found["kept"].to_list() == [False, True, False, False]
    assert found["reason"].to_list() == [
        "exchanges the roles of its source: acme, globex",
        None,
        "no source",
        "no inference",
    ]
    assert json.loads(found["verdicts"][1])["roles"] == "ok"
    assert verify_pairs(found, None, tmp_path, CONFIG).equals(found)


def test_title_and_what_stands_before_say_what_a_pronoun_means(tmp_path):
    row = {"source": "It was founded in 1998 by Piet Maas.", "inference": "Piet Maas founded Acme Robotics in 1998."}
    assert verified([row], tmp_path)["kept"].to_list() == [False]
    assert verified([row | {"title": "Acme Robotics"}], tmp_path)["kept"].to_list() == [True]
    before = [["Acme Robotics makes robots."], "Acme Robotics makes robots.", '["Acme Robotics makes robots."]']
    for told in before:
        assert verified([row | {"before": told}], tmp_path)["kept"].to_list() == [True]
    unresolved = row | {"inference": "Piet Maas founded it in 1998.", "title": "Acme Robotics"}
    assert verified([unresolved], tmp_path)["reason"].to_list() == ["does not say what it speaks of: it"]


def test_each_row_has_its_language_and_stands_for_itself(tmp_path):
    german = {"source": "Der Tunnel öffnet möglicherweise im April.", "inference": "Der Tunnel öffnet im April."}
    assert verified([german], tmp_path, language="de")["kept"].to_list() == [False]
    assert verified([german | {"language": "de"}] * 2, tmp_path)["kept"].to_list() == [False] * 2
    assert verified([{"source": "It rained in Oslo.", "inference": "In Oslo it rained."}] * 2, tmp_path)["kept"].all()


def test_what_is_no_table_of_pairs_is_refused(tmp_path):
    with pytest.raises(UserError, match="no column 'inference'"):
        verified([{"source": "a"}], tmp_path)
    with pytest.raises(UserError, match="'inference' of the pairs holds int values"):
        verified([{"source": "a", "inference": 3}], tmp_path)


@pytest.mark.slow
def test_rules_are_surer_of_what_they_reject_than_of_what_they_keep_among_contrast_pairs(tmp_path):
    rows = []
    for line in LABELLED.with_name("contrasts.jsonl").read_text(encoding="utf-8").splitlines()[::8]:
        group = json.loads(line)
        for _, *statements in group.pop("pairs"):
            told = zip(statements, (True, False), strict=True)
            rows += [group | {"inference": text, "right": right} for text, right in told]
    found = verified(rows, tmp_path)
    for some in (found.filter(language="en"), found.filter(pl.col("language") != "en")):
        kept = dict(some.group_by("right").agg(pl.col("kept").mean()).rows())
        assert kept[True] >= 0.97
    rejected = dict(found.group_by("right").agg((~pl.col("kept")).sum()).rows())
    assert rejected[False] >= 2 * rejected[True]


@pytest.mark.slow
@pytest.mark.parametrize(("half", "right", "wrong"), [("dev", 0.99, 0.35), ("test", 0.98, 0.36)])
def test_rules_alone_keep_what_is_right_of_the_labelled_pairs(tmp_path, half, right, wrong):
    pairs = pl.read_ndjson(LABELLED).filter(split=half)
    found = verify_pairs(pairs, None, tmp_path, CONFIG)
    kept = found.group_by("right").agg(pl.col("kept").mean()).rows()
    assert dict(kept)[True] >= right
    assert 1 - dict(kept)[False] >= wrong
