"""Lines of pages to paragraphs: divided words, page and column breaks, what runs through the pages."""

import pytest

from augment.reading.formats.layout import as_markdown
from augment.reading.formats.running import Line, Page, without_running
from augment.text.pages import MARK
from augment.text.sentences import split_sentences


def line(text, top=100.0, left=72.0, right=500.0, size=10.0, bold=False, code=False):
    return Line(text, left, right, top, top + size, size, bold, code)


def block(*texts, top=100.0, **more):
    return [line(text, top + 12 * n, **more) for n, text in enumerate(texts)]


def page(*blocks, number=1):
    return Page(f"page {number}", 800, list(blocks))


def text(*blocks):
    return as_markdown([page(*blocks)]).replace(MARK, "")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("the commit-", "tee met"), "the committee met"),
        (("the well-known", "one is well-", "known now"), "the well-known one is well-known now"),
        (("a real world", "in the real-", "world case"), "a real world in the real-world case"),
        (("THE DIS-", "CLAIMER holds"), "THE DISCLAIMER holds"),
        (("in 2019-", "2020 it rose"), "in 2019-2020 it rose"),
        (("by Smith-", "Jones it was"), "by Smith-Jones it was"),
        (("a soft\u00ad", "ened word"), "a softened word"),
        (("火星是", "红色的"), "火星是红色的"),
        (("one word", "and the next"), "one word and the next"),
    ],
)
def test_lines_are_joined(lines, found):
    assert text(block(*lines)) == found


def test_a_sentence_goes_on_over_a_page_and_its_mark_stands_where_the_page_begins():
    first = page(block("The committee bought the island of Tuva from the commit-"))
    second = page(block("ment of the crown. Then it sold it."), number=2)
    assert as_markdown([first, second]) == (
        f"{MARK}The committee bought the island of Tuva from the commitment{MARK} of the crown. Then it sold it."
    )


def test_a_column_that_ends_within_a_sentence_goes_on_in_the_next():
    left = block("The harbour of Lund was built by Carl Dahl, who", top=600.0, right=290.0)
    right = block("Paid for it himself. So he was poor.", top=100.0, left=310.0, right=540.0)
    assert text(left, right) == "The harbour of Lund was built by Carl Dahl, who Paid for it himself. So he was poor."


def test_headings_lists_code_and_paragraphs_are_told_apart():
    found = text(
        [line("Title", 60, size=20.0)],
        [line("Part", 90, size=14.0)],
        [line("Bold head", 120, bold=True), *block("Text begins here and goes on until the end", "of it.", top=132.0)],
        block("• One thing", "that is long", "• Another", top=170.0),
        block("def f():", "return 1", "f()", top=220.0, code=True),
        block("A paragraph ends early.", top=270.0, right=200.0)
        + block("The next one begins and is as wide as all.", top=282.0),
    )
    assert found.split("\n\n") == [
        "# Title",
        "## Part",
        "### Bold head",
        "Text begins here and goes on until the end of it.",
        "- One thing that is long",
        "- Another",
        "```\ndef f():\nreturn 1\nf()\n```",
        "A paragraph ends early.",
        "The next one begins and is as wide as all.",
    ]


def test_prose_in_letters_of_equal_width_is_no_code():
    lines = "The harbour of Lund was built by", "Carl Dahl in the year of the flood."
    assert text(block(*lines, code=True)) == " ".join(lines)
    assert text(block("for x in y: print(x + 1)", "z = {1: [2, 3]}", code=True)).startswith("```\nfor x")


def test_a_line_of_signs_begins_no_code():
    found = text(block("~~~~~~~~~~~~~~~~"), block("A sentence that is asked about.", top=200.0))
    assert split_sentences(found)[-1] == "A sentence that is asked about."
    assert text(block("one = 1", "```", "two = 2 + 1", code=True)).startswith("````\none = 1\n```\n")


def test_a_bullet_on_a_line_of_its_own_belongs_to_what_follows():
    assert text(block("•"), block("It is possible.", top=100.0, left=90.0)) == "- It is possible."


def report(number, *, last=False):
    head = [line("Annual report 2024", 40.0)]
    foot = [line(f"Page {number} of 9", 770.0)]
    body = block(f"Page body {number} says something of its own.", "It ends.", top=100.0)
    return Page(f"page {number}", 800, [head, body, foot])


def test_headers_and_page_numbers_go_and_are_told():
    pages, gone = without_running([report(n) for n in (1, 2, 3)])
    assert gone == ["Annual report #", "Page # of #"]
    assert [[entry.text for entry in found] for found in pages[1].blocks] == [
        ["Page body 2 says something of its own.", "It ends."]
    ]


def test_one_page_keeps_its_first_line():
    pages, gone = without_running([report(1)])
    assert gone == []
    assert len(pages[0].blocks) == 3


def test_a_line_that_comes_again_within_the_text_stays():
    pages = [
        Page(
            f"page {n}",
            800,
            [block("BZ_OK", "if all is well.", f"Text {n}.", top=40.0, size=10.0) + block("More.", top=400.0)],
        )
        for n in (1, 2, 3)
    ]
    assert (
        without_running(
            [Page(p.name, p.height, [[*p.blocks[0], *block(*["and so on"] * 20, top=76.0)]]) for p in pages]
        )[1]
        == []
    )


def test_titles_that_come_again_on_slides_stay():
    pages = [
        Page(
            f"page {n}",
            800,
            [[line("Results", 40.0, size=24.0)], block(f"Result {n} is a sentence of some length.", top=300.0)],
        )
        for n in (1, 2, 3)
    ]
    assert without_running(pages)[1] == []


def test_tables_of_contents_go():
    listed = block("1 Introduction ........ 3", "2 Methods . . . . . . . 14", top=200.0)
    assert text() == ""
    kept, _ = without_running([page(listed, block("A sentence stays.", top=400.0))])
    assert [entry.text for found in kept[0].blocks for entry in found] == ["A sentence stays."]
