"""The league of methods: which are asked for, and the page of a run whose answers are made up."""

import json
from itertools import pairwise

import polars as pl
import pytest

from augment.operators.registry import OPERATORS
from engine.store.records import write_json
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig, RunConfig
from eval.report.figures import Dot, Scatter, _heights, scatter
from eval.runs.league import BENCHMARKS, METHODS, methods_for, page, rows_of, settings_for, written_by
from train.examples.names import is_trained


def test_ten_methods_and_more_are_asked_of_either_model():
    assert len(methods_for("pico")) >= 10
    assert {"EntiGraph", "Active Reading", "fixed prompts"} <= {m.name for m in methods_for("m")} - {
        m.name for m in methods_for("pico")
    }
    assert len({m.arm for m in METHODS}) == len({m.name for m in METHODS}) == len(METHODS)
    assert all(is_trained(m.arm) for m in METHODS)
    assert {name for m in METHODS for name in m.operators} <= {*OPERATORS, "rephrase", "reverse"}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_all_methods_of_a_data_set_are_trained_on_as_many_tokens(name: str):
    config = RunConfig(model="pico", benchmark=BenchmarkConfig(name=name, size="small"))
    made = settings_for(config)
    RunConfig.model_validate(made.model_dump())  # arms, operators and lengths fit together
    assert made.train.tokens
    assert made.train.steps is None
    own = config.model_copy(update={"train": config.train.model_copy(update={"tokens": 7})})
    assert settings_for(own).train.tokens == 7


def test_methods_without_anything_to_ask_are_left_out():
    arms = {}
    for name in ("reversals", "semantic", "derivatoids"):
        config = RunConfig(model="pico", benchmark=BenchmarkConfig(name=name, size="small"))
        arms[name] = set(settings_for(config).arms)
    assert "finetuned+rephrase+reverse+deduce" in arms["semantic"] - arms["reversals"]  # documents of one sentence
    assert "finetuned+gold" in arms["reversals"] - arms["derivatoids"]
    assert all(len(some) >= 12 for some in arms.values())


def test_the_page_compares_methods_with_documents_alone(tmp_path):
    config = RunConfig(
        out=tmp_path, name="reversals", seeds=(0,), benchmark=BenchmarkConfig(name="reversals", size="small", facts=4)
    )
    asked = load(config.benchmark, 0).questions.select("question_id", "split")
    arms = {
        "pretrained": 0,
        "icl": 1,
        "finetuned": 0,
        "finetuned+rephrase+reverse": 1,
        "finetuned+identity": 1,
        "ngrams": 0,
    }
    rows = [
        {"arm": arm, "seed": 0, "norm": "sum", "correct": bool(right), "rank": 2.0 - right, "advantage": right - 0.5}
        | {"question_id": question, "split": split, "cluster": question}
        for arm, right in arms.items()
        for question, split in asked.iter_rows()
    ]
    run = tmp_path / "reversals"
    run.mkdir()
    pl.DataFrame(rows).write_parquet(run / "answers.parquet")
    jobs = [{"arm": arm, "steps": 9, "seconds": 2.5} for arm in arms if is_trained(arm)]
    trained = {arm: 100 for arm in arms if is_trained(arm)}
    write_json(run / "results.json", {"augmentation": {"train_tokens": trained}, "training": jobs})
    requests = pl.DataFrame({"request_id": ["a", "b", "c"], "operator": ["rephrase", "reverse", "qa"]})
    requests.write_parquet(run / "requests.parquet")
    found = rows_of(run, config)
    assert {row["arm"] for row in found} == set(arms) - {"ngrams"}
    local = next(row for row in found if row["method"] == "local" and row["judged"])
    assert (local["accuracy"], local["rank"], local["trained"], local["seconds"]) == (1, 1, 100, 2.5)
    assert local["difference"]["difference"] == 1
    lines = page(config, json.loads(json.dumps(found)))
    table = [line for line in lines if line.startswith("| local |")]
    assert len(table) == 2
    assert "+100.0" in table[0]
    assert "| +0.50 | 1.00 | 0 | 100 |" in table[0]


def test_tokens_written_are_counted_per_operator(tmp_path):
    assert written_by(tmp_path) == {}


def test_the_figure_shows_every_method(tmp_path):
    dots = [Dot("a", 0, 0.3), Dot("b", 12_345, 0.9)]
    scatter([Scatter("one", 0.25, dots), Scatter("two", None, [])], "Accuracy", tmp_path / "league.png")
    assert (tmp_path / "league.png").stat().st_size > 10_000


def test_names_in_the_figure_do_not_lie_on_each_other():
    dots = [Dot(str(n), tokens, 0.5 + n / 1000) for n in range(6) for tokens in (0, 10, 5000)]
    heights = _heights(dots)
    for tokens in (0, 10, 5000):
        own = sorted(h for dot, h in zip(dots, heights, strict=True) if dot.tokens == tokens)
        assert all(b - a > 0.039 for a, b in pairwise(own))
    assert _heights([Dot("a", 0, 0.3), Dot("b", 9000, 0.3)]) == [0.3, 0.3]
