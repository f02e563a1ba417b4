"""Pairs of sentences for `connect`: chains over a rare word, from different documents, few per sentence."""

import json
import re
from random import Random

import polars as pl
import pytest

from augment.config import AugmentConfig
from augment.operators.base import Record
from augment.operators.registry import is_global
from augment.stages.requests import make_requests
from augment.stages.together.sentence_pairs import pairs
from engine.errors import UserError


def told(*texts: str) -> list[Record]:
    return [Record(text, (f"d{number}",)) for number, text in enumerate(texts)]


def shown(records: list[Record], **settings: int) -> set[str]:
    return {record.text for record in pairs(records, AugmentConfig(**settings))}


def test_one_sentence_begins_with_what_the_other_ends_in():
    records = told("gruds are a type of abme.", "abme have flofi.", "Ben likes gruds.")
    assert shown(records) == {
        "gruds are a type of abme. abme have flofi.",
        "Ben likes gruds. gruds are a type of abme.",
    }
    assert {record.doc_ids for record in pairs(records, AugmentConfig())} == {("d0", "d1"), ("d0", "d2")}


def test_sentences_of_one_document_questions_and_equal_ones_make_no_pair():
    same = [Record("Oaks are trees.", ("d",)), Record("Trees have roots.", ("d",))]
    assert shown(same) == set()
    assert shown(told("Oaks are trees.", "Trees have what?")) == set()
    assert shown([*same, Record("Trees have roots.", ("e",))]) == {"Oaks are trees. Trees have roots."}


def test_a_word_that_many_sentences_have_leads_nowhere():
    many = told(*(f"Oak {n}x is a plant." for n in range(30)), *(f"A plant has cell {n}y." for n in range(30)))
    assert shown(many) == set()


def test_a_sentence_has_a_few_partners_and_all_get_their_turn():
    records = told("Zogo are wilp.", *(f"Wilp have part{n}." for n in range(9)))
    assert len(shown(records, pairs=3)) == 3
    more = told(*(f"Zogo{n} are wilp." for n in range(9)), *(f"Wilp have part{n}." for n in range(9)))
    found = pairs(more, AugmentConfig(pairs=2))
    assert len(found) == 18
    assert len({record.text.split(". ")[1] for record in found}) > 4


def test_pairs_do_not_depend_on_the_order_of_sentences():
    records = told(*(f"Kind{n}a are sort{n % 7}b." for n in range(30)), *(f"Sort{n}b have part{n}c." for n in range(7)))
    assert shown(records) == shown(Random(0).sample(records, len(records))) != set()


def test_natural_sentences_are_joined_over_their_names_or_their_last_word():
    records = told(
        "Norvik Instruments makes laboratory scales in Bergen.",
        "It was founded by Ilse Brandt in 1987.",
        "Bergen is a city on the west coast of Norway.",
        "Ilse Brandt studied physics in Trondheim under Professor Olav Lund.",
        "Olav Lund led the Institute of Metrology until 1979.",
        "The institute was founded in 1951 and makes no scales.",
    )
    # the last pair is for "scales": a sentence without names is joined over the word that it ends in
    assert shown(records) == {f"{records[a].text} {records[b].text}" for a, b in ((0, 2), (1, 3), (3, 4), (5, 0))}


def test_what_sentences_begin_with_is_not_what_they_are_about():
    frames = ("The teacher explains that", "According to most sources,", "Observers note that", "A:")
    told_often = [f"{frame} {said}" for frame in frames for said in ("grud are a type of abme.", "abme are rony.")]
    others = [f"{frame} {name} are a type of {name}el." for frame in frames for name in ("flob", "zint", "quem")]
    found = shown(told(*told_often, *others))
    assert found
    assert all(re.fullmatch(r".* grud are a type of abme\. .* abme are rony\.", text) for text in found)


def test_titles_of_both_are_shown():
    one, other = (
        Record("Norvik builds scales in Bergen.", ("a",), title="Norvik"),
        Record("Bergen is wet.", ("b",), title="Bergen"),
    )
    assert [record.title for record in pairs([one, other], AugmentConfig())] == ["Norvik; Bergen"]


@pytest.mark.parametrize("model", ["pico", "m"])
def test_connect_asks_what_deduce_asks(model: str):
    documents = pl.DataFrame({"doc_id": ["a", "b"], "text": ["Oaks are trees. Oaks are old.", "Trees have roots."]})
    asked = make_requests(documents, AugmentConfig(operators=("connect",)), model)
    assert asked.select("source_text", "scope", "doc_ids").rows() == [
        ("Oaks are trees. Trees have roots.", "pair", ["a", "b"])
    ]
    same = pl.DataFrame({"doc_id": ["a"], "text": ["Oaks are trees. Trees have roots."]})
    (deduced,) = make_requests(same, AugmentConfig(operators=("deduce",)), model)["messages"]
    assert json.loads(asked["messages"][0]) == json.loads(deduced)
    assert is_global("connect")
    with pytest.raises(UserError, match="share a name"):
        make_requests(documents[:1], AugmentConfig(operators=("connect",)), model)


def test_what_is_known_is_joined_with_what_is_new_alone():
    stated = told("gruds are abmes.", "abmes are ronys.", "ronys are wilps.")
    new = Record("gruds are ronys.", ("d0", "d1"))
    assert {r.text for r in pairs([*stated, new], AugmentConfig(), {r.text for r in stated})} == {
        "gruds are ronys. ronys are wilps."
    }
