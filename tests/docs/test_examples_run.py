"""Every configuration of examples/ runs, in small and whole; the embedded model in the real engine, where it can answer.

The notebook is in test_api.py, examples/cluster in test_cluster_examples.py and test_three_nodes.py.
"""

import json
from pathlib import Path

import pytest
from scripted_engine import ScriptedPool, write_documents
from small_celebrities import small

from engine.errors import UserError
from eval.config import RunConfig
from eval.runs.run import run_job
from forethought.settings import parse
from forethought.verbs import reproduce
from forethought.verbs.run import Job

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SMALL = ["--seeds", "0", "--train.steps", "2", "--train.batch", "4"]


def settings(name: str, out: Path, *options: str) -> RunConfig:
    """The example with the embedded model, in small."""
    job = parse(Job, [str(EXAMPLES / name), *SMALL, "--model", "pico", "--out", str(out), *options], "run")
    return RunConfig.model_validate({name: getattr(job, name) for name in RunConfig.model_fields})


def arms_of(run: Path) -> set[str]:
    """The arms that have results, of which all questions were scored."""
    rows = json.loads((run / "results.json").read_text())["rows"]
    assert all(row["unscored"] == 0 < row["n"] for row in rows)
    assert (run / "report.html").stat().st_size > 0
    return {row["arm"] for row in rows} - {"ngrams"}


def test_none_is_forgotten():
    here = Path(__file__).read_text()
    assert all(f'"{path.name}"' in here for path in EXAMPLES.glob("my-*.yaml"))
    assert {path.name for path in EXAMPLES.glob("*") if path.suffix in (".yaml", ".py")} >= {
        "celebrities.yaml",
        "notebook.py",
    }


@pytest.mark.timeout(600)
def test_celebrities(pool, tmp_path):
    config = settings("celebrities.yaml", tmp_path, "--data", str(small(tmp_path / "files")))
    assert arms_of(run_job(config, pool)) == set(config.arms)


@pytest.mark.timeout(600)
def test_my_model(pool, tmp_path):
    config = settings("my-model.yaml", tmp_path, "--benchmark.facts", "3", "--benchmark.articles", "2")
    assert arms_of(run_job(config, pool)) == set(config.arms)


def test_my_documents_with_the_embedded_model_end_as_the_file_says(pool, tmp_path):
    config = settings("my-docs.yaml", tmp_path, "--data", str(EXAMPLES.parent / "docs"))
    with pytest.raises(UserError, match=r"None of the \d+ questions that pico was asked for passed the checks"):
        run_job(config, pool)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["my-docs.yaml", "my-docs-gpu.yaml"])
def test_my_documents(name, tmp_path):
    """With questions that a script writes, as the embedded model knows no English."""
    config = settings(name, tmp_path, "--data", str(write_documents(tmp_path / "mine")), "--engine.kind", "fake")
    assert arms_of(run_job(config, ScriptedPool())) == set(config.arms)


@pytest.mark.parametrize("methods", [[], ["--methods"]])
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("paper/*.yaml")), ids=lambda path: path.stem)
def test_the_papers_data_sets_on_other_models(path: Path, methods: list[str], capsys):
    job = parse(
        reproduce.Job, [str(path), *methods, "--model", "fake", "--engine.kind", "fake", "--seeds", "0"], "reproduce"
    )
    runs = reproduce.runs_of(job)
    assert [config.name for config in runs] == list(job.benchmarks)
    for config in runs:
        assert RunConfig.model_validate(config.model_dump()).arms == config.arms
    reproduce.run(job.model_copy(update={"dry_run": True, "benchmarks": ("reversals",), "size": "small"}))
    assert "train finetuned" in capsys.readouterr().out
