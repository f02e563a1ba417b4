"""Questions keep their answers, and turns of a dialogue their speakers."""

import pytest

from augment.text.sentences import split_sentences


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Q: Who was it? A: Percival Birchwood.", ["Q: Who was it? A: Percival Birchwood."]),
        ("Q: Who?\nA: Ann. She left.\nQ: Why?\nA: So.", ["Q: Who? A: Ann. She left.", "Q: Why? A: So."]),
        ("Q: Who?\n\nA: Ann.\n\nIt ends.", ["Q: Who? A: Ann.", "It ends."]),
        ("- **Q:** Who?\n- **A:** Ann.", ["**Q:** Who? **A:** Ann."]),
        ("Question 1: Who?\nAnswer: Ann.", ["Question 1: Who? Answer: Ann."]),
        ("Frage: Wer?\nAntwort: Ann.", ["Frage: Wer? Antwort: Ann."]),
        ("问：谁？\n答：安。", ["问：谁？答：安。"]),
        ("Lead. Q: Who? A: Ann.", ["Lead.", "Q: Who? A: Ann."]),
        ("Q: Who?\n\nNobody knows.", ["Q: Who?", "Nobody knows."]),
        # an answer that can be understood alone
        ("Q: What are brela? A: brela are animals.", ["Q: What are brela?", "A: brela are animals."]),
        ("Vitamin A: it is good. So is Q.", ["Vitamin A: it is good.", "So is Q."]),
    ],
)
def test_a_question_with_its_answer_is_one_sentence(text, told):
    assert split_sentences(text) == told


def test_a_turn_keeps_its_speaker():
    assert split_sentences("Anna: Hi. I left.\nBen: So did I.") == ["Anna: Hi.", "Anna: I left.", "Ben: So did I."]
    text = "Anna: Hi. I left.\n\nBen: Why?\n\nThey sat down.\n\n**Anna**: No idea.\n\nBen: Ah. Well."
    assert split_sentences(text) == [
        "Anna: Hi.",
        "Anna: I left.",
        "Ben: Why?",
        "They sat down.",
        "**Anna**: No idea.",
        "Ben: Ah.",
        "Ben: Well.",
    ]


def test_a_colon_makes_no_speaker():
    assert split_sentences("Note: it is so. And so.") == ["Note: it is so.", "And so."]
    assert split_sentences("They are: red. Blue.\nSee https://x.y: it is there.")[0] == "They are: red."
