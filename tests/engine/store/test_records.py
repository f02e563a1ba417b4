"""JSON files hold numbers only."""

import json
import math

from engine.store.records import write_json


def test_what_is_no_number_becomes_null(tmp_path):
    value = {"a": [1.5, math.nan, (math.inf, "é")], "b": {"c": -math.inf, "d": 0.0, "e": None}, "f": True}
    write_json(tmp_path / "x.json", value)
    text = (tmp_path / "x.json").read_text("utf-8")
    assert json.loads(text, parse_constant=lambda name: 1 / 0) == {
        "a": [1.5, None, [None, "é"]],
        "b": {"c": None, "d": 0.0, "e": None},
        "f": True,
    }
