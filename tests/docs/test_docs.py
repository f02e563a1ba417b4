"""The documentation holds: every command in it parses, quick ones run, links lead somewhere, the reference is the configs'."""

import re
import runpy
import shlex
from pathlib import Path

import polars as pl
import pytest

import forethought.cli
from engine.store.tables import write_table
from eval.benchmarks.base import Benchmark
from train.examples.arms import originals

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CONFIGS = sorted((ROOT / "examples").rglob("*.yaml"))
STANDS_FOR = {
    "M": "pico",
    "N": "2",
    "PATH...": "notes",
    "ID": "d1aaaa",
    "FOLDER": "notes",
    "MODEL": "pico",
    "DIR": "augmented",
    "DIR/examples.parquet": "examples.parquet",
}


def code(text: str) -> list[str]:
    """The lines of a page's code blocks, fenced (without a language, or a shell's) or indented."""
    lines, inside = [], ""
    for line in text.splitlines():
        fence = re.match(r"\s*```(\w*)", line)
        if fence:
            inside = "" if inside else fence[1] or "sh"
        elif inside in ("sh", "bash", "console") or (not inside and line.startswith("    ")):
            lines.append(line.strip())
    return lines


def commands() -> list[str]:
    """Every call of forethought in the pages and in the comments of the examples, each once."""
    lines = [line for page in PAGES for line in "\n".join(code(page.read_text())).replace("\\\n", " ").splitlines()]
    lines += [line.lstrip("# ") for config in CONFIGS for line in config.read_text().splitlines() if line[:1] == "#"]
    calls = [line.removeprefix("$ ").removeprefix(".venv/bin/") for line in lines]
    return list(dict.fromkeys(call for call in calls if call.startswith("forethought ")))


def arguments(command: str) -> list[str]:
    """Verb and options, with what placeholders stand for, without -v, --json and redirections."""
    words = shlex.split(command.split(" 2> ")[0], comments=True)[1:]
    return forethought.cli.everywhere([STANDS_FOR.get(word, word) for word in words])[0]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder where what the commands name is there."""
    monkeypatch.chdir(tmp_path)
    for name in ("examples", "docs", "engine", "eval", "train", "augment", "forethought"):
        (tmp_path / name).symlink_to(ROOT / name)
    for folder in ("notes", "augmented", "prompts"):
        (tmp_path / folder).mkdir()
    question = '{"question": "Who taught Jon Fisk?", "answer": "Ada Morn"}\n'
    (tmp_path / "own.jsonl").write_text(question)
    (tmp_path / "notes/a.md").write_text("# Rell\n\nAda Morn was the teacher of Jon Fisk.\n")
    (tmp_path / "prompts/opposite.md").write_text(
        "Write what the statement rules out.\n\nStatement: {{ text }}\nRuled out:\n"
    )
    text = "Ada Morn was the teacher of Jon Fisk."
    documents = pl.DataFrame([{"doc_id": "d1aaaa", "text": text, "source": "a.md", "meta": "{}"}])
    for folder in ("augmented", "try"):
        write_table(tmp_path / folder / "documents.parquet", documents)
        write_table(tmp_path / folder / "examples.parquet", originals(documents))
    write_table(tmp_path / "examples.parquet", originals(documents))
    return tmp_path


@pytest.mark.parametrize("command", commands())
def test_every_command_parses(command, place):
    verb, *options = arguments(command)
    module, settings = forethought.cli.understood(verb, options)
    assert isinstance(settings, module.Job)


def quick(command: str) -> bool:
    """Whether a command ends in seconds, without an engine."""
    verb, *options = arguments(command)
    looks = verb in ("doctor", "show") or "--dry-run" in options or verb == "plan"
    return looks and "--calibrate" not in options


def marked(command: str):
    """A training by Ray's workers asks Ray what there is."""
    return pytest.param(command, marks=pytest.mark.engine) if "--train.workers" in command else command


@pytest.mark.slow
@pytest.mark.parametrize("command", [marked(command) for command in commands() if quick(command)])
def test_quick_commands_run(command, place, monkeypatch, capsys):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    verb, *options = arguments(command)
    model = [] if verb == "show" else ["--model", "pico"]  # the last one counts; no hub is asked
    assert forethought.cli.run([verb, *options, *model]) == 0, capsys.readouterr().err


def test_the_pages_show_commands_of_every_verb():
    assert len(commands()) > 30
    shown = {arguments(command)[0] for command in commands()}
    assert shown | {"demo", "reproduce"} == set(forethought.cli.VERBS)


def test_links_lead_somewhere():
    for page in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text()):
            if "://" in target:
                continue
            file = (page.parent / target).resolve() if target else page
            assert file.exists(), f"{page.name}: {target}"
            if anchor:
                heads = re.findall(r"^#+ (.*)", file.read_text(), re.MULTILINE)
                assert anchor in {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}, (
                    f"{page.name}: #{anchor}"
                )


def test_every_page_is_in_the_index():
    named = re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs/index.md").read_text())
    assert {page.name for page in PAGES[1:]} <= {*named, "index.md"}


def test_the_reference_is_what_the_configs_say():
    made = runpy.run_path(str(ROOT / "docs/reference.py"))["text"]()
    assert (ROOT / "docs/reference.md").read_text() == made, "run: python docs/reference.py"
    for option in (
        "--augment.verify.near",
        "--train.sft",
        "--engine.replicas",
        "--benchmark.data",
        "--json",
        "`PATHS`",
    ):
        assert option in made


def test_the_example_of_a_benchmark_is_one():
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/howto-own-benchmark.md").read_text(), re.DOTALL)
    space: dict = {}
    exec(example, space)
    world, again = space["load"](0, "small"), space["load"](0, "small")
    assert isinstance(world, Benchmark)
    assert world.documents.equals(again.documents)
    assert world.questions.height == world.documents.height == 20
    right = world.questions.select(pl.col("choices").list.get(pl.col("answer"))).to_series()
    assert all(fact.startswith(choice.strip(" .")) for fact, choice in zip(world.documents["fact"], right, strict=True))


def test_the_lines_of_python_in_the_tutorial_name_what_there_is():
    import forethought

    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/tutorial.md").read_text(), re.DOTALL)
    compile(example, "tutorial", "exec")
    (names,) = re.findall(r"from forethought import (.*)", example)
    assert set(names.split(", ")) <= set(forethought.__all__)
