"""Files of decisions: what is read, which of two counts, and one sentence for what is wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.review.decisions import LONGEST, Decision, read_decisions, shown, write_decisions
from engine.errors import UserError

ONE = {"inference_id": "a", "decision": "keep"}


def file(tmp_path, *rows, name="decisions.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_lines_a_list_and_a_table_say_the_same(tmp_path):
    rows = [ONE, {"inference_id": "b", "decision": "edit", "text": "new", "time": "2025-01-31T12:00:00.000Z"}]
    lines = read_decisions([file(tmp_path, *rows)])
    (tmp_path / "d.json").write_text(json.dumps(rows))
    (tmp_path / "d.csv").write_text(
        "inference_id,decision,text,time\na,keep,,\nb,edit,new,2025-01-31T12:00:00.000Z\n", encoding="utf-8"
    )
    assert lines == {
        "a": Decision("a", "keep"),
        "b": Decision("b", "edit", "new", time="2025-01-31T12:00:00.000Z"),
    }
    assert read_decisions([tmp_path / "d.json"]) == read_decisions([tmp_path / "d.csv"]) == lines
    assert read_decisions([]) == {}


TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1)


@given(st.lists(st.tuples(TEXTS, st.sampled_from(["keep", "reject"]), TEXTS), unique_by=lambda row: row[0]))
def test_what_is_written_is_read_again(tmp_path_factory, rows):
    decisions = {i: Decision(i, kind, inference=text) for i, kind, text in rows}
    path = tmp_path_factory.mktemp("d") / "d.jsonl"
    path.write_bytes(write_decisions(decisions.values()))
    if decisions:
        assert read_decisions([path]) == decisions


@pytest.mark.parametrize("order", [1, -1])
def test_the_later_of_two_decisions_counts_wherever_it_stands(tmp_path, order):
    early = ONE | {"time": "2025-01-31T13:00:00+02:00"}
    late = ONE | {"decision": "reject", "time": "2025-01-31T12:00:00Z"}
    assert read_decisions([file(tmp_path, *[early, late][::order])])["a"].decision == "reject"
    paths = [file(tmp_path, early, name="1.jsonl"), file(tmp_path, late, name="2.jsonl")][::order]
    assert read_decisions(paths)["a"].decision == "reject"


def test_the_same_decision_twice_is_one(tmp_path):
    assert read_decisions([file(tmp_path, ONE, ONE)]) == {"a": Decision("a", "keep")}


WRONG = {
    "unknown column 'colour'": [ONE | {"colour": "red"}],
    "no column 'decision'": [{"inference_id": "a"}],
    "decision 2 is 'maybe': it must be keep, reject or edit": [ONE, {"inference_id": "b", "decision": "maybe"}],
    "decision 1 has no inference_id": [{"inference_id": None, "decision": "keep"}, ONE],
    "decision 1 is an edit without text": [ONE | {"decision": "edit", "text": " "}],
    "only an edit may have text": [ONE | {"text": "new"}],
    "has the time 'noon'": [ONE | {"time": "noon"}],
    "without times to tell which is later": [ONE, ONE | {"decision": "reject"}],
    "two decisions on the inference a, keep and reject": [
        ONE | {"time": "2025-01-31"},
        ONE | {"decision": "reject", "time": "2025-01-31"},
    ],
    "column text must hold text, not": [ONE | {"decision": "edit", "text": ["x"]}],
    "has no rows": [],
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_wrong_with_a_file_is_one_sentence(tmp_path, fault):
    with pytest.raises(UserError) as told:
        read_decisions([file(tmp_path, *WRONG[fault])])
    assert fault in str(told.value)
    assert "\n" not in str(told.value)


def test_a_broken_or_missing_file_is_one_sentence(tmp_path):
    (tmp_path / "broken.jsonl").write_text('{"inference_id": "a", "decis')
    with pytest.raises(UserError, match="invalid JSON"):
        read_decisions([tmp_path / "broken.jsonl"])
    with pytest.raises(UserError, match="There is no decision file"):
        read_decisions([tmp_path / "none.jsonl"])


def test_a_long_text_is_shown_by_its_beginning():
    assert shown("x" * LONGEST) == "x" * LONGEST
    assert shown("x" * (LONGEST + 1)) == "x" * LONGEST + " …"
    assert shown(None) == ""
