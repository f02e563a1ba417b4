"""A folder holds one training, made from what its settings say, and one process at a time works in it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from conftest import PICO

from engine.errors import UserError
from train.config import TrainConfig
from train.sft.folder import facts_of, make_room, result_of
from train.sft.job import train

TEXTS = pl.DataFrame({"text": [f"zogo are more {w} than truld." for w in ("famous", "useful", "fertile", "visible")]})
CONFIG = TrainConfig(steps=2, batch=4, rank=8)


def facts(model=str(PICO), texts=TEXTS, seed=0, held=None, **settings):
    return facts_of(model, texts, CONFIG.model_copy(update=settings), seed, held)


def test_another_model_setting_seed_or_text_is_another_training(tmp_path: Path):
    own = facts()
    model = tmp_path / "model"
    model.mkdir()
    for path in PICO.iterdir():
        (model / path.name).write_bytes(path.read_bytes())
    assert facts(model=str(model)) == own == facts(model="pico")  # the files say who it is, not where they lie
    weights = bytearray((model / "model.safetensors").read_bytes())
    weights[len(weights) // 2] ^= 1
    (model / "model.safetensors").write_bytes(weights)
    others = [facts(model=str(model)), facts(seed=1), facts(texts=TEXTS.head(3)), facts(held=TEXTS)]
    others += [facts(texts=TEXTS.with_columns(prompt=pl.lit("zogo")))]
    changes = ({"rank": 4}, {"learning_rate": 1e-3}, {"steps": 3}, {"epochs": 9}, {"sft": {"weight_decay": 0.1}})
    others += [facts(**change) for change in (*changes, {"method": "full"}, {"targets": ("q_proj",)})]
    assert own not in others
    for change in ({"workers": 2}, {"gpu": False}, {"microbatch": 1}, {"report_to": ()}, {"save_steps": 7}):
        assert facts(**change) == own
    assert facts(held=TEXTS, save_steps=7) != facts(held=TEXTS)


@pytest.mark.engine
def test_other_settings_train_anew_and_the_same_do_not(tmp_path: Path, capsys):
    out = tmp_path / "job"
    train("pico", TEXTS, CONFIG, 0, out)
    (out / "notes.txt").write_text("mine")
    stamp = (out / "adapter_model.safetensors").stat().st_mtime_ns
    assert result_of(out, facts()) is not None
    train("pico", TEXTS, CONFIG, 0, out)
    assert (out / "adapter_model.safetensors").stat().st_mtime_ns == stamp
    other = CONFIG.model_copy(update={"rank": 4, "learning_rate": 1e-3})
    result = train("pico", TEXTS, other, 0, out)
    assert "was trained with other train.rank, train.learning_rate; it is trained anew" in capsys.readouterr().err
    assert result["resumed_from"] is None
    assert json.loads((out / "adapter_config.json").read_text())["r"] == 4
    assert (out / "notes.txt").read_text() == "mine"
    assert not list(out.glob(".owner*"))


def test_a_folder_that_no_training_made_stays_as_it_is(tmp_path: Path):
    TEXTS.write_parquet(tmp_path / "examples.parquet")
    (tmp_path / "inferences.parquet").write_bytes(b"hours of work")
    before = (tmp_path / "examples.parquet").read_bytes()
    with pytest.raises(UserError, match=r"holds files not written by training \(examples\.parquet\).*--out"):
        train("pico", TEXTS, CONFIG, 0, tmp_path)
    assert (tmp_path / "examples.parquet").read_bytes() == before
    assert (tmp_path / "inferences.parquet").exists()


def test_what_an_older_version_left_is_not_taken_for_a_result(tmp_path: Path, capsys):
    (tmp_path / "train.json").write_text('{"steps": 1}')
    assert result_of(tmp_path, facts()) is None
    make_room(tmp_path, facts())
    assert "by another version" in capsys.readouterr().err
    assert not (tmp_path / "train.json").exists()


@pytest.mark.engine
def test_a_second_training_in_the_same_folder_is_refused(tmp_path: Path):
    hold = "import sys, time; from pathlib import Path; from engine.store.owner import owned\n"
    hold += "with owned(Path(sys.argv[1])): print('in', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", hold, str(tmp_path / "job")], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "in\n"
        with pytest.raises(UserError, match=rf"job is in use by process {holder.pid}"):
            train("pico", TEXTS, CONFIG, 0, tmp_path / "job")
    finally:
        holder.kill()
        holder.wait()
    started = time.monotonic()
    assert train("pico", TEXTS, CONFIG, 0, tmp_path / "job")["steps"] == 2  # the dead owner is followed at once
    assert time.monotonic() - started < 600
