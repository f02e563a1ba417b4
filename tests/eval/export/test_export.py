"""Exported benchmarks: lm-evaluation-harness and our engine agree item by item, and `datasets` reads the files back."""

from dataclasses import replace

import datasets
import polars as pl
import pytest
import yaml
from conftest import PICO
from small_celebrities import small

from engine.errors import UserError
from eval.arms.items import items, normed
from eval.benchmarks import celebrities, reversals
from eval.benchmarks.base import context
from eval.benchmarks.derivatoids import world as derivatoids
from eval.benchmarks.fictional import world as fictional
from eval.benchmarks.semantic import world as semantic
from eval.benchmarks.syllogisms import world as syllogisms
from eval.export.data_set import COLUMNS, data_set
from eval.export.files import write
from eval.export.harness import task_folder
from forethought.settings import parse
from forethought.verbs.export import Job, command, run

NAMES = ("reversals", "celebrities", "syllogisms", "semantic", "fictional", "derivatoids")
ARMS = ("pretrained", "icl")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """Part of a draw of every benchmark: two questions per split, and the documents about four facts."""
    folder = small(tmp_path_factory.mktemp("originals"))
    whole = [
        reversals.load(0, facts=10),
        celebrities.load(0, folder),
        *(module.load(0, "small") for module in (syllogisms, semantic, fictional, derivatoids)),
    ]
    found = {}
    for world in whole:
        facts = world.documents["fact"].unique(maintain_order=True).head(4)
        documents = world.documents.filter(pl.col("fact").is_in(facts.implode()))
        questions = world.questions.group_by("split", maintain_order=True).head(2)
        found[world.name] = replace(world, documents=documents, questions=questions)
    return found


@pytest.fixture(scope="module")
def scored(worlds, pool, tmp_path_factory):
    """The harness's results on all exported tasks, and our items and scores of the same questions."""
    from lm_eval.evaluator import evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    folder = tmp_path_factory.mktemp("export")
    asked = []
    for name, world in worlds.items():
        for arm in ARMS:
            prefix = context(world.documents, 0, 1) if arm == "icl" else ""
            write(folder / "made" / f"{name}-{arm}", task_folder(world, f"{name}_{arm}", prefix, "by a test"))
            asked.append(items(world, arm, 0, None, 1, "pico").with_columns(pl.lit(f"{name}_{arm}").alias("group")))
    (folder / "made").rename(folder / "moved")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "cache")
        tasks = TaskManager(include_path=str(folder / "moved"), include_defaults=False)
        loaded = tasks.load([f"{name}_{arm}" for name in NAMES for arm in ARMS])
    model = HFLM(pretrained=str(PICO), dtype="float32", device="cpu", batch_size=8)
    result = evaluate(model, loaded, bootstrap_iters=0)
    table = pl.concat(asked)
    return result, table, pool.score(table, folder / "scores")


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("name", NAMES)
def test_the_harness_agrees_item_by_item(worlds, scored, name, arm):
    result, table, scores = scored
    table = table.filter(group=f"{name}_{arm}")
    assert scores["error"].null_count() == scores.height
    values = normed(scores, table).sort("choice").group_by("item_id", "norm").agg("value")
    ours = {(identity, norm): found for identity, norm, found in values.iter_rows()}
    for split in worlds[name].chance:
        samples = result["samples"][f"{name}_{arm}_{split}"]
        assert len(samples) == 2
        for sample in samples:
            (row,) = table.filter(question_id=sample["doc"]["question_id"]).iter_rows(named=True)
            theirs = [value for value, _ in sample["filtered_resps"]]
            assert theirs == pytest.approx(ours[row["item_id"], "sum"], abs=1e-3)
            assert theirs.index(max(theirs)) == ours[row["item_id"], "sum"].index(max(ours[row["item_id"], "sum"]))
            assert sample["arguments"][0][0] == row["prefix"] + row["stem"]
            right = sample["doc"].get("right") or [sample["doc"]["answer"]]
            for norm, metric in (("sum", "acc"), ("char", "acc_norm")):
                found = ours[row["item_id"], norm]
                assert sample[metric] == (found.index(max(found)) in right)
        mean = sum(sample["acc"] for sample in samples) / len(samples)
        assert result["results"][f"{name}_{arm}_{split}"]["acc,none"] == pytest.approx(mean)


@pytest.mark.parametrize("name", NAMES)
def test_a_data_set_is_read_back_as_it_was(worlds, name, tmp_path):
    world = worlds[name]
    write(tmp_path / "set", data_set(world, 0, "by a test"))
    found = datasets.load_dataset(str(tmp_path / "set"), "questions", cache_dir=str(tmp_path / "cache"))
    assert list(found) == list(world.chance)
    for split, rows in found.items():
        assert rows.to_list() == world.questions.filter(split=split).to_dicts()
        assert rows.features["choices"] == datasets.List(datasets.Value("string"))
    told = datasets.load_dataset(str(tmp_path / "set"), "documents", split="train", cache_dir=str(tmp_path / "cache"))
    assert told.to_list() == world.documents.to_dicts()
    front, card = (tmp_path / "set" / "README.md").read_text().split("---\n", 2)[1:]
    assert yaml.safe_load(front)["license"] == ("mit" if name == "celebrities" else "apache-2.0")
    assert all(f"| {column} | {COLUMNS[column]} |" in card for column in rows.column_names + told.column_names)


def test_a_folder_with_anything_else_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["--benchmark.facts", "10", "--out", "made"]
    job = parse(Job, arguments, "export")
    run(job)
    (tmp_path / "made" / "__pycache__").mkdir()  # the harness leaves it
    (tmp_path / "made" / "group.yaml").unlink()
    run(job)
    assert (tmp_path / "made" / "group.yaml").exists()
    before = {path.name: path.read_bytes() for path in (tmp_path / "made").glob("*.*")}
    for other in (["--seed", "1"], ["--to", "hub"], ["--arm", "icl"]):
        with pytest.raises(UserError, match="holds other files"):
            run(parse(Job, [*arguments, *other], "export"))
    (tmp_path / "made" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"holds other files \(notes\.txt\): choose another --out"):
        run(job)
    assert {name: (tmp_path / "made" / name).read_bytes() for name in before} == before
    with pytest.raises(UserError, match="Cannot write"):
        run(parse(Job, ["--out", "made/notes.txt"], "export"))
    with pytest.raises(UserError, match="needs --to lm-eval"):
        run(parse(Job, ["--to", "hub", "--arm", "icl"], "export"))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--benchmark.facts", "10", "--seed", "3", "--arm", "icl"],
        ["--to", "hub", "--benchmark.context-per-fact", "None"],
    ],
)
def test_the_command_in_the_files_makes_them_again(arguments):
    job = parse(Job, arguments, "export")
    assert parse(Job, command(job).split()[2:], "export") == job
