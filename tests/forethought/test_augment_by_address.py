"""A teacher on the command line: documents to inferences through an address, without Ray, and what mistakes look like."""

import json
from pathlib import Path

import polars as pl
import pytest
from fake_address import FakeAddress, error, prompt_of, serving

from engine import address
from engine.worker import address_engine
from forethought.cli import run

pytestmark = pytest.mark.slow  # many jobs from their start to their end

TEXT = (
    "The Astra lighthouse stands on the northern cape. It was built by Ilse Brandt in 1871. Its lamp burns whale oil.\n"
)


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    for name, value in {"ROW_SECONDS": 1.0, "GONE_SECONDS": 1.5, "DELAYS": (0.02, 0.1)}.items():
        monkeypatch.setattr(address_engine, name, value)
    monkeypatch.setattr(address, "DEAF_SECONDS", 0.2)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "notes.md").write_text(TEXT)
    return tmp_path / "notes.md"


def teach(server: FakeAddress) -> None:
    """Answers that a strong model might give: a statement about the lighthouse."""

    def say(body):
        said = "On the northern cape stands the Astra lighthouse." if "northern cape" in prompt_of(body) else "NONE"
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 50}}
        return {"choices": [{"message": {"content": said}, "finish_reason": "stop"}], "usage": usage}

    server.say = say


def augment(notes: Path, server: str, *more: str) -> int:
    out = notes.parent / "out"
    return run(["augment", str(notes), "--teacher", server, "--out", str(out), *more])


def test_an_address_writes_the_inferences(notes: Path, capsys):
    with serving(models=("org/strong",)) as server:
        teach(server)
        prices = ("--augment.prices.prompt", "1", "--augment.prices.output", "1000", "--formats", "text", "hub")
        assert augment(notes, server.url, *prices) == 0
        asked = sum(server.answered.values())
        assert augment(notes, server.url, *prices) == 0
        assert sum(server.answered.values()) == asked  # a rerun asks nothing
    out, shown = notes.parent / "out", capsys.readouterr().err
    found = pl.read_parquet(out / "inferences.parquet")
    assert found["model"].unique().to_list() == ["org/strong"]
    assert found.filter("kept")["text"].to_list() == ["On the northern cape stands the Astra lighthouse."]
    assert f"teacher: org/strong at {server.url} writes, pico is the student" in shown
    assert "the check entailment is left out" in shown
    dollars = asked * (100 + 20 * 1000) / 1e6
    assert f"wrote {asked * 20}: ${dollars:,.2f}" in shown
    assert "- Model: org/strong" in (out / "hub" / "README.md").read_text()
    body = server.bodies[0]
    assert body["model"] == "org/strong"
    assert body["response_format"]["type"] == "json_schema"


def test_the_key_stands_nowhere(notes: Path, monkeypatch, capsys):
    monkeypatch.setenv("OPENAI_API_KEY", "s3cret-key")
    with serving() as server:
        server.key = "s3cret-key"
        teach(server)
        assert augment(notes, server.url) == 0
        server.key = "another"
        assert augment(notes, server.url, "--augment.seed", "1") == 2
    told = capsys.readouterr()
    assert "refuses the key in the environment variable OPENAI_API_KEY" in told.err
    assert "s3cret-key" not in told.err + told.out
    for file in (notes.parent / "out").rglob("*"):
        assert file.is_dir() or b"s3cret-key" not in file.read_bytes()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--teacher-model", "other"), "has no model 'other': set --teacher-model to one of fake-teacher"),
        (("--augment.teacher", "http://ann:pw@127.0.0.1/v1"), "put the key in the environment variable"),
        (("--augment.teacher", "http://127.0.0.1:9/v1"), "cannot be reached"),
    ],
)
def test_mistakes_are_a_sentence(notes: Path, options, told, capsys):
    with serving() as server:
        assert augment(notes, server.url, *options) == 2
    shown = capsys.readouterr().err
    assert told in shown
    assert "Traceback" not in shown
    assert "pw@" not in shown


def test_a_key_that_is_revoked_ends_the_job_and_the_next_call_goes_on(notes: Path, capsys):
    with serving() as server:
        teach(server)
        server.fault = lambda number, body: error(401, "revoked") if number > 2 else None
        assert augment(notes, server.url, "--engine.shard-rows", "1") == 2
        sent = sum(server.answered.values())
        server.fault = lambda number, body: None
        assert augment(notes, server.url, "--engine.shard-rows", "1") == 0
        again = sum(server.answered.values()) - len(server.answered)
        assert again <= sent == 2  # at most what was on its way when the job ended
    assert "asks for a key" in capsys.readouterr().err


def test_a_server_that_vanishes_is_a_sentence(notes: Path, capsys):
    with serving() as server:
        server.fault = lambda number, body: error(502, "bad gateway")
        assert augment(notes, server.url) in (1, 3)
    shown = capsys.readouterr().err
    assert "answers 502: bad gateway" in shown
    assert "Traceback" not in shown


def test_a_dry_run_says_what_it_would_cost(notes: Path, capsys):
    price = ("--augment.prices.prompt", "1000", "--augment.prices.output", "1000", "--dry-run")
    with serving() as server:
        assert augment(notes, server.url, *price) == 0
        assert not server.bodies
    assert ", at most $" in capsys.readouterr().err
    assert not (notes.parent / "out").exists()


def test_a_plan_names_the_teacher_and_its_price(tmp_path: Path, capsys):
    (tmp_path / "notes.md").write_text(TEXT)
    config = {
        "benchmark": {"name": "documents", "data": str(tmp_path / "notes.md")},
        "arms": ["pretrained", "finetuned+local"],
    }
    (tmp_path / "run.yaml").write_text(json.dumps(config))
    with serving() as server:
        options = ["--teacher", server.url, "--augment.prices.prompt", "1", "--out", str(tmp_path / "runs")]
        assert run(["plan", str(tmp_path / "run.yaml"), *options]) == 0
    shown = capsys.readouterr().out
    assert "teacher_model: fake-teacher" in shown
    assert ", at most $" in " ".join(shown.split())


def test_a_teacher_on_engines_of_its_own_writes_and_the_student_reads(notes: Path, own_ray):
    """Two models on fake engines, one after the other: what is written is the teacher's, what is scored the student's."""
    out, log = notes.parent / "out", notes.parent / "student.log"
    fake = ["--model", f"fake:log={log}", "--engine.kind", "fake", "--out", str(out), "--augment.operators", "rephrase"]
    assert run(["augment", str(notes), "--teacher", "fake:turn=1", *fake]) in (0, 3)
    found = pl.read_parquet(out / "inferences.parquet")
    assert found["model"].unique().to_list() == ["fake:turn=1"]
    asked = {line.split("/")[0] for line in log.read_text().splitlines() if "/" in line}
    written = {file.stem.removeprefix("part-") for file in (out / "generations").glob("part-*")}
    scored = {file.stem.removeprefix("part-") for file in out.glob("verify/*/part-*")}
    assert written
    assert scored
    assert asked == scored  # the student was asked for nothing but scores
