"""Sentences and the other units of Markdown and plain text."""

import time

import pytest

from augment.text.sentences import Unit, placed_units, rows_without_header, split_sentences, targets, units

MARKDOWN = """\
# Olympus Mons #

Dr. Smith saw it,
e.g. from Rome. **It is old.** Nobody climbed it.

Height
------

- [x] It is tall. It is wide
  and flat.
  1. inner
* last

| planet | moons |
|:-------|------:|
| Mars   | 2     |

> Quoted. Twice.

```python
x = 1.  # A. B

y = 2
```

    Indented prose. More.
"""


def test_markdown_units():
    assert units(MARKDOWN) == [
        Unit("Olympus Mons", "heading"),
        Unit("Dr. Smith saw it, e.g. from Rome.", "sentence"),
        Unit("**It is old.**", "sentence"),
        Unit("Nobody climbed it.", "sentence"),
        Unit("Height", "heading"),
        Unit("It is tall.", "item"),
        Unit("It is wide and flat.", "item"),
        Unit("inner", "item"),
        Unit("last", "item"),
        Unit("planet | moons", "header"),
        Unit("Mars: moons 2.", "row"),
        Unit("Quoted.", "sentence"),
        Unit("Twice.", "sentence"),
        Unit("```python\nx = 1.  # A. B\n\ny = 2\n```", "code"),
        Unit("Indented prose.", "sentence"),
        Unit("More.", "sentence"),
    ]


def test_rows_of_a_table_without_its_header_are_not_asked_about():
    text = "| Mars | 2. Small. |\n  |Venus|0|\n\nSay | this.\n\n|x - y|\n\n| `a` | | 1 |"
    assert units(text) == [
        Unit("Mars | 2. Small.", "table"),
        Unit("Venus | 0", "table"),
        Unit("Say | this.", "sentence"),
        Unit("|x - y|", "sentence"),
        Unit("`a` | 1", "table"),
    ]
    assert split_sentences(text) == ["Say | this.", "|x - y|"]
    assert rows_without_header(text) == 3


def test_sentences_items_and_rows_are_asked_about():
    expected = [unit.text for unit in units(MARKDOWN) if unit.kind in ("sentence", "item", "row")]
    assert split_sentences(MARKDOWN) == expected
    assert "Olympus Mons" not in expected


@pytest.mark.parametrize(
    "mark",
    [
        "`require('semver/functions/lte')`",
        "`pre<user-defined>`",
        "/usr/local/bin:/usr/bin:/bin",
        "For example, if your package.json contains this:",
        "E.g. to install and then switch to the latest 3.10 release:",
        "Here are some of the types that implement Copy:",
        "See [`Dispatcher.stream(options, factory[, callback])`](Dispatcher.md#dispatcherstreamoptions-factory-callback).",
        "**How is drift detected?** ",
    ],
)
def test_what_says_nothing_alone_is_not_asked_about(mark):
    assert units(f"- {mark}\n- A lion roars. {mark}") == [
        Unit(mark.strip(), "mark"),
        Unit("A lion roars.", "item"),
        Unit(mark.strip(), "mark"),
    ]


@pytest.mark.parametrize(
    "said",
    [
        "`*` := `>=0.0.0` (any version)",
        "`posttest` runs `test`.",
        "Helper constants are exported to provide information about what `node-semver` supports:",
        "See [the manual](manual.md) for its limits.",
        "It is red/green/blue.",
        "Here is the rule: a lion roars.",
    ],
)
def test_what_says_something_with_code_or_a_link_is_asked_about(said):
    assert units(said) == [Unit(said, "sentence")]


def test_a_paragraph_in_bold_type_is_a_heading_of_the_lowest_level():
    text = "# A\n\n**So it goes**\n\nOne.\n\n**It ends.**\n\n## B\n\nTwo."
    assert [(placed.unit.text, placed.unit.kind, placed.headings) for placed in placed_units(text)] == [
        ("A", "heading", ()),
        ("So it goes", "heading", ("A",)),
        ("One.", "sentence", ("A", "So it goes")),
        ("**It ends.**", "sentence", ("A", "So it goes")),
        ("B", "heading", ("A",)),
        ("Two.", "sentence", ("A", "B")),
    ]


