"""The files of words: each loads, and says of its own words what they are."""

import pytest

from augment.checks.languages.lexicon import LANGUAGES, lexicon

WORDS = {
    "en": ("not", "may", "all", "most"), "de": ("nicht", "möglicherweise", "alle", "einige"), "fr": ("pas", "peut-être", "tous", "certains"),
    "es": ("nunca", "quizás", "todos", "algunos"), "fi": ("ei", "ehkä", "kaikki", "useimmat"), "ru": ("не", "возможно", "все", "некоторые"),
    "ko": ("않", "예정", "모든", "일부"), "zh": ("没", "可能", "所有", "一些"), "th": ("ไม่", "อาจ", "ทั้งหมด", "บาง"), "hi": ("नहीं", "शायद", "सभी", "कुछ"),
}  # fmt: skip


@pytest.mark.parametrize("language", sorted(path.stem for path in LANGUAGES.glob("*.yaml")))
def test_each_language_knows_its_words(language):
    words = lexicon(language)
    negation, unsure, every, some = WORDS[language]
    assert words.negation.search(negation)
    assert words.unsure.search(unsure)
    assert words.all.search(every)
    assert words.some.search(some)
    assert not any(pattern.search(some) for pattern in (words.negation, words.unsure, words.must))
    assert words.antonyms
    assert words.converses
    assert words.pronouns.pattern != "(?!)"


def test_names_of_no_file_are_no_language():
    assert lexicon("xx") is None
    assert lexicon("../en") is None
