"""A plan counts what is asked, and what cannot be asked is said before anything is trained."""

import re

import pytest

from eval.arms.items import items
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig, RunConfig
from eval.runs.reproduce import reproduce
from eval.runs.room import check_room
from forethought.cli import run


def figure(shown: str, pattern: str) -> int:
    found = re.search(pattern, " ".join(re.sub("[│┃]", " ", shown).split()))
    assert found, shown
    return int(found[1].replace(",", ""))


def planned(line: str, capsys) -> str:
    assert run(["plan", *line.split()]) == 0
    return capsys.readouterr().out


def test_every_context_of_retrieval_is_counted(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    line = (
        "--seeds 0 1 --benchmark.facts 6 --benchmark.articles 3 --arms pretrained icl retrieval --benchmark.retrieved 2"
    )
    shown = planned(line, capsys)
    drawn, expected = BenchmarkConfig(facts=6, articles=3), 0
    for seed in (0, 1):
        world = load(drawn, seed)
        expected += len(items(world, "icl", seed, None, 1, "pico")["prefix"][0]) // 4
        own = items(world, "retrieval", seed, None, 1, "pico", 2)["prefix"]
        assert own.n_unique() > 1
        expected += sum(len(text) // 4 for text in set(own))
    assert figure(shown, r"([\d,]+) of context") == expected
    assert figure(shown, r"([\d,]+) choices in 3 arms") == 2 * 3 * 12 * 2
    assert figure(planned(f"{line} --pmi", capsys), r"([\d,]+) choices in 3 arms") == 2 * 2 * 3 * 12 * 2


def test_contexts_of_own_documents_are_counted_though_their_questions_are_not_written(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    text = "Anna Berg founded the famous Heron Society in the old harbour of Oslo.\n"
    (tmp_path / "a.md").write_text(text)
    line = f"--benchmark documents --data {tmp_path} --seeds 0 --benchmark.questions 5"
    assert figure(planned(f"{line} --arms icl", capsys), r"([\d,]+) of context") == len(text) // 4
    shown = planned(f"{line} --arms retrieval", capsys)
    assert figure(shown, r"([\d,]+) of context") == round(15 * len(text.strip()) / 4)


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["run", "plan", "eval"])
def test_a_corpus_that_does_not_fit_into_the_context_is_said_first(verb, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run([verb, "--benchmark", "semantic", "--seeds", "0"]) == 2
    error = capsys.readouterr().err
    assert re.search(r"The documents have 1\d,\d{3} tokens and pico takes 8,192 with the question", error)
    assert "choose a smaller benchmark.size, or a model that takes more" in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_documents_that_are_found_and_do_not_fit_are_said_too():
    drawn = {"name": "semantic", "size": "small", "retrieved": 240}
    config = RunConfig.model_validate({"benchmark": drawn, "arms": ("retrieval",), "seeds": (0,)})
    with pytest.raises(
        ValueError, match=r"What the arm retrieval puts before a question has .* lower benchmark.retrieved"
    ):
        check_room(config, {0: load(config.benchmark, 0)})
    fine = config.model_copy(update={"benchmark": BenchmarkConfig(name="semantic", size="small")})
    check_room(fine, {0: load(fine.benchmark, 0)})


def test_reproduce_checks_all_data_sets_before_the_first_is_trained(tmp_path):
    first = RunConfig(name="reversals", out=tmp_path, benchmark=BenchmarkConfig(facts=2, articles=1), seeds=(0,))
    long = first.model_copy(update={"name": "semantic", "benchmark": BenchmarkConfig(name="semantic")})
    with pytest.raises(ValueError, match=r"choose a smaller benchmark\.size"):
        reproduce([first, long])
    assert not list(tmp_path.iterdir())
