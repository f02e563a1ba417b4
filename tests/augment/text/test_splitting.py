"""Paragraphs are not cut where a full stop ends nothing."""

import pytest

from augment.text.splitting import one_line, sentences


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("We set $x = 3.5. y$ and go on.", "en"),
        ("Use java.util.List and java.util.Map.", "en"),
        ("It runs on ASP.NET and .NET today.", "en"),
        ("Running ./easyrsa and ../b.sh will ask.", "en"),
        ("So say Lee et al. [2011] and others.", "en"),
        ("Lee et al. (2011) say so.", "en"),
        ("Call `a. B. c` first.", "en"),
        ('"天很冷。"她说。', "zh"),
        ("“天很冷。”她说。", "zh"),
        ('"天很冷。"她说。', "en"),
    ],
)
def test_sentences_that_stay_whole(sentence, language):
    assert sentences(sentence, language) == [sentence]
    if language == "en" and sentence.isascii():
        assert sentences(f"{sentence} Next one.", language) == [sentence, "Next one."]


def test_what_looks_alike_is_cut():
    assert sentences("It costs $5. They pay $6. End.", "en") == ["It costs $5.", "They pay $6.", "End."]
    assert sentences("他说：“天很冷。”她走了。", "zh") == ["他说：“天很冷。”", "她走了。"]
    assert sentences("It sank.[1] Then rest.", "en") == ["It sank.[1]", "Then rest."]


def test_lines_that_end_within_a_word():
    assert one_line("a well-\nknown man, pre-\nand post-war") == "a well-known man, pre- and post-war"
