"""The verbs as functions, and the notebook that shows them; with the fake engine, and real trainings of two steps."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import forethought
from engine.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
FAKE = {"kind": "fake"}


def cells(text: str) -> list[str]:
    """The code cells of a notebook in the percent format."""
    parts = re.split(r"^# %%(.*)\n", text, flags=re.MULTILINE)
    return [code for head, code in zip(parts[1::2], parts[2::2], strict=True) if "[markdown]" not in head]


@pytest.mark.timeout(300)
def test_the_notebook_runs(tmp_path, monkeypatch):
    """Cell by cell; the parameters are replaced behind their cell, as papermill does it."""
    monkeypatch.chdir(tmp_path)
    code = cells((ROOT / "examples/notebook.py").read_text())
    space: dict = {}
    exec(code[0], space)
    assert space["model"] == "pico"
    assert space["engine"] == {"kv_cache_gib": 1}  # the real engine
    space |= {"engine": FAKE, "training": {"steps": 2, "batch": 2}, "facts": 2}
    for cell in code[1:]:
        exec(cell, space)
    assert space["inferences"].height == 2 * 10 * 2  # facts, articles, operators
    assert set(space["accuracy"]["adapter"]) == {"", "plain", "tuned"}
    assert space["accuracy"]["questions"].to_list() == [2] * 6
    answers = space["answers"]
    assert answers.height == 2 * 2 * 2 * 3
    assert answers.filter("chosen").height == 4 * 3
    assert (tmp_path / "notebook/tuned/adapter_model.safetensors").exists()


@pytest.mark.engine
def test_run_and_evaluate_return_accuracies(tmp_path):
    config = tmp_path / "small.yaml"
    config.write_text("seeds: [0]\nbenchmark: {facts: 9, articles: 2}\narms: [pretrained]\nengine: {kind: fake}\n")
    table = forethought.run(config, out=tmp_path, name="r", benchmark={"facts": 2}, arms=["pretrained", "icl"])
    assert set(table["arm"]) == {"ngrams", "pretrained", "icl"}
    assert table.filter(norm="sum")["n"].to_list() == [2] * 6
    assert (tmp_path / "r/report.html").exists()
    settings = {"out": tmp_path, "seeds": [0], "benchmark": {"facts": 2, "articles": 2}, "engine": FAKE}
    measured = forethought.evaluate("pico", **settings)
    assert measured.select("arm", "split", "norm", "accuracy").equals(table.select("arm", "split", "norm", "accuracy"))


@pytest.mark.engine
def test_score_says_what_could_not_be_scored():
    found = forethought.score(
        [{"stem": "glon are", "choices": [" less dangerous.", ""]}, {"stem": "a", "choices": [" b", " c"]}], engine=FAKE
    )
    assert found["question"].to_list() == [0, 0, 1, 1]
    assert found["chosen"].to_list()[:2] == [None, None]
    assert found["chosen"].to_list()[2:] in ([True, False], [False, True])
    assert found["error"].is_not_null().to_list() == [False, True, False, False]


@pytest.mark.engine
def test_score_says_of_an_item_without_choices_that_it_has_none():
    items = pl.DataFrame(
        {"stem": ["a", "b"], "choices": [["x"], None]}, schema_overrides={"choices": pl.List(pl.String)}
    )
    found = forethought.score(items, engine=FAKE)
    assert found.select("stem", "choice", "error").rows() == [("a", "x", None), ("b", None, "the item has no choices")]


def test_mistakes_are_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r"the settings: there is no setting augment.sample; choose from teacher"):
        forethought.augment("x", augment={"sample": 2})
    with pytest.raises(UserError, match="no file or folder nowhere"):
        forethought.augment("nowhere")
    with pytest.raises(UserError, match="lack choices; they have stem"):
        forethought.score([{"stem": "x"}])
    with pytest.raises(UserError, match="is not an adapter folder"):
        forethought.score([{"stem": "x", "choices": ["a"]}], adapters=[tmp_path])
    with pytest.raises(UserError, match=r"Cannot read nowhere.yaml"):
        forethought.run("nowhere.yaml")
    with pytest.raises(AttributeError, match="forethought has no 'rain'; it has augment, evaluate, run, score, train"):
        _ = forethought.rain
    with pytest.raises(ImportError):
        exec("from forethought import rain")


def test_importing_forethought_loads_nothing():
    code = "import sys, forethought; print([m for m in sys.modules if m.split('.')[0] in ('polars', 'pydantic', 'eval', 'torch')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"
    assert len((ROOT / "forethought/__main__.py").read_text().splitlines()) < 30
    code = "import sys; from forethought import augment; print([m for m in sys.modules if m in ('torch', 'vllm', 'ray', 'trl')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


def test_every_function_says_what_it_gives():
    for name in forethought.__all__:
        function = getattr(forethought, name)
        assert "eturns" in function.__doc__
        assert function.__annotations__["return"] in (pl.DataFrame, dict[str, Any])
