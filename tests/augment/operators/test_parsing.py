"""Answers of real models (faults/text.md names them), and what is read of them: all of it, and nothing that was not said."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.config import AugmentConfig
from augment.operators.entities import names
from augment.operators.parsing import OUTSIDE, parse, read_lines, says_nothing, whole
from augment.operators.qa import QuestionsAnswers
from augment.stages.answers import make_inferences
from augment.stages.requests import make_requests
from augment.stages.second_step import follow_requests
from engine.tasks.generate import GENERATIONS

BEN, ANNA = "Ben is the child of Anna.", "Anna is the mother of Ben."
BOTH = [BEN, ANNA]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("- one thing\n* another\n• a third", ["one thing", "another", "a third"]),
        ("1. one\n2) two\n 12. twelve", ["one", "two", "twelve"]),
        ("no mark at all", ["no mark at all"]),
        ("  - indented  \n\n\n- last", ["indented", "last"]),
        ("NONE", []),
        ("none.", []),
        ("- None", []),
        ("", []),
        (" \n\t\n", []),
        ("-", []),
        ("None of them is older than Rome.", ["None of them is older than Rome."]),
        ("- kept\n\nStatement: Trains are fast.\nReversals:\n- not ours", ["kept"]),
        ("Statement: at once", []),
        ("- ours\nDocument: the next\nConclusions:\n- not ours", ["ours"]),
        ("- The statement: it holds.", ["The statement: it holds."]),
        ("1912. The ship sank.", ["1912. The ship sank."]),
        ("3.5 million people live there.", ["3.5 million people live there."]),
        ("-5 degrees is cold.", ["-5 degrees is cold."]),
        ("- windows line\r\n- ends\r\n", ["windows line", "ends"]),
    ],
)
def test_lines(answer, found):
    assert parse(answer) == found


@given(st.text())
def test_parse_takes_any_text_and_gives_clean_lines(answer):
    for line in parse(answer):
        assert line == line.strip()
        assert line
        assert len(line.splitlines()) == 1


def is_a_line(text):
    """Whether a text has a word, and does not begin with a mark of a list: "a. "."""
    return re.search(r"\w", text) and not re.match(r"\w{1,4}\. ", text)


@given(st.lists(st.text("abc XYZ.", min_size=1).map(str.strip).filter(is_a_line), max_size=5))
def test_parse_reads_back_a_list(lines):
    assert parse("".join(f"- {line}\n" for line in lines)) == lines


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("  A text.\n\nOf two parts. \n", ["A text.\n\nOf two parts."]),
        ("NONE", []),
        ("none.", []),
        (" \n", []),
        ("A text.\n\nDocument: the next example\nText: not ours", ["A text."]),
    ],
)
def test_whole(answer, found):
    assert whole(answer) == found


@pytest.mark.parametrize(
    "answer",
    [
        f"<think>\nLet me see.\n- Ben was born.\n</think>\n\n- {BEN}\n- {ANNA}",
        f"Let me see. Ben was born.\n</think>\n\n- {BEN}\n- {ANNA}",
        f"analysisWe need two lines. Ben was born.assistantfinal- {BEN}\n- {ANNA}",
        f"**{BEN}**\n**{ANNA}**",
        f'"{BEN}"\n“{ANNA}”',
        f"Reversal 1: {BEN}\nReversal 2: {ANNA}",
        f"**Reversal 1:** {BEN}\n\n**Reversal 2:** {ANNA}",
        f"1. Formal rewording (active): {BEN}\n2. **Short:** {ANNA}",
        f"a) {BEN}\nb) {ANNA}",
        f"(i) {BEN}\n(ii) {ANNA}",
        f"– {BEN}\n— {ANNA}",
        f"- [ ] {BEN}\n- [x] {ANNA}",
        f"{BEN} (This starts with the other name.)\n{ANNA} (This is how it was.)",
        f'["{BEN}", "{ANNA}"]',
        f'```json\n["{BEN}", "{ANNA}"]\n```',
        f'Here you are:\n```json\n{{"reversals": [{{"text": "{BEN}"}}, {{"text": "{ANNA}"}}]}}\n```',
        f"['{BEN}', '{ANNA}']",
        f"Here are two reversals:\n\n1. {BEN}\n2. {ANNA}\n\nLet me know if you need more!",
        f"Sure!\n{BEN}\n{ANNA}",
        f"Sure, here are two reversals:\n- {BEN}\n- {ANNA}\nBoth reversals keep the meaning.",
        f"1. {BEN} 2. {ANNA}",
        f"1. **Reversal:** {BEN}\n   - Explanation: it begins with the other name.\n2. **Reversal:** {ANNA}",
        "- Ben is the\n  child of Anna.\n- Anna is the mother\nof Ben.",
        "Ben is the child\nof Anna.\nAnna is the mother of Ben.",
        "- Ben is the child\u2028of Anna.\n- Anna is the mother\x85of Ben.",
        f"- {BEN}\n- {ANNA}\n- NONE",
    ],
)
def test_statements_come_bare(answer):
    assert parse(answer) == BOTH
    assert [said.text for said in read_lines(answer)] == BOTH


def test_prose_that_mentions_the_tag_of_reasoning_is_kept():
    told = "Models write <think> and </think> around their thoughts."
    assert parse(told) == [told]
    assert parse(f"- {told}\n- The tag </think> closes them.") == [told, "The tag </think> closes them."]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " \n",
        "NONE",
        "- None.",
        "NONE (the statement cannot be turned around)",
        "NONE. There is only one name in it.",
        "NONE\nThe statement has only one name.",
        "**NONE**",
        "N/A",
        "There is nothing to turn around.",
        "There is nothing to infer from the statements.",
        "There are no conclusions.",
        "The statement cannot be turned around.",
        "No conclusions can be drawn.",
        "[]",
        '["NONE"]',
        "<think>Nothing follows.</think>\nNONE",
    ],
)
def test_words_for_nothing_are_nothing(answer):
    assert (read_lines(answer), says_nothing(answer)) == ([], True)


@pytest.mark.parametrize(
    "told",
    [
        "None of them is older than Rome.",
        "There is nothing between Oslo and the sea.",
        "Nothing is heavier than lead in the store.",
        "No member may vote twice.",
        "Note 7 is binding for both parties.",
        "The function f(**a) is called by g(**b).",
        "A. B. Smith wrote the report.",
        '"Ben" is the name of Anna\'s "child".',
        "The statement: it holds.",
        "Sure is a river in Luxembourg.",
        "If you press the button, the lamp goes out.",
        "The pump was built in 1998 (the year of the flood).",
    ],
)
def test_statements_that_look_like_marks_or_remarks_are_kept(told):
    assert parse(told) == parse(f"- {told}") == [told]
    assert not says_nothing(told)


def test_what_stands_beside_a_list_has_its_reason():
    told = read_lines(f"The statement names two people.\n- {BEN}\n\nSo Ben is not the mother.")
    assert [(said.text, said.reason) for said in told] == [
        ("The statement names two people.", OUTSIDE),
        (BEN, None),
        ("So Ben is not the mother.", OUTSIDE),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        "1. Q: Who is Ben? A: Anna's child.\n2. Q: Where is Oslo? A: In Norway.",
        "**Q:** Who is Ben? **A:** Anna's child.\n**Q:** Where is Oslo? **A:** In Norway.",
        "Question: Who is Ben?\nAnswer: Anna's child.\n\nQuestion: Where is Oslo?\nAnswer: In Norway.",
        "Q1: Who is Ben?\nA1: Anna's child.\nQ2: Where is Oslo?\nA2: In Norway.",
        "Here are two questions:\n\n**Question 1:** Who is Ben?\n**Answer 1:** Anna's child.\n\n"
        "**Question 2:** Where is Oslo?\n**Answer 2:** In Norway.\n\nLet me know if you need more!",
        "1. **Who is Ben?**\n   Anna's child.\n2. **Where is Oslo?**\n   In Norway.",
        "- Who is Ben? Anna's child.\n- Where is Oslo? In Norway.",
        '[{"question": "Who is Ben?", "answer": "Anna\'s child."}, {"question": "Where is Oslo?", "answer": "In Norway."}]',
    ],
)
def test_questions_are_read_in_any_layout(answer):
    assert QuestionsAnswers("qa").parse(answer) == [
        "Q: Who is Ben? A: Anna's child.",
        "Q: Where is Oslo? A: In Norway.",
    ]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("Anna, Ben, Oslo, and Norway", ["Anna", "Ben", "Oslo", "Norway"]),
        ("Anna (person), Ben (person), Oslo (city)", ["Anna", "Ben", "Oslo"]),
        ("Here are the entities:\n- Anna (person)\n- Ben [person]", ["Anna", "Ben"]),
        ("Sure! Here are the entities in the document:\n\n1. Anna\n2. Ben", ["Anna", "Ben"]),
        ("The entities are: Anna, Ben.", ["Anna", "Ben"]),
        ("People: Anna, Ben\nPlaces: Oslo", ["Anna", "Ben", "Oslo"]),
        ("- **Anna**: the mother\n- Ben - a child\n- Springfield, Illinois", ["Anna", "Ben", "Springfield, Illinois"]),
        ('["Anna", "Ben"]', ["Anna", "Ben"]),
        ("NONE", []),
    ],
)
def test_entities_are_read_without_types_and_preamble(answer, found):
    assert names(answer) == found


def test_whole_texts_are_taken_without_preamble_and_closing_remark():
    text = "Norway is the country where Ben was born.\n\nHis mother is Anna."
    assert whole(f"Here is a short text on how they are related:\n\n{text}\n\nLet me know if it helps!") == [text]
    assert whole(f"<think>Hm.</think>\n{text}") == [text]
    assert whole("NONE (they are not related)") == []


TOLD = "Anna, who was born in Oslo, is the mother of Ben."
DOCUMENTS = pl.DataFrame({"doc_id": ["d", "e"], "text": [TOLD, "Oslo is in Norway."]})


def rows(operator, text, **facts):
    """Text and reason of all rows that an answer becomes; a fault of form has the check's reason."""
    asked = make_requests(DOCUMENTS, AugmentConfig(operators=(operator,)), "pico")
    base = dict.fromkeys(GENERATIONS) | {
        "request_id": asked.filter(source_text=TOLD)["request_id"][0],
        "sample": 0,
        "finish_reason": "stop",
    }
    answers = pl.DataFrame([base | {"text": text} | facts], schema=GENERATIONS)
    return make_inferences(asked, answers, "m").select("text", "reason").rows()


