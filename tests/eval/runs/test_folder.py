"""A run's folder may be moved, get more arms and seeds, and be opened by a later version; other settings are refused."""

import json
import shutil

import pytest

from engine.errors import UserError
from eval.config import EvalConfig, RunConfig
from eval.runs.folder import open_run


def config(out, kind=RunConfig, **more):
    return kind.model_validate({"name": "r", "out": out, "arms": ("icl", "finetuned"), "seeds": (0, 1)} | more)


def stored(run):
    return json.loads((run / "config.json").read_text())


def test_a_moved_and_renamed_folder_is_the_same_run(tmp_path):
    run = open_run(config(tmp_path / "a"))
    (tmp_path / "b").mkdir()
    shutil.move(run, tmp_path / "b/other")
    again = open_run(config(tmp_path / "b", name="other"))
    assert (stored(again)["out"], stored(again)["name"]) == (str(tmp_path / "b"), "other")


def test_a_setting_that_a_later_version_has_had_its_default_before(tmp_path):
    run = open_run(config(tmp_path))
    old = stored(run)
    del old["train"]["rank"], old["pmi"], old["benchmark"]["retrieved"]
    (run / "config.json").write_text(json.dumps(old))
    open_run(config(tmp_path))
    (run / "config.json").write_text(json.dumps(old))
    with pytest.raises(UserError, match="pmi was False and is True"):
        open_run(config(tmp_path, pmi=True))


def test_a_setting_that_this_version_does_not_know_is_named(tmp_path):
    run = open_run(config(tmp_path))
    (run / "config.json").write_text(json.dumps(stored(run) | {"magic": 3}))
    with pytest.raises(UserError, match="magic was 3 and is none"):
        open_run(config(tmp_path))


def test_arms_and_seeds_may_grow_and_not_shrink(tmp_path):
    open_run(config(tmp_path))
    run = open_run(config(tmp_path, arms=("pretrained", "finetuned", "icl", "retrieval"), seeds=(2, 0, 1)))
    assert stored(run)["seeds"] == [2, 0, 1]
    with pytest.raises(UserError, match=r"choose another --name or delete it \(seeds was 2 0 1 and is 0 1\)"):
        open_run(config(tmp_path, arms=("pretrained", "finetuned", "icl", "retrieval")))
    with pytest.raises(UserError, match="arms was pretrained finetuned icl retrieval and is icl finetuned"):
        open_run(config(tmp_path, seeds=(2, 0, 1)))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"train": {"epochs": 7}}, "train.epochs was .* and is 7.0"),
        ({"engine": {"vllm": {"max_model_len": 512}}}, "engine.vllm.max_model_len was none and is 512"),
        ({"model": "other"}, "model was pico and is other"),
    ],
)
def test_other_settings_are_refused_in_a_sentence_that_names_them(tmp_path, more, told):
    run = open_run(config(tmp_path))
    before = stored(run)
    with pytest.raises(UserError, match=rf"holds a run with other settings: choose another --name.*{told}"):
        open_run(config(tmp_path, **more))
    assert stored(run) == before


def test_how_fast_engines_are_is_free(tmp_path):
    open_run(config(tmp_path))
    open_run(config(tmp_path, engine={"replicas": 4, "shard_rows": 8}))


def test_an_adapter_is_a_setting(tmp_path):
    run = open_run(config(tmp_path, EvalConfig, adapter=tmp_path / "one"))
    assert stored(run)["adapter"] == str(tmp_path / "one")
    with pytest.raises(UserError, match=r"adapter was .*one and is .*two"):
        open_run(config(tmp_path, EvalConfig, adapter=tmp_path / "two"))


@pytest.mark.parametrize("content", ["{", "[]", "\xff"])
def test_a_damaged_record_is_a_sentence(tmp_path, content):
    run = open_run(config(tmp_path))
    (run / "config.json").write_text(content, encoding="latin-1")
    with pytest.raises(UserError, match="delete it or choose another --name"):
        open_run(config(tmp_path))