def test_every_unit_knows_the_headings_above_it_and_its_block():
    text = "Lead.\n\n# Mars\n\nRed. Small.\n\n### Moons\n\n- Two.\n\n## Air\n\nThin.\n\n# Venus\n\nHot."
    assert [(placed.unit.text, placed.headings, placed.block) for placed in placed_units(text)] == [
        ("Lead.", (), 0),
        ("Mars", (), 2),
        ("Red.", ("Mars",), 4),
        ("Small.", ("Mars",), 4),
        ("Moons", ("Mars",), 6),
        ("Two.", ("Mars", "Moons"), 8),
        ("Air", ("Mars",), 10),
        ("Thin.", ("Mars", "Air"), 12),
        ("Venus", (), 14),
        ("Hot.", ("Venus",), 16),
    ]


@pytest.mark.parametrize("text", ["", "  \n\n ", "---\n\n***\n"])
def test_nothing_to_split(text):
    assert units(text) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Smith met Ms. Lee and Prof. Ito.",
        "Use a tool, e.g. this one, i.e. the first.",
        "It lies approx. 5 km off, see Fig. 3 and Eqs. 4 of vol. 2.",
        "The U.S. Congress met at 5 p.m. on Jan. 5 with J. K. Rowling.",
        "Lampinen et al. 2025 report 3.14 on a.example.com.",
    ],
)
def test_abbreviations_do_not_split(sentence):
    assert split_sentences(f"{sentence} Next one.") == [sentence, "Next one."]


def test_chinese_and_japanese_are_found_by_script():
    assert split_sentences("今天天气\n很好。我们去公园吧！你想去吗？好的") == [
        "今天天气很好。",
        "我们去公园吧！",
        "你想去吗？",
        "好的",
    ]
    assert split_sentences("彼は言った。そうですか？はい！\n\nA word. 本 is one.") == [
        "彼は言った。",
        "そうですか？",
        "はい！",
        "A word.",
        "本 is one.",
    ]


def test_other_languages():
    assert split_sentences("Das ist z.B. gut. Er kam am 3. Mai.", "de") == ["Das ist z.B. gut.", "Er kam am 3. Mai."]


def test_a_year_that_looks_like_a_list_number_is_kept():
    assert split_sentences("1912. The ship sank. Many died.\n\n1913. Peace.") == [
        "1912. The ship sank.",
        "Many died.",
        "1913. Peace.",
    ]


def test_time_grows_with_the_length_of_white_space_only_linearly():
    start = time.perf_counter()
    assert split_sentences("a" + " " * 100_000 + "b \n c.")[0].endswith("b c.")
    assert time.perf_counter() - start < 5


def test_modes_of_targets():
    text = "# Mars\n\nMars is red. It has moons.\n\n- So far. 火星。好。"
    assert targets(text, "none") == [("", text)]
    assert targets(text, "independent")[:2] == [("", "Mars is red."), ("", "It has moons.")]
    assert targets("Mars is red.\n\n# So\n\n- It has moons.\n- Two.", "cumulative") == [
        ("", "Mars is red."),
        ("Mars is red.", "It has moons."),
        ("Mars is red. It has moons.", "Two."),
    ]
    assert targets("火星。很红。好。", "cumulative")[-1] == ("火星。很红。", "好。")
    assert targets(" ", "none") == targets("# Mars", "cumulative") == []


@pytest.mark.parametrize(
    "text", ["今天天气很好。我们去公园吧！你想去吗？", 'He said: "So it is." (Really.) Next, e.g. Dr. Lee. ']
)
def test_long_paragraphs_are_split_as_short_ones(text):
    assert split_sentences(text * 400) == split_sentences(text) * 400
