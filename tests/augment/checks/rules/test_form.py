"""Every reason for which an inference is rejected, and what is let through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.checks.rules.form import Form
from augment.text.words import content_words, normal

SOURCE = "Did you know that femp are more dangerous than glon?"
REVERSED = "glon are less dangerous than femp."


def reason(text, source=SOURCE, cut=False, corpus=(), language="en"):
    return Form([SOURCE, *corpus]).fault(text, source, cut, language=language)


@pytest.mark.parametrize(
    "text",
    [
        REVERSED,
        "Compared with femp, glon are less dangerous.",
        "glon, less dangerous: femp",
        "**glon** are less dangerous than `femp`!",
    ],
)
def test_an_inference_about_its_source_is_kept(text):
    assert reason(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("glon", "too short to say anything"),
        ("glon less", "too short to say anything"),
        ("...", "too short to say anything"),
        (SOURCE, "stated in the corpus"),
        ("did you  know that FEMP are more dangerous than glon", "stated in the corpus"),
        ("Paris is the lovely capital of France.", "shares too few words with its source"),
        ("glon " + "are less dangerous than femp " * 40, "much longer than its source"),
    ],
)
def test_reasons(text, expected):
    assert reason(text) == expected


def test_an_answer_that_was_cut_off_is_rejected_whatever_it_says():
    assert reason(REVERSED, cut=True) == "cut off by augment.max_tokens"


def test_a_sentence_of_another_document_is_no_inference():
    assert reason(REVERSED, corpus=["Glon are less dangerous than femp"]) == "stated in the corpus"


def test_the_second_of_two_is_a_duplicate_whatever_its_marks_and_case():
    form = Form([SOURCE])
    assert form.fault(REVERSED, SOURCE, False) is None
    assert form.fault("Glon are  less dangerous than femp!", SOURCE, False) == "duplicate"


def test_a_rejected_one_does_not_make_the_next_a_duplicate():
    form = Form([SOURCE])
    assert form.fault(REVERSED, SOURCE, True) is not None
    assert form.fault(REVERSED, SOURCE, False) is None


def test_texts_without_long_words_are_not_judged_by_words():
    assert reason("a b c d e", "Is it a b c?") is None


def test_chinese_and_japanese_are_judged_by_characters():
    source = "北京是中国的首都。"
    assert reason("中国的首都是北京。", source) is None
    assert reason("巴黎位于塞纳河边上", source) == "shares too few words with its source"
    assert reason("北京", source) == "too short to say anything"


@given(st.text())
def test_normal_is_the_same_when_repeated(text):
    assert normal(normal(text)) == normal(text)
    assert normal(f"  {text.upper().lower()}. ") == normal(text.upper().lower())


@given(st.text(), st.text(), st.booleans())
def test_any_text_is_judged_and_kept_at_most_once(text, source, cut):
    form = Form([source])
    first, second = form.fault(text, source, cut), form.fault(text, source, cut)
    assert second == ("duplicate" if first is None else first)


def test_content_words():
    assert content_words("The Cats saw 1234 under_scored naïveté 猫") == {"cats", "under", "scored", "naïveté", "猫"}


def test_synonyms_share_characters_in_chinese_and_korean():
    assert reason("消息说旧船卖给了希腊的船东", "该公司把三艘老旧货轮卖给了希腊船东", language="zh") is None
    assert (
        reason("화물 상자가 물속으로 떨어졌다.", "컨테이너 두 개가 바다에 빠졌으나 상한 사람은 없었다.", language="ko")
        is None
    )
