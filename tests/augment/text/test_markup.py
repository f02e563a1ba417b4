"""What is no prose is not asked about, and nothing else is lost with it."""

import pytest

from augment.text.markup import as_markdown
from augment.text.sentences import split_sentences, units


@pytest.mark.parametrize(
    "text",
    [
        "![d](x.png)",
        "[![build](b.svg)](https://x.y/z)",
        "<!-- TODO -->",
        "<!-- TODO: first.\n\nThen this. -->",
        "$$",
        "$$\nx = 3.5. y\n$$",
        "$$ E = mc^2 $$",
        "\\[\nx = y.\n\\]",
        "\\begin{align*}\nx &= y.\n\\end{align*}",
        "!",
        "[^1]",
        "[1]_",
        "- [Storage](#storage)\n- [Home](index.html)",
        "**Common errors**",
        "__Who founded it?__",
        "For example:",
        "The following are equivalent::",
        "**Original owners:**",
        "例如：",
        ":tocdepth: 2",
        "csvreader.line_num",
        "csv.reader(file, dialect='excel', **options)",
        "exception csv.Error",
        "<https://x.y/z>",
        '<div align="center">\n<img src="x.png" width="3">\n</div>',
        ".. image:: x.png\n   :alt: A. B.",
        ".. code-block:: python\n\n   Code. More.\n\n   x = 1",
        ".. _label:\n\n.. [1] A note.\n\n.. |so| replace:: This.",
        ".. A comment. Yes.\n   Over lines.",
        ".. toctree::\n   :maxdepth: 2\n\n   one\n   two",
        ":PROPERTIES:\n:ID: 12. A.\n:END:",
        "#+TITLE: So it is.\n#+begin_src python\nCode. More.\n#+end_src\n# A comment. Yes.",
    ],
)
def test_what_is_no_prose_is_not_asked_about(text):
    assert split_sentences(text) == []
    assert split_sentences(f"Before it.\n\n{text}\n\nBehind it.") == ["Before it.", "Behind it."]
    assert as_markdown(f"a\n\n{text}\n\nb").count("\n") == f"a\n\n{text}\n\nb".count("\n")


def test_what_stands_in_a_sentence_is_no_reason_to_drop_it():
    assert split_sentences(
        "It sank.[^1] See ![d](x.png) the <b>end</b>. <!-- why --> So.\n\n[^1]: By Lee. Page 3."
    ) == [
        "It sank.",
        "See  the <b>end</b>.",
        "So.",
        "By Lee.",
        "Page 3.",
    ]


def test_bodies_of_directives_that_are_text_stay():
    text = ".. note:: Mind this.\n   It matters.\n\n.. function:: f(x)\n   :module: m\n\n   Give it all. It works.\n\nExample::\n\n   f(1)\n\nEnd."
    assert split_sentences(text) == ["Mind this.", "It matters.", "Give it all.", "It works.", "End."]


def test_headings_of_rst_and_org():
    rst = "=====\nBook\n=====\n\nLead.\n\nPart\n====\n\nOne.\n\nSmall\n~~~~~\n\nTwo.\n\nNext\n====\n\nThree.\n"
    assert [(unit.text, unit.kind) for unit in units(rst)] == [
        ("Book", "heading"),
        ("Lead.", "sentence"),
        ("Part", "heading"),
        ("One.", "sentence"),
        ("Small", "heading"),
        ("Two.", "sentence"),
        ("Next", "heading"),
        ("Three.", "sentence"),
    ]
    assert [line for line in as_markdown(rst).splitlines() if line.startswith("#")] == [
        "# Book",
        "## Part",
        "### Small",
        "## Next",
    ]
    org = "#+title: T\n* TODO Mars :red:\nSCHEDULED: <2020-01-01>\nIt is red.\n** Moons\n- Two.\n"
    assert as_markdown(org) == "\n# Mars\n\nIt is red.\n## Moons\n- Two.\n"


def test_code_is_left_as_it_is():
    code = "```\n<!-- kept -->\n$$\n.. note:: x\n* a\n```\n\nText.\n\n~~~\nTitle\n====\n~~~"
    assert as_markdown(code) == code


def test_a_mark_that_is_never_closed_takes_nothing_out():
    text = "<!-- So it is.\n\n$$\n\nThen this.\n\n:PROPERTIES:\n\nAnd that."
    assert {"Then this.", "And that."} <= set(split_sentences(text))


def test_tables_of_rst_and_org():
    simple = "=====  =====\nName   Moons\n=====  =====\nMars   2\nVenus  0\n=====  =====\n"
    grid = "+-----+-----+\n| Name| Moons |\n+=====+=====+\n| Mars| 2 |\n+-----+-----+\n| Venus| 0 |\n+-----+-----+\n"
    org = "| Name | Moons |\n|------+-------|\n| Mars | 2 |\n| Venus | 0 |\n"
    for table in (simple, grid, org):
        assert split_sentences(table) == ["Mars: Moons 2.", "Venus: Moons 0."]
    wrapped = "=====  =====\nName   Moons\n=====  =====\nMars   2, of\n       note\n=====  =====\n"
    assert split_sentences(wrapped) == []