def test_an_answer_without_a_statement_says_why():
    nothing = [("", "the model found nothing to infer")]
    assert rows("reverse", "NONE (the statement cannot be turned around)") == nothing
    assert rows("qa", "NONE") == nothing
    assert rows("reverse", "Sure! Here are two reversals:") == [("", "unreadable")]
    assert rows("qa", "Anna is a mother.") == [("Anna is a mother.", "unreadable: an answer without a question")]
    assert rows("qa", "Q: Who is Ben?") == [("Who is Ben?", "unreadable: a question without an answer")]
    assert rows("link-trace", None, reasoning="Okay, so", finish_reason="length") == [("", "cut off in its reasoning")]
    assert rows("reverse", "<think>\nOkay, so", finish_reason="length") == [("", "cut off in its reasoning")]
    assert rows("entities", "- Anna") == [("", "its first step names too little to go on with")]
    assert rows("entities", "NONE") == nothing


def test_of_an_answer_that_runs_on_all_that_is_complete_is_kept():
    long = {"finish_reason": "length"}
    assert rows("reverse", f"- {BEN}\n\nStatement: Trains are fa", **long) == [(BEN, None)]
    assert rows("reverse", f"- {BEN}\n", **long) == [(BEN, None)]
    assert rows("reverse", f"- {BEN}\n- Ben is the", **long)[1] == ("Ben is the", "cut off by augment.max_tokens")
    assert rows("reverse", f'["{BEN}", "Ben is the', **long)[1] == ("Ben is the", "cut off by augment.max_tokens")
    assert rows("reverse", f'["{BEN}",', **long) == [(BEN, None)]
    assert rows("reverse", f"- {BEN}\n\nLet me know if you ne", **long) == [(BEN, None)]
    assert rows("qa", "Q: Who is Ben? A: Anna's child.\nQ: What is", **long)[1] == (
        "What is",
        "cut off by augment.max_tokens",
    )
    pair = """[{"question": "Who is Ben?", "answer": "Anna's child."}, {"question": "Where is Os"""
    assert rows("qa", pair, **long) == [
        ("Q: Who is Ben? A: Anna's child.", None),
        ("Where is Os", "cut off by augment.max_tokens"),
    ]
    told = "I learned earlier that Oslo is in Norway. Therefore Anna was born in Norway."
    assert rows("link-trace", f"{told}\n\nDocument: Fish", **long) == [(told, None)]
    assert rows("link-trace", told[:40], **long)[0][1] == "cut off by augment.max_tokens or text_tokens"


def test_a_half_name_is_no_entity():
    config = AugmentConfig(operators=("entities",))
    asked = make_requests(DOCUMENTS, config, "pico")
    base = dict.fromkeys(GENERATIONS) | {
        "request_id": asked.filter(source_text=TOLD)["request_id"][0],
        "sample": 0,
        "finish_reason": "length",
    }
    for text in ("- Anna\n- Ben\n- Os", "Anna, Ben, Os"):
        followed = follow_requests(asked, pl.DataFrame([base | {"text": text}], schema=GENERATIONS), config, "pico")
        assert followed.height == 1
