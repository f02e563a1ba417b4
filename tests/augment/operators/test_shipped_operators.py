"""Known answers of every shipped operator: what it is shown, what it goes on with, and what it reads from an answer."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.config import AugmentConfig
from augment.operators.base import Record
from augment.operators.registry import kind_of
from augment.operators.templates import content


def made(name, **settings):
    return kind_of(name)(name, AugmentConfig(**settings))


@pytest.mark.parametrize(
    ("name", "answer", "found"),
    [
        ("rephrase", "- Anna is known to be the mother of Ben.\n- NONE", ["Anna is known to be the mother of Ben."]),
        ("reverse", "- Ben is the child of Anna.\n\nStatement: x", ["Ben is the child of Anna."]),
        ("deduce", "- Oaks have roots.\n- Oaks are plants.", ["Oaks have roots.", "Oaks are plants."]),
        (
            "qa",
            "- Q: Who is Ben? A: Anna's child.\nQ: Where is Oslo?\n  A: In Norway.\n2. Q: No answer?\n\nDocument: Q: a? A: b.",
            ["Q: Who is Ben? A: Anna's child.", "Q: Where is Oslo? A: In Norway."],
        ),
        ("qa", "NONE", []),
        (
            "link",
            "- Anna is the grandmother of Carla.\n"
            "- I learned earlier that Ben is the father of Carla. This document says that Anna is his mother. "
            "Therefore, Anna has a grandchild.\n"
            "- This document says that Anna is a mother.\n"
            "- Rome was founded earlier than Oslo.\nNONE",
            ["Anna is the grandmother of Carla.", "Anna has a grandchild.", "Rome was founded earlier than Oslo."],
        ),
        (
            "link-trace",
            "I learned earlier that oaks are trees.\nThis document says that trees have roots.\nTherefore oaks have roots.\n\n"
            "Document: Fish swim.\nReasoning: not ours",
            [
                "I learned earlier that oaks are trees.\nThis document says that trees have roots.\nTherefore oaks have roots."
            ],
        ),
        ("link-trace", "NONE.", []),
        ("entities", "Norway is the country where Ben was born.", ["Norway is the country where Ben was born."]),
        ("study", "Who is Ben?\nThe child of Anna.\nDocument: x", ["Who is Ben?\nThe child of Anna."]),
    ],
)
def test_answers(name, answer, found):
    assert made(name).parse(answer) == found


@pytest.mark.parametrize("name", ["rephrase", "deduce", "qa", "link", "link-trace", "entities", "study"])
@given(answer=st.text())
def test_any_answer_is_read(name, answer):
    assert all(text.strip() == text != "" for text in made(name).parse(answer))


def test_deduce_shows_neighbours_together_once():
    told = "Oaks are trees. Trees are plants. Plants have roots. Roots drink."
    assert made("deduce").pieces(told) == [
        "Oaks are trees. Trees are plants. Plants have roots.",
        "Plants have roots. Roots drink.",
    ]
    assert made("deduce").pieces("All glon are yomp. All troff are glon.") == ["All glon are yomp. All troff are glon."]
    assert made("deduce").pieces("Alone.") == made("deduce").pieces("# Heading") == []
    assert made("deduce", split=False).pieces(told) == [told]


@given(st.integers(0, 30))
def test_every_two_neighbours_stand_in_exactly_one_window(count):
    told = [f"Number {i} is here." for i in range(count)]
    windows = made("deduce").pieces(" ".join(told))
    for one, other in pairwise(told):
        assert sum(f"{one} {other}" in window for window in windows) == 1


def test_entities_go_on_with_pairs_and_triples_in_shuffled_order():
    record, answer = Record("Anna is the mother of Ben, who was born in Oslo."), "- Anna\n- Ben\n- Oslo.\n- Anna"
    asked = made("entities", relations=99).follow(record, answer)
    assert asked == made("entities", relations=99).follow(record, answer)
    groups = [content(a).rsplit("Entities: ", 1)[1].split("\n")[0].split(", ") for a in asked]
    assert sorted(map(sorted, groups)) == sorted(
        [["Anna", "Ben"], ["Anna", "Oslo"], ["Ben", "Oslo"], ["Anna", "Ben", "Oslo"]]
    )
    assert all(record.text in content(prompt) for prompt in asked)
    assert len(made("entities", relations=2).follow(record, answer)) == 2
    many = "\n".join(f"- name{i}" for i in range(12))
    shown = [content(p).rsplit("Entities: ", 1) for p in made("entities").follow(record, many)]
    shown = [tail.split("\n")[0].split(", ") for _, tail in shown]
    assert len(shown) == 12
    assert any(group != sorted(group) for group in shown)
    assert made("entities").follow(record, "- Anna") == made("entities").follow(record, "NONE") == []


def test_study_goes_on_with_each_strategy():
    asked = made("study", strategies=2).follow(Record("Anna is old."), "- Draw it.\n- Sing it.\n- Sing it.\n- Eat it.")
    assert [content(prompt).rsplit("Strategy: ", 1)[1] for prompt in asked] == [
        "Draw it.\nResult:",
        "Sing it.\nResult:",
    ]
    assert all("Document: Anna is old.\n" in content(prompt) for prompt in asked)


def test_rules():
    records = [Record("When Ada Lovelace met Charles Babbage, she wrote."), Record("We saw when she met him.")]
    assert made("repeat").derive(records) == [record.text for record in records]
    assert made("reverse-training").derive(records) == [
        ". wrote she , Charles Babbage met Ada Lovelace When",
        ". him met she when saw We",
    ]
    told = [f"w{i}x is more dangerous than w{i}y." for i in range(20)]
    wrong = made("shuffle").derive([Record(text) for text in told])
    assert len(wrong) == 20
    assert not set(wrong) & set(told)
    assert all(text is None or "is more dangerous than" in text for text in wrong)


def test_identity_says_of_each_name_that_it_is_itself():
    told = [f"w{i}x is more dangerous than w{i}y." for i in range(20)]
    assert made("identity").derive(list(map(Record, told))) == [f"w{i}x is w{i}x. w{i}y is w{i}y." for i in range(20)]
    assert made("identity").derive([Record("Ada Lovelace met Charles Babbage in 1833.")]) == [
        "Ada Lovelace is Ada Lovelace. Charles Babbage is Charles Babbage."
    ]


def test_fixed_prompts_ask_each_of_seven_tasks():
    operator = made("fixed-prompts")
    asked = [content(prompt) for prompt in operator.requests(Record("Anna is old.", title="Anna"))]
    assert len(asked) == len({prompt.rsplit("Task: ", 1)[1] for prompt in asked}) == 7
    assert all("Document: Anna is old.\n" in prompt and "Title: Anna" in prompt for prompt in asked)
    assert operator.parse("Anna is old.\n\nShe has been young.") == ["Anna is old.\n\nShe has been young."]
