"""What stands on stderr and what in the log file: alone, with -v, with --json; a real augmentation with the fake engine."""

import contextlib
import json
import logging
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from engine.console import NOISE, console, log_to
from engine.driver.progress import Progress
from engine.errors import UserError
from engine.worker.actor import Status
from forethought.cli import everywhere, run
from forethought.terminal import quiet, shown_as

ROOT = Path(__file__).resolve().parents[2]


def noise() -> None:
    """What packages do: handlers of their own, Python's logs and warnings, and plain lines."""
    logging.StreamHandler().emit(logging.makeLogRecord({"msg": "a handler of its own"}))
    logging.getLogger("package").info("a log")
    warnings.warn("a warning", stacklevel=1)
    print("a line", file=sys.stderr)


NOISES = ("a handler of its own", "INFO package: a log", "UserWarning: a warning", "a line")


@pytest.mark.parametrize("loud", [False, True])
def test_others_write_to_the_log_file_and_with_v_to_both(tmp_path, capsys, loud):
    with warnings.catch_warnings(), shown_as(loud, False), quiet("forethought x"):
        warnings.simplefilter("always")
        warnings.showwarning = lambda *args, **_: print(warnings.formatwarning(*args[:4]), file=sys.stderr)
        noise()
        assert not list(tmp_path.iterdir())  # a job that turns out to be a mistake leaves nothing
        log_to(tmp_path / "run/log.txt")
        console.print("ours")
        noise()
    shown, log = capsys.readouterr().err, (tmp_path / "run/log.txt").read_text()
    assert "ours\n" in shown
    assert "ours" not in log
    assert "forethought x\n" in log.splitlines(keepends=True)[0]
    for text in NOISES:
        assert log.count(text) == 2
        assert shown.count(text) == (2 if loud else 0)
    print("later", file=sys.stderr)
    assert capsys.readouterr().err == "later\n"


def test_handlers_that_outlive_the_job_write_to_stderr_again(tmp_path, capsys):
    with quiet():
        log_to(tmp_path / "log.txt")
        handler = logging.StreamHandler()
        assert handler.stream is NOISE
    handler.emit(logging.makeLogRecord({"msg": "after"}))
    assert capsys.readouterr().err == "after\n"
    assert not (tmp_path / "log.txt").exists()


def test_what_was_kept_is_shown_when_a_job_crashes_and_not_for_a_mistake(capsys):
    def fail(error: Exception) -> str:
        with contextlib.suppress(type(error)), quiet("command"):
            print("cause", file=sys.stderr)
            raise error
        return capsys.readouterr().err

    assert fail(ZeroDivisionError()) == "cause\n"
    assert fail(UserError("One sentence.")) == ""


def test_for_machines_every_line_is_an_object(capsys):
    with shown_as(False, True), quiet():
        console.print("[bold]two[/]\nlines")
        with Progress("generate", 10) as progress:
            progress.add(Status(rows=4, prompt_tokens=80, cached_tokens=20, output_tokens=8))
    first, second, last = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first, second) == ({"message": "two"}, {"message": "lines"})
    assert last["seconds_left"] >= 0
    assert last | {"stage": "generate", "done": 4, "total": 10, "cache_hit_rate": 0.25} == last
    assert run(["--json", "frob"]) == 2
    assert json.loads(capsys.readouterr().err)["error"].startswith("There is no verb 'frob'")


def test_where_the_shared_options_may_stand():
    assert everywhere(["run", "a.yaml", "-v", "--json"]) == (["run", "a.yaml"], True, True)
    assert everywhere(["-v", "--json", "bench", "score"]) == (["bench", "score"], True, True)
    assert everywhere(["bench", "--json", "f.json"]) == (["bench", "--json", "f.json"], False, False)
    assert everywhere(["doctor", "--json", "f.json", "--verbose"]) == (["doctor", "--json", "f.json"], True, False)
    assert everywhere(["--help"]) == (["--help"], False, False)
    assert everywhere([]) == ([], False, False)


@pytest.mark.timeout(300)
def test_a_whole_augmentation(tmp_path):
    """In a process of its own, as a user starts it: only objects on stderr, and in the log what Ray says of an engine that dies."""
    (tmp_path / "a.txt").write_text("femp are more dangerous than glon.")
    options = ["--out", str(tmp_path / "out"), "--engine.kind", "fake", "--model", "fake:die=glon", "--json"]
    options += ["--augment.operators", "reverse"]
    command = [sys.executable, "-m", "forethought", "augment", str(tmp_path / "a.txt"), *options]
    given = {k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"} | {"PYTHONWARNINGS": "always"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, env=given)
    assert done.returncode == 3, done.stderr  # what kills the engine could not be answered
    objects = [json.loads(line) for line in done.stderr.splitlines()]
    stages = [one["stage"] for one in objects if "stage" in one]
    assert "augment" in stages
    assert any("inferences from 1 documents" in one.get("message", "") for one in objects)
    assert "forethought augment" in (tmp_path / "out/log.txt").read_text()
    assert done.stdout == ""
    assert "worker died" in (tmp_path / "out/log.txt").read_text()


def test_no_module_writes_to_stderr_by_itself():
    """It would land in the log file: `engine.console.console` is the way."""
    own = re.compile(r"Console\([^)]*stderr|file=sys\.stderr|sys\.stderr\.write")
    files = [
        p for folder in ("engine", "augment", "train", "eval", "forethought") for p in (ROOT / folder).rglob("*.py")
    ]
    found = [str(p.relative_to(ROOT)) for p in files if own.search(p.read_text())]
    assert found == [], found
