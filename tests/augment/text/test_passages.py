"""Long documents in passages, and repeated paragraphs."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.text.passages import drop_repeated, passages
from augment.text.sentences import units
from engine.errors import UserError


def count_words(text):
    return len(text.split())


words = st.sampled_from(
    ["Mars", "is", "red.", "It", "has", "two", "moons!", "火星是红色的。", "x" * 30, "- one", "e.g."]
)
joints = st.sampled_from([" ", " ", "\n", "\n\n", "\n\n# ", "\n- ", "\n\n> ", "\n\n```\n", "\r\n"])
texts = st.lists(st.tuples(words, joints), max_size=60).map(lambda pairs: "".join(a + b for a, b in pairs))


@settings(max_examples=60, deadline=None)
@given(texts, st.integers(3, 40), st.integers(0, 20), st.sampled_from([len, count_words]))
def test_no_passage_is_too_long_and_nothing_is_lost(text, most, overlap, tokens):
    overlap = min(overlap, most - 1)
    found = passages(text, tokens, most, overlap)
    assert all(tokens(p.text) <= most for p in found)
    assert all(text[p.start : p.end] == p.text == p.text.strip() for p in found)
    covered = set()
    for before, after in zip([None, *found], found, strict=False):
        assert before is None or (before.start < after.start and before.end < after.end)
        covered |= set(range(after.start, after.end))
    assert all(place in covered for place, character in enumerate(text) if not character.isspace())
    for unit in units(text):
        # a unit that fits stands whole in a passage
        if unit.kind == "sentence" and "\n" not in text and tokens(unit.text) < most:
            assert any(unit.text in p.text for p in found)


def test_passages_are_of_whole_sentences_and_repeat_the_last_ones():
    text = "# Mars\n\nMars is red. It has two\nmoons. Nobody lives there.\n\n- So far.\n- Or so they say."
    found = [p.text for p in passages(text, count_words, 9, 4)]
    assert found == [
        "# Mars\n\nMars is red. It has two\nmoons.",
        "It has two\nmoons. Nobody lives there.",
        "Nobody lives there.\n\n- So far.",
        "- So far.\n- Or so they say.",
    ]
    assert passages(text, count_words, 30)[0].text == text
    assert passages(" \n", count_words, 5) == []
    assert [p.text for p in passages("one two three four five. Six.", count_words, 2)] == [
        "one two",
        "three four",
        "five. Six.",
    ]


def test_passages_are_of_whole_rows_and_turns():
    text = "| Name | Moons |\n|---|---|\n| Mars | two of them |\n| Venus | none at all |\n\nAnna: Hi. I left.\nBen: Anna was here."
    assert [p.text for p in passages(text, count_words, 8)] == [
        "| Name | Moons |\n|---|---|",
        "| Mars | two of them |",
        "| Venus | none at all |",
        "Anna: Hi. I left.\nBen: Anna was here.",
    ]
    assert [p.text for p in passages("Anna: Hi. I left.\nBen: Anna was here.", count_words, 4)] == [
        "Anna: Hi. I left.",
        "Ben: Anna was here.",
    ]


def test_each_unit_is_counted_once_and_each_passage_once():
    counted = []

    def tokens(text):
        counted.append(text)
        return count_words(text)

    text = "Mars is red. It has two moons. " * 500
    found = passages(text, tokens, 50, 10)
    assert len(counted) == 1 + 1000 + len(found)


def test_passages_that_cannot_be_made():
    with pytest.raises(UserError, match="The passage overlap is 5 tokens: it must be at least 0 and less than the 5"):
        passages("text", count_words, 5, 5)
    with pytest.raises(UserError, match="Not even 'a' fits in a passage of 2 tokens"):
        passages("a b", lambda text: 3 * len(text), 2)


LICENCE = "Permission is granted to everyone to copy this document, on the condition that nothing in it is changed."


def test_repeated_paragraphs_stay_once_and_are_reported():
    texts = [f"Text {n}.\n\n{LICENCE}\n \n\nShort.\n\n  End {n}." for n in range(11)] + [LICENCE]
    documents = pl.DataFrame(
        {"doc_id": [f"d{n}" for n in range(12)], "text": texts, "source": [f"s{n}" for n in range(12)], "meta": "{}"}
    )
    kept, dropped = drop_repeated(documents)
    assert kept["text"].to_list() == [texts[0], *(f"Text {n}.\n\nShort.\n\n  End {n}." for n in range(1, 11))]
    assert kept.columns == documents.columns
    reason = "stands verbatim in 12 documents and came before"
    assert dropped.rows() == [(f"d{n}", f"s{n}", LICENCE, reason) for n in range(1, 12)]
    same, none = drop_repeated(documents.head(10))
    assert same.equals(documents.head(10))
    assert none.is_empty()
