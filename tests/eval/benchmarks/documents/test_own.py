"""Questions of one's own: what a file may hold, which rows are left out and why, when a written answer is right."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UserError
from eval.benchmarks.documents.facts import facts_in
from eval.benchmarks.documents.matching import exact, normalised, same
from eval.benchmarks.documents.own import own_questions
from eval.benchmarks.documents.telling import tells

ROWS = [
    {"question": "Who owns the Petrel?", "answer": "Olaf Dahl", "choices": ["Olaf Dahl", "Jon Fisk", "Ada Morn"]},
    {"question": "When was the lighthouse built?", "answer": 1871},
    {"question": "Who keeps horses?", "answer": "jan kowal.", "choices": ["Piet Maas", "Jan Kowal"], "kind": "people"},
    {"question": "Who designed the pier?", "answer": "Jon Fisk", "kind": "people"},
]


def lines(path, rows):
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def test_questions_with_and_without_choices(tmp_path):
    found = own_questions(lines(tmp_path / "q.jsonl", ROWS))
    table = found.questions
    assert found.left_out == []
    assert table["split"].to_list() == ["own", "own (free)", "own: people", "own: people (free)"]
    assert table["stem"][0] == "Question: Who owns the Petrel?\nAnswer:"
    assert table["choices"].to_list() == [
        [" Olaf Dahl", " Jon Fisk", " Ada Morn"], [" 1871"], [" Piet Maas", " Jan Kowal"], [" Jon Fisk"]
    ]  # fmt: skip
    assert table["answer"].to_list() == [0, 0, 1, 0]
    assert table["question_id"].n_unique() == 4
    assert found.free == 2


def test_all_kinds_of_file_hold_the_same_questions(tmp_path):
    told = own_questions(lines(tmp_path / "q.jsonl", ROWS)).questions
    table = pl.DataFrame([row | {"answer": str(row["answer"])} for row in ROWS], infer_schema_length=None)
    table.write_parquet(tmp_path / "q.parquet")
    barred = table.with_columns(pl.col("choices").list.join(" | "))
    barred.write_csv(tmp_path / "q.csv")
    assert own_questions(tmp_path / "q.parquet").questions.equals(told)
    assert own_questions(tmp_path / "q.csv").questions.equals(told)
    listed = table.with_columns(pl.col("choices").map_elements(lambda c: json.dumps(list(c)), pl.String))
    listed.write_csv(tmp_path / "l.csv")
    assert own_questions(tmp_path / "l.csv").questions.equals(told)


FAULTS = [
    ({"question": "Who?"}, "it has no answer"),
    ({"question": "  ", "answer": "Ada"}, "it has no question"),
    ({"question": "Who?", "answer": "Ada", "choices": ["Ada"]}, "it needs two choices or more"),
    ({"question": "Who?", "answer": "Ada", "choices": ["Ada", ""]}, "it needs two choices or more"),
    ({"question": "Who?", "answer": "Ada", "choices": ["Ada", "ada."]}, "two of its choices are the same"),
    ({"question": "Who?", "answer": "Ada", "choices": ["Jon", "Ilse"]}, "its answer 'Ada' is not among its choices"),
    ({"question": "Who?", "answer": "Ada", "choices": "[1, 2"}, "its choices are no JSON list"),
    ({"question": "Who?", "answer": "Ada", "choices": {"a": "Ada"}}, "its choices are no list but dict"),
    ({"question": "Who?", "answer": ["Ada"]}, "its answer is no text but list"),
    ({"question": "Who?", "answer": True}, "its answer is no text but bool"),
    ({"question": "\ud800?", "answer": "Ada"}, "half of a Unicode surrogate pair"),
    ({"question": "who owns the  Petrel", "answer": "Ada"}, "the same question as in q.jsonl#1"),
    ("{half", "invalid JSON"),
    ("[1]", "not a JSON object"),
]


@pytest.mark.parametrize(("row", "why"), FAULTS)
def test_a_bad_row_is_left_out_with_its_reason(row, why, tmp_path):
    found = own_questions(lines(tmp_path / "q.jsonl", [ROWS[0], row, ROWS[1]]))
    assert found.questions.height == 2
    ((place, told),) = found.left_out
    assert place == "q.jsonl#2"
    assert told.startswith(why)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("nowhere.jsonl", None, "There is no file of questions"),
        ("q.txt", "Who?", "is not a readable file of questions"),
        ("q.jsonl", "", "has no question that can be asked"),
        ("q.jsonl", '{"q": "Who?", "a": "Ada"}\n', "lacks the columns question and answer"),
        ("q.csv", "question,reply\nWho?,Ada\n", "lacks the column answer"),
        ("q.jsonl", '{"question": "Who?", "answer": ""}\n', "q.jsonl#1: it has no answer"),
        ("q.parquet", "no parquet", "cannot be read as .parquet"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_mistake(name, text, told, tmp_path):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=told):
        own_questions(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "answer", "right"),
    [
        (" Olaf Dahl.", "Olaf Dahl", (False, True)),
        ("Olaf Dahl ", " Olaf Dahl", (True, True)),
        ("the plum-cake", "Plum cake", (False, False)),  # SQuAD's script deletes marks, it does not divide at them
        ("The two lighthouses!", "2 lighthouses", (False, True)),
        ("two hundred and five", "205", (False, True)),
        ("5,000", "5000", (False, True)),
        ("Olaf Dahl, a fisherman", "Olaf Dahl", (False, False)),
        ("Dahl", "Olaf Dahl", (False, False)),
        ("", "Olaf Dahl", (False, False)),
        ("", "The", (False, False)),
        ("a", "The", (False, False)),
        ("A", "A", (True, True)),
    ],
)
def test_matches(text, answer, right):
    assert (exact(text, answer), same(text, answer)) == right


def test_number_words_are_read_in_the_documents_language():
    assert same("zweihundert", "200", "de")
    assert not same("zweihundert", "200", "en")
    assert normalised("два моста", "ru") == "два моста"


@given(st.text())
def test_normalising_twice_is_normalising_once_and_an_answer_matches_itself(text):
    assert normalised(normalised(text)) == normalised(text)
    assert same(text, text)


TEXTS = ("The Petrel belongs to the fisherman Olaf Dahl.", "The north pier was designed by Jon Fisk.")


def test_what_an_augmentation_tells_is_seen_by_words():
    documents = pl.DataFrame({"text": [" ".join(TEXTS), *("Nothing is said here of boats.",) * 5]})
    kept = [
        "Q: Who owns the Petrel?\nA: Olaf Dahl",
        "Jon Fisk designed the north pier of the harbour.",
        "Olaf Dahl fishes.",
    ]
    told = tells(facts_in(documents, "en"))(kept)

    def of(question, answer):
        return told({"stem": f"Question: {question}\nAnswer:", "choices": [f" {answer}"], "answer": 0})

    assert of("Who owns the Petrel?", "Olaf Dahl") == "verbatim"
    assert of("Who designed the north pier?", "Jon Fisk") == "paraphrased"
    assert of("Who designed the north pier?", "Olaf Dahl") == "none"
    assert of("What does the fisherman of the Petrel do?", "fishes") == "none"
    assert of("Why?", "Olaf Dahl") is None
