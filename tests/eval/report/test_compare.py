"""Runs side by side, from folders that are made up."""

import json
from itertools import pairwise

import polars as pl
import pytest
from html_tags import Tags
from made_up import RATES, made_up
from pages import finished_run

from engine.errors import UserError
from eval.measure.accuracy import interval, paired_difference, summarise, unpaired_difference
from eval.report.compare import compare, read_runs
from forethought.cli import run
from forethought.verbs import compare as verb

ANSWERS = made_up(norms=("sum", "token"))
BETTER = made_up({"reversal": RATES["reversal"] | {"finetuned": 0.9}}, norms=("sum",))
HOSTILE = "<script>alert(1)</script>|*"


def others(answers: pl.DataFrame) -> pl.DataFrame:
    """The same answers, to other questions."""
    return answers.with_columns(question_id="other-" + pl.col("question_id"))


@pytest.fixture
def two(tmp_path):
    first = finished_run(tmp_path / "first", ANSWERS, train={"steps": 200})
    return [first, finished_run(tmp_path / "second", BETTER, train={"steps": 400}, engine={"replicas": 2})]


def found(*folders):
    return compare(read_runs([str(folder) for folder in folders]))


def cell(comparison, arm, split="reversal"):
    return next(row for row in comparison["rows"] if (row["split"], row["arm"]) == (split, arm))


def test_the_same_questions_are_compared_one_by_one(two):
    comparison = found(*two)
    (gap,) = cell(comparison, "finetuned")["difference"]
    both = [ANSWERS.filter(arm="finetuned").with_columns(arm=pl.lit("a")), BETTER.filter(arm="finetuned")]
    expected = paired_difference(pl.concat(both), "finetuned", "a", "reversal", "sum")
    assert gap == {**vars(expected), "paired": True}
    assert gap["low"] > 0.2
    assert "finetuned on reversal by +" in comparison["answer"]
    assert comparison["answer"].startswith("1 of 5 accuracies differs from first")
    assert cell(comparison, "icl", "rephrasing")["difference"] == [None]  # the second run has no such split
    assert cell(comparison, "finetuned")["accuracy"][0] == summarise(ANSWERS).row(
        by_predicate=(pl.col("arm") == "finetuned") & (pl.col("split") == "reversal") & (pl.col("norm") == "sum"),
        named=True,
    )


def test_other_questions_are_compared_by_their_accuracies_and_that_is_said(tmp_path, two):
    unlike = finished_run(tmp_path / "unlike", others(BETTER))
    comparison = found(two[0], unlike)
    (gap,) = cell(comparison, "finetuned")["difference"]
    assert not gap["paired"]
    assert gap["n"] == 600
    assert any("unpaired" in note for note in comparison["notes"])
    assert not any("unpaired" in note for note in found(*two)["notes"])


def test_questions_without_a_partner_are_counted(tmp_path, two):
    part = BETTER.filter((pl.col("arm") != "icl") | (pl.col("question_id") != "q0"))
    unscored = part.with_columns(correct=pl.when(pl.col("question_id") != "q1").then(pl.col("correct")))
    comparison = found(two[0], finished_run(tmp_path / "part", unscored))
    seeds = ANSWERS["seed"].n_unique()
    row = cell(comparison, "icl")
    assert row["difference"][0]["paired"]
    assert row["unpaired"] == [2 * seeds]
    assert cell(comparison, "finetuned")["unpaired"] == [seeds]
    (said,) = [note for note in comparison["notes"] if "only one of the two runs" in note]
    assert f"{2 * seeds} of icl on reversal" in said
    assert not any("only one of the two runs" in note for note in found(*two)["notes"])


@pytest.mark.parametrize("cluster", ["one", None])
def test_too_few_clusters_give_no_interval_of_no_width(tmp_path, cluster):
    answers = [table.with_columns(cluster=pl.lit(cluster, dtype=pl.String)) for table in (ANSWERS, BETTER)]
    comparison = found(*(finished_run(tmp_path / name, table) for name, table in zip("ab", answers, strict=True)))
    (gap,) = cell(comparison, "finetuned")["difference"]
    assert gap["low"] < gap["difference"] < gap["high"]
    assert (gap["low"], gap["high"]) == (-1, 1) if cluster else gap["high"] - gap["low"] < 0.3


def test_unpaired_interval_is_newcombes():
    """The example of Newcombe 1998, table II: 56/70 - 48/80."""
    rows = [{"accuracy": 56 / 70, "low": 0.6917, "high": 0.8770, "n": 70}]
    rows.append({"accuracy": 48 / 80, "low": 0.4904, "high": 0.7004, "n": 80})
    gap = unpaired_difference(*rows)
    assert (round(gap.difference, 4), round(gap.low, 3), round(gap.high, 3)) == (0.2, 0.052, 0.334)


