"""What is around a sentence: title, headings, date and the sentences before it, in prompts and in the tables."""

import json

import polars as pl
import pytest

from augment.config import AugmentConfig
from augment.stages.answers import make_inferences
from augment.stages.records import sentences_in_place
from augment.stages.requests import make_requests
from engine.tasks.generate import GENERATIONS

TEXT = """Acme Robotics builds welding robots.

## History

It was founded in 1998 by Piet Maas. It has 40 employees. They work in Delft. Many live there.

## Products

The first robot weighed three tons."""
DOCUMENTS = pl.DataFrame(
    {
        "doc_id": ["a"],
        "text": [TEXT],
        "source": ["a.md"],
        "meta": [json.dumps({"title": "Acme Robotics", "date": "2021-03-04"})],
    }
)


def asked(model="fake", documents=DOCUMENTS, **settings):
    return make_requests(documents, AugmentConfig(**{"operators": ("reverse",)} | settings), model)


def shown(table, source):
    return json.loads(table.filter(source_text=source)["messages"][0])[-1]["content"]


def test_a_sentence_is_shown_with_what_is_around_it():
    table = asked()
    founded = "It was founded in 1998 by Piet Maas."
    assert shown(table, founded) == (
        "Title: Acme Robotics\nSection: History\nDate: 2021-03-04\nStatement: It was founded in 1998 by Piet Maas.\nReversals:"
    )
    row = table.filter(source_text=founded).row(0, named=True)
    assert (row["context"], row["scope"]) == ("Acme Robotics\nHistory\n2021-03-04", "sentence")
    answers = pl.DataFrame(
        [
            dict.fromkeys(GENERATIONS)
            | {"request_id": row["request_id"], "sample": 0, "finish_reason": "stop"}
            | {"text": "Piet Maas founded Acme Robotics in 1998."}
        ],
        schema=GENERATIONS,
    )
    (found,) = make_inferences(table, answers, "m").iter_rows(named=True)
    assert (found["source_text"], found["context"], found["reason"]) == (founded, row["context"], None)


def test_the_sentences_before_are_the_last_of_the_same_section():
    told = {record.text: record for record in sentences_in_place(TEXT, "en")}
    assert (
        told["Many live there."].before
        == "It was founded in 1998 by Piet Maas. It has 40 employees. They work in Delft."
    )
    assert told["The first robot weighed three tons."].before == ""
    assert told["The first robot weighed three tons."].headings == ("Products",)
    long = " ".join(f"Sentence number {i} {'goes on ' * 40}here." for i in range(4))
    *_, last = sentences_in_place(long, "en")
    assert last.before.startswith("Sentence number 2")
    assert len(last.before) <= 600


LISTS = """## Removal

npm has no such script.

Reasons for a removal include:

* a user directly removed it
* another package needs it

### prepare

**prepare** (since `npm@4.0.0`)

* It runs first.
* It runs on `npm install`.
* It can fail.
* It says why.
* As of `npm@7` these scripts run in the background.

See the list.
"""


def test_what_announces_a_list_is_shown_before_its_items():
    told = {record.text: record.before for record in sentences_in_place(LISTS, "en")}
    assert told["a user directly removed it"] == "npm has no such script. Reasons for a removal include:"
    assert told["another package needs it"].endswith("include: a user directly removed it")
    assert (
        told["As of `npm@7` these scripts run in the background."]
        == "**prepare** (since `npm@4.0.0`) It runs on `npm install`. It can fail. It says why."
    )
    assert "prepare**" not in told["See the list."]


def test_a_name_is_shown_before_what_is_said_of_it_and_an_image_is_not():
    told = {
        record.text: record.before for record in sentences_in_place("`--force`\n\n![x](y.png)\n\nOverwrites it.", "en")
    }
    assert told == {"Overwrites it.": "`--force`"}


def test_the_same_sentence_in_two_places_is_asked_about_in_both():
    documents = pl.DataFrame(
        {
            "doc_id": ["a", "b", "c"],
            "text": ["Mars is red. It has two moons.", "It has two moons.", "It has two moons."],
        }
    )
    table = asked(documents=documents).filter(source_text="It has two moons.").sort("context")
    assert table.select("context", "doc_ids").rows() == [("", ["b", "c"]), ("Mars is red.", ["a"])]
    assert asked(documents=documents, context=False).height == 2


@pytest.mark.parametrize(("model", "settings"), [("pico", {}), ("fake", {"context": False})])
def test_the_embedded_model_is_shown_the_sentence_alone(model, settings):
    table = asked(model, **settings)
    assert set(table["context"]) == {""}
    assert shown(table, "Many live there.") == "Statement: Many live there.\nReversals:"


def test_documents_are_shown_with_title_and_date():
    table = asked(operators=("qa", "deduce"))
    assert set(table["context"]) == {"Acme Robotics\n2021-03-04"}
    assert "Title: Acme Robotics\nDate: 2021-03-04\nDocument: " in shown(table, TEXT)


def test_a_prompt_of_ones_own_shows_what_it_names(tmp_path):
    (tmp_path / "mine.md").write_text("Say it again: {{ text }}")
    (tmp_path / "yours.md").write_text("{{ about }}\nSay it again: {{ text }}")
    table = asked(operators=("mine", "yours"), prompts=tmp_path)
    assert set(table.filter(operator="mine")["context"]) == {""}
    assert "Acme Robotics\nHistory\n2021-03-04" in set(table.filter(operator="yours")["context"])
