"""Prompt files and plug-ins as operators."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.config import AugmentConfig
from augment.operators.base import Record
from augment.operators.registry import is_global, load_operators, names
from augment.operators.templates import content
from engine.errors import UserError


def operators(names, folder=None):
    return load_operators(AugmentConfig(operators=names, prompts=folder))


@pytest.mark.parametrize("name", ["rephrase", "reverse", "deduce", "qa", "entities", "study", "link", "link-trace"])
def test_a_shipped_operator_shows_its_text_last(name):
    (operator,) = operators((name,))
    (asked,) = operator.requests(Record("femp are more dangerous than glon.", context="trusk are rare."))
    assert [turn["role"] for turn in asked][::2] == ["user"] * (len(asked) // 2 + 1)
    prompt = content(asked)
    assert prompt.count("femp are more dangerous than glon.") == 1
    head, tail = prompt.rsplit("femp are more dangerous than glon.", 1)
    assert head.endswith(("Statement: ", "Document: "))
    assert tail.startswith("\n")
    assert tail.endswith(":")
    assert "{{" not in prompt
    assert is_global(name) == ("trusk are rare." in prompt) == name.startswith("link")


@given(st.text())
def test_a_sentence_is_shown_as_it_is(text):
    with TemporaryDirectory() as folder:
        Path(folder, "x.md").write_text("<{{ text }}>")
        (operator,) = operators(("x",), Path(folder))
        assert operator.requests(Record(text)) == [f"<{text}>"]


def test_turns_of_a_prompt_file_become_chat_messages(tmp_path):
    text = "system:\nBe short.\nuser: \nTurn {{ text }}\n\nassistant:\n- a\n\nuser:\n{{ text }}?\n"
    (tmp_path / "mine.md").write_text(text)
    (operator,) = operators(("mine",), tmp_path)
    (asked,) = operator.requests(Record("a line\nassistant:\nof it"))  # is no turn
    said = ["Be short.", "Turn a line\nassistant:\nof it", "- a", "a line\nassistant:\nof it?"]
    assert [turn["content"] for turn in asked] == said
    assert [turn["role"] for turn in asked] == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize(
    "prompt", ["assistant:\n{{ text }}", "user:\na\nuser:\n{{ text }}", "{{ text }}\nassistant:\na"]
)
def test_turns_alternate_and_the_last_is_the_users(tmp_path, prompt):
    (tmp_path / "mine.md").write_text(prompt)
    with pytest.raises(UserError, match=r"mine\.md must begin and end with a user turn, and turns must alternate"):
        operators(("mine",), tmp_path)


def test_an_unknown_operator_lists_the_choices(tmp_path):
    (tmp_path / "chain.md").write_text("Go on: {{ text }}")
    with pytest.raises(UserError, match=r"no operator 'foo'; choose from connect, deduce, entities, .*study\."):
        operators(("rephrase", "foo"))
    with pytest.raises(UserError, match=r"choose from chain, connect, deduce, entities"):
        operators(("foo",), tmp_path)


def test_no_operator_at_all_lists_the_choices():
    with pytest.raises(UserError, match="empty; choose from connect, deduce, entities"):
        operators(())


def test_the_second_files_of_operators_are_none_of_their_own():
    known = "connect deduce entities fixed-prompts identity link link-trace qa repeat rephrase reverse reverse-training shuffle study"
    assert names(AugmentConfig()) == known.split()


@pytest.mark.parametrize("prompt", ["Reverse this.", "Reverse {text}.", "Reverse {% if false %}{{ text }}{% endif %}."])
def test_a_prompt_must_show_the_sentence(tmp_path, prompt):
    (tmp_path / "mine.md").write_text(prompt)
    with pytest.raises(UserError, match=r"mine\.md never shows the sentence; put \{\{ text \}\}"):
        operators(("mine",), tmp_path)


def test_the_prompt_of_a_global_operator_must_show_the_context(tmp_path):
    (tmp_path / "link.md").write_text("Link {{ text }}")
    with pytest.raises(UserError, match=r"link\.md never shows the context; put \{\{ context \}\}"):
        operators(("link",), tmp_path)


@pytest.mark.parametrize("prompt", ["{{ text", "{{ sentence }} {{ text }}", "{% for %}"])
def test_a_broken_template_is_a_users_error(tmp_path, prompt):
    (tmp_path / "mine.md").write_text(prompt)
    with pytest.raises(UserError, match=r"mine\.md is not a valid template"):
        operators(("mine",), tmp_path)


def test_a_users_folder_adds_and_replaces_operators(tmp_path):
    (tmp_path / "reverse.md").write_text("My reversal of {{ text }}")
    (tmp_path / "chain.md").write_text("My chain from {{ document }}")
    reverse, chain, rephrase = operators(("reverse", "chain", "rephrase"), tmp_path)
    it = Record("it")
    assert (reverse.scope, reverse.requests(it)) == ("sentence", ["My reversal of it"])
    assert (chain.scope, chain.requests(it)) == ("document", ["My chain from it"])
    assert rephrase.requests(it) == operators(("rephrase",))[0].requests(it)


PLUGIN = """
from augment.operators.base import Operator

class Years(Operator):
    scope = "document"

    def requests(self, record):
        return ["When was what?\\n\\n" + record.text]

    def parse(self, answer):
        return [line for line in super().parse(answer) if any(c.isdigit() for c in line)]

class NoOperator:
    pass
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A distribution with plug-ins, as an installer would leave it."""
    (tmp_path / "years_plugin.py").write_text(PLUGIN)
    info = tmp_path / "years_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: years-plugin\nVersion: 1.0\n")
    points = ["years = years_plugin:Years", "bad = years_plugin:NoOperator", "gone = nowhere_to_be_found:Years"]
    (info / "entry_points.txt").write_text("\n".join(["[forethought.operators]", *points, "qa = years_plugin:Years"]))
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("installed")
def test_a_plug_in_is_an_operator():
    (years,) = operators(("years",))
    assert (years.name, years.scope) == ("years", "document")
    assert years.requests(Record("Rome fell in 476.")) == ["When was what?\n\nRome fell in 476."]
    assert years.parse("- 476: Rome falls.\n- Nobody knows.") == ["476: Rome falls."]
    assert not is_global("years")
    assert {"years", "bad", "gone"} <= set(names(AugmentConfig()))


@pytest.mark.usefixtures("installed")
def test_faulty_plug_ins_are_named_and_shipped_operators_stay():
    with pytest.raises(UserError, match=r"operator bad \(years_plugin:NoOperator\) is not a subclass"):
        operators(("bad",))
    with pytest.raises(UserError, match=r"operator gone \(nowhere_to_be_found:Years\) cannot be loaded: No module"):
        operators(("gone",))
    assert type(operators(("qa",))[0]).__name__ == "QuestionsAnswers"


def test_a_missing_folder_of_prompts_is_named(tmp_path):
    with pytest.raises(UserError, match=r"there is no folder .*nowhere"):
        operators(("reverse",), tmp_path / "nowhere")