def test_settings_and_costs_that_differ_are_shown(two):
    comparison = found(*two)
    assert {row["setting"]: row["values"] for row in comparison["settings"]} == {
        "engine.replicas": ["1", "2"],
        "train.steps": ["200", "400"],
    }
    costs = {row["what"]: row["values"] for row in comparison["cost"]}
    assert costs["total time"] == [90.0, 90.0]
    assert costs["tokens written to augment"] == [90, 90]
    assert costs["finetuned: tokens trained on, per seed"] == [9000, 9000]


def test_three_runs_are_compared_with_the_first(tmp_path, two):
    comparison = found(*two, finished_run(tmp_path / "third", ANSWERS))
    near, same = cell(comparison, "finetuned")["difference"]
    assert near["low"] > 0.2
    assert same["low"] < same["difference"] == 0 < same["high"]  # trained anew they might differ


def test_different_benchmarks_are_allowed_and_said(tmp_path, two):
    other = finished_run(tmp_path / "other", others(BETTER), benchmark={"name": "semantic"}, model="some/model")
    said = " ".join(found(two[0], other)["warnings"])
    assert "different benchmarks (first has reversals and other has semantic)" in said
    assert "different models" in said


def test_runs_without_common_arms_have_no_answer(tmp_path, two):
    apart = finished_run(tmp_path / "apart", BETTER.with_columns(split=pl.lit("syllogism")))
    assert "no scored arm and split in common" in found(two[0], apart)["answer"]


def test_files_hold_what_the_terminal_shows(tmp_path, two, capsys):
    evil = finished_run(tmp_path / "evil", BETTER, model=HOSTILE)
    files = {kind: tmp_path / f"out/compare.{kind}" for kind in ("html", "markdown", "json")}
    arguments = [argument for kind, path in files.items() for argument in (f"--{kind}", str(path))]
    assert run(["compare", str(two[0]), str(evil), *arguments]) == 0
    told = capsys.readouterr().out
    html, markdown, data = (path.read_text() for path in files.values())
    figure = interval(cell(json.loads(data), "finetuned")["accuracy"][1])
    assert figure.split()[0] in told
    assert figure.split()[0] in html
    assert figure.replace("[", r"\[").replace("]", r"\]") in markdown
    Tags(html)
    assert "<script" not in html
    assert "<script" not in markdown
    assert not [line for line in markdown.splitlines() if line.startswith("|") and not line.endswith("|")]
    tables = [line.count("|") - line.count(r"\|") for line in markdown.splitlines()]
    assert all(a == b for a, b in pairwise(tables) if a and b)  # every row of a table has as many cells


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ([], "compare needs at least two finished runs"),
        (["first"], "compare needs at least two finished runs"),
        (["first", "./first"], "is given twice"),
        (["first", "nowhere"], "is not a run: it has no config.json"),
        (["first", "halfway"], "halfway is not finished (it has no results.json): `forethought run"),
        (["first", "torn"], "torn cannot be read"),
        (["first", "second", "--html", "first/config.json/x.html"], "write"),
    ],
)
def test_mistakes_are_told_in_one_sentence(two, tmp_path, monkeypatch, capsys, broken, message):
    monkeypatch.chdir(tmp_path)
    for name in ("halfway", "torn"):
        finished_run(tmp_path / name, BETTER)
    (tmp_path / "halfway/results.json").unlink()
    (tmp_path / "torn/results.json").write_text("{")
    assert run(["compare", *broken]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_runs_of_one_name_are_told_apart(tmp_path):
    folders = [finished_run(tmp_path / side / "run", BETTER) for side in "ab"]
    assert [run.name for run in read_runs([str(f) for f in folders])] == [str(f) for f in folders]


def test_a_job_is_the_same_from_python(two, capsys):
    verb.run(verb.Job(runs=tuple(map(str, two))))
    assert "settings that differ" in capsys.readouterr().out
    with pytest.raises(UserError):
        verb.run(verb.Job())


def test_a_dry_run_names_the_files_and_writes_none(tmp_path, two, capsys):
    page = tmp_path / "out/compare.html"
    assert run(["compare", *map(str, two), "--html", str(page), "--dry-run"]) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert f"2 runs, 10 pairs of split and arm to set side by side; would write {page}" in told
    assert not page.parent.exists()
    assert run(["compare", *map(str, two), "--json", str(tmp_path / "first/config.json/x"), "--dry-run"]) == 2
