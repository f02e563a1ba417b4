"""Prompt files as operators, and reading a model's answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.config import AugmentConfig
from augment.operators import SHIPPED, Operator, load_operators, parse
from engine.errors import UserError


def operators(names, folder=None):
    return load_operators(AugmentConfig(operators=names, prompts=folder))


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
        ("-", ["-"]),
        ("None of them is older than Rome.", ["None of them is older than Rome."]),
        ("- kept\n\nStatement: Trains are fast.\nReversals:\n- not ours", ["kept"]),
        ("Statement: at once", []),
        ("- The statement: it holds.", ["The statement: it holds."]),
        ("1912. The ship sank.", ["1912. The ship sank."]),
        ("3.5 million people live there.", ["3.5 million people live there."]),
        ("-5 degrees is cold.", ["-5 degrees is cold."]),
        ("- windows line\r\n- ends\r\n", ["windows line", "ends"]),
    ],
)
def test_parse(answer, found):
    assert parse(answer) == found


@given(st.text())
def test_parse_takes_any_text_and_gives_clean_lines(answer):
    for line in parse(answer):
        assert line == line.strip()
        assert line
        assert len(line.splitlines()) == 1
        assert line in answer


@given(st.lists(st.text("abc XYZ.", min_size=1).map(str.strip).filter(bool), max_size=5))
def test_parse_reads_back_a_list(lines):
    assert parse("".join(f"- {line}\n" for line in lines)) == lines


def test_the_shipped_operators_show_the_sentence_last():
    for operator in operators(tuple(p.stem for p in SHIPPED.glob("*.md"))):
        prompt = operator.render("femp are more dangerous than glon.")
        assert prompt.count("femp are more dangerous than glon.") == 1
        assert prompt.rsplit("Statement:", 1)[1].startswith(" femp are more dangerous than glon.\n")
        assert "{{" not in prompt


@given(st.text())
def test_a_sentence_is_shown_as_it_is(text):
    assert Operator("x", "<{{ text }}>").render(text) == f"<{text}>"


def test_an_unknown_operator_lists_the_choices(tmp_path):
    (tmp_path / "chain.md").write_text("Go on: {{ text }}")
    with pytest.raises(UserError, match=r"no operator 'foo'; choose from rephrase, reverse\."):
        operators(("rephrase", "foo"))
    with pytest.raises(UserError, match=r"choose from chain, rephrase, reverse\."):
        operators(("foo",), tmp_path)


def test_no_operator_at_all_lists_the_choices():
    with pytest.raises(UserError, match="empty; choose from rephrase, reverse"):
        operators(())


@pytest.mark.parametrize("prompt", ["Reverse this.", "Reverse {text}.", "Reverse {% if false %}{{ text }}{% endif %}."])
def test_a_prompt_must_show_the_sentence(tmp_path, prompt):
    (tmp_path / "mine.md").write_text(prompt)
    with pytest.raises(UserError, match=r"mine\.md never shows the sentence; put \{\{ text \}\}"):
        operators(("mine",), tmp_path)


@pytest.mark.parametrize("prompt", ["{{ text", "{{ sentence }} {{ text }}", "{% for %}"])
def test_a_broken_template_is_a_users_error(tmp_path, prompt):
    (tmp_path / "mine.md").write_text(prompt)
    with pytest.raises(UserError, match=r"mine\.md is no valid template"):
        operators(("mine",), tmp_path)


def test_a_users_folder_adds_and_replaces_operators(tmp_path):
    (tmp_path / "reverse.md").write_text("My reversal of {{ text }}")
    (tmp_path / "chain.md").write_text("My chain from {{ text }}")
    reverse, chain, rephrase = operators(("reverse", "chain", "rephrase"), tmp_path)
    assert reverse.render("it") == "My reversal of it"
    assert chain.render("it") == "My chain from it"
    assert rephrase == operators(("rephrase",))[0]


def test_a_missing_folder_of_prompts_is_named(tmp_path):
    with pytest.raises(UserError, match=r"there is no folder .*nowhere"):
        operators(("reverse",), tmp_path / "nowhere")
