"""Finetuning with TRL under Ray Train: result, resume from a checkpoint, adapters and whole weights, two workers."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
import torch
from conftest import PICO
from drivers import listeners
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.torch import load_file
from transformers import AutoTokenizer

from engine.errors import UserError
from forethought.settings import read_yaml
from train.config import TrainConfig
from train.sft.data import Collator, order, rows_of, steps_of
from train.sft.job import train
from train.sft.memory import estimate
from train.sft.tokens import text_ids

TOKENIZER = AutoTokenizer.from_pretrained(PICO)

TEXTS = pl.DataFrame(
    {"text": [f"zogo are more {w} than truld." for w in ("famous", "useful", "fertile", "visible")] * 4}
)
SHORT = TrainConfig(epochs=4, batch=4, learning_rate=5e-3, rank=8, save_steps=8)


def loss_of(model_folder: Path, adapter: bool) -> float:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(PICO)
    model = AutoModelForCausalLM.from_pretrained(PICO if adapter else model_folder)
    if adapter:
        model = PeftModel.from_pretrained(model, model_folder)
    ids = tokenizer(TEXTS["text"][0], return_tensors="pt").input_ids
    with torch.no_grad():
        return model(ids, labels=ids).loss.item()


@pytest.mark.engine
@pytest.mark.parametrize("method", ["lora", "full"])
def test_training_learns_and_a_finished_job_is_not_repeated(tmp_path: Path, method: str):
    config = SHORT.model_copy(update={"method": method})
    result = train(str(PICO), TEXTS, config, 0, tmp_path / "job")
    assert result["steps"] == 16
    before = loss_of(PICO, adapter=False)
    assert loss_of(tmp_path / "job", adapter=method == "lora") < before - 1
    weights = tmp_path / "job" / ("adapter_model.safetensors" if method == "lora" else "model.safetensors")
    stamp = weights.stat().st_mtime_ns
    assert train(str(PICO), TEXTS, config, 0, tmp_path / "job") == json.loads(json.dumps(result))
    assert weights.stat().st_mtime_ns == stamp
    if method == "lora":  # the same folder with other texts is another job
        other = train(str(PICO), TEXTS.head(4), config, 0, tmp_path / "job")
        assert other["steps"] == 4
        assert other["resumed_from"] is None


@pytest.mark.engine
def test_an_interrupted_job_goes_on_and_ends_as_if_undisturbed(tmp_path: Path):
    config = SHORT.model_copy(update={"sft": {"save_total_limit": 2}})
    out = tmp_path / "job"
    whole = train(str(PICO), TEXTS, config, 3, out)
    weights = load_file(out / "adapter_model.safetensors")
    # what a kill while the checkpoint of step 16 is written leaves: that of step 8, half of the new one, no result
    (out / "checkpoints" / "checkpoint-16" / "trainer_state.json").write_text('{"epoch": 4')
    (out / "checkpoints" / "checkpoint-16" / "adapter_model.safetensors").unlink()
    (out / "train.json").unlink()
    (out / "adapter_model.safetensors").unlink()
    resumed = train(str(PICO), TEXTS, config, 3, out)
    assert resumed["resumed_from"] == "checkpoint-8"
    assert resumed["steps"] == whole["steps"] == 16
    for name, value in load_file(out / "adapter_model.safetensors").items():
        torch.testing.assert_close(value, weights[name], atol=1e-6, rtol=0)


CURVE = TrainConfig(steps=30, batch=4, learning_rate=2e-3, rank=8, save_steps=7, sft={"logging_steps": 1})


@pytest.fixture(scope="module")
def curve(tmp_path_factory) -> list[float]:
    """The loss at each of 30 steps, in one process, undisturbed."""
    return losses(train(str(PICO), TEXTS, CURVE, 5, tmp_path_factory.mktemp("curve") / "job"))


def losses(result: dict) -> list[float]:
    assert [step for step, _ in result["losses"]] == list(range(1, 31))
    return [loss for _, loss in result["losses"]]


@pytest.mark.timeout(300)
def test_two_workers_have_the_same_loss_at_every_step(tmp_path: Path, curve: list[float]):
    """And whatever listens meanwhile, how the workers find one another too, does so for this machine only."""
    config = CURVE.model_copy(update={"workers": 2, "least_workers": 1, "microbatch": 1})
    with listeners() as seen:
        found = losses(train(str(PICO), TEXTS, config, 5, tmp_path / "job"))
    assert found == pytest.approx(curve, abs=1e-4)
    assert curve[0] > 2 * curve[-1]
    workers = {pid for pid, name, _ in seen if "RayTrainWorker" in name}
    assert len(workers) == 2
    assert {address for _, _, address in seen} <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


@pytest.mark.engine
def test_smaller_batches_that_add_up_have_the_same_loss(tmp_path: Path, curve: list[float]):
    config = CURVE.model_copy(update={"microbatch": 3, "gradient_checkpointing": True})
    assert config.shares(0) == (2, 2)
    assert losses(train(str(PICO), TEXTS, config, 5, tmp_path / "job")) == pytest.approx(curve, abs=1e-4)


@pytest.mark.timeout(300)
def test_a_training_that_is_killed_at_any_step_goes_on_with_the_same_loss(tmp_path: Path, curve: list[float]):
    TEXTS.write_parquet(tmp_path / "texts.parquet")
    settings = tmp_path / "curve.yaml"
    settings.write_text(json.dumps({"train": CURVE.model_dump(mode="json"), "seed": 5}))
    out, wanted = tmp_path / "job", random.randrange(8, 30)
    command = ["train", str(tmp_path / "texts.parquet"), str(settings), "--model", str(PICO), "--out", str(out)]
    process = subprocess.Popen([sys.executable, "-m", "forethought", *command], start_new_session=True)
    while process.poll() is None and step_of(out) < wanted:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert step_of(out) >= wanted
    (out / "train.json").unlink(missing_ok=True)  # where the kill came too late
    result = train(str(PICO), TEXTS, CURVE, 5, out)
    assert result["resumed_from"] is not None
    assert losses(result) == pytest.approx(curve, abs=1e-4)


def step_of(out: Path) -> int:
    try:
        return json.loads((out / "progress.json").read_text())["step"]
    except (OSError, ValueError):
        return 0


@pytest.mark.engine
def test_a_loss_that_grows_out_of_bounds_ends_the_training_with_advice(tmp_path: Path):
    config = SHORT.model_copy(update={"learning_rate": 50.0, "epochs": 20, "sft": {"logging_steps": 1}})
    with pytest.raises(UserError, match=r"stopped: the loss .* step \d+: lower train\.learning_rate"):
        train(str(PICO), TEXTS, config, 0, tmp_path / "job")
    assert not (tmp_path / "job" / "train.json").exists()


@pytest.mark.engine
def test_a_package_that_settings_need_is_named(tmp_path: Path):
    settings = read_yaml(Path(__file__).resolve().parents[3] / "train/sft/configs/zero3.yaml")["train"] | {"workers": 0}
    with pytest.raises(UserError, match=r"train\.sft needs a package: pip install deepspeed"):
        train(str(PICO), TEXTS, TrainConfig(**settings), 0, tmp_path / "job")


@pytest.mark.engine
def test_training_stops_when_held_back_texts_no_longer_get_likelier_and_keeps_the_best(tmp_path: Path):
    config = SHORT.model_copy(update={"steps": 60, "save_steps": 2, "patience": 2, "learning_rate": 2e-2})
    held = pl.DataFrame({"text": ["glon are less common than femp."]})
    result = train(str(PICO), TEXTS, config, 0, tmp_path / "job", held)
    assert result["steps"] < 60
    best = min(result["validation"], key=lambda pair: pair[1])
    assert result["steps"] == best[0] + 4
    found = rows_of(held, TOKENIZER, SHORT)[0]
    assert nats(tmp_path / "job", [found]) / (len(found["input_ids"]) - 1) == pytest.approx(best[1], abs=1e-3)


@pytest.mark.engine
def test_the_merged_model_and_the_adapter_say_the_same(tmp_path: Path):
    from transformers import AutoModelForCausalLM

    config = SHORT.model_copy(update={"merge": True, "steps": 4})
    train(str(PICO), TEXTS, config, 0, tmp_path / "job")
    rows = list(rows_of(TEXTS.head(3), TOKENIZER, config))
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "job" / "merged")
    assert nats(tmp_path / "job", rows) == pytest.approx(nats(merged, rows), abs=1e-3)
    assert nats(PICO, rows) != pytest.approx(nats(merged, rows), abs=1)
    assert AutoTokenizer.from_pretrained(tmp_path / "job" / "merged").chat_template == TOKENIZER.chat_template
    card = (tmp_path / "job" / "README.md").read_text()
    assert "base_model: pico" in card
    assert "4 steps of 4" in card


def nats(model, rows: list[dict]) -> float:
    """Minus the log-likelihood of the tokens that count, all together."""
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoModelForCausalLM

    if isinstance(model, Path):
        adapter = (model / "adapter_config.json").exists()
        model = (AutoPeftModelForCausalLM if adapter else AutoModelForCausalLM).from_pretrained(model)
    batch = Collator(0)(rows)
    with torch.no_grad():
        # without a cache, as SFTTrainer computes: with one, transformers does not look for the borders of packed examples
        logits = model(**{k: v for k, v in batch.items() if k != "labels"}, use_cache=False).logits
    return torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten(), reduction="sum"
    ).item()


def test_examples_of_a_packed_row_do_not_see_one_another():
    texts = pl.DataFrame({"text": [*TEXTS["text"][:4], "glon", "zogo truld femp glon are more famous than zogo."]})
    packed = SHORT.model_copy(update={"packing": True, "max_length": 40})
    alone, together = rows_of(texts, TOKENIZER, SHORT), rows_of(texts, TOKENIZER, packed)
    assert len(together) < len(alone) / 2
    assert sum(map(len, together["input_ids"])) == sum(map(len, alone["input_ids"]))
    assert nats(PICO, list(together)) == pytest.approx(nats(PICO, list(alone)), abs=1e-3)
    seen = [nats(PICO, [row]) for row in together]  # a row that is not filled up is the same
    assert sum(seen) == pytest.approx(nats(PICO, list(together)), abs=1e-3)


def test_the_loss_can_count_on_what_follows_a_prompt_alone():
    whole = "zogo are more famous than truld. femp are big."
    examples = pl.DataFrame({"text": [whole, "glon are small."], "prompt": ["zogo are more famous than truld.", None]})
    all_of_it, part = (
        rows_of(examples, TOKENIZER, SHORT.model_copy(update={"loss": loss})) for loss in ("text", "completion")
    )
    assert all_of_it["labels"] == all_of_it["input_ids"] == part["input_ids"]
    assert TOKENIZER.decode([t for t in part["labels"][0] if t >= 0]).strip() == "femp are big.</s>".replace(
        "</s>", TOKENIZER.eos_token
    )
    assert part["labels"][1] == part["input_ids"][1]


def test_long_texts_become_several_examples_and_nothing_is_cut_off():
    text = "zogo truld " * 40
    rows = rows_of(pl.DataFrame({"text": [text, "zogo"]}), TOKENIZER, SHORT.model_copy(update={"max_length": 32}))
    assert max(map(len, rows["input_ids"])) <= 32
    # all but the first token of a text, its end token among them, are predicted once
    predicted = [token for row in rows["labels"] for token in row[1:]]
    assert predicted == [token for ids in text_ids([text, "zogo"], TOKENIZER) for token in ids[1:]]
    assert predicted[-1] == TOKENIZER.eos_token_id


@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 30), st.integers(0, 5), st.booleans())
def test_every_pass_has_every_row_once_and_no_batch_is_short(rows, batch, steps, seed, bucketing):
    config = TrainConfig(batch=batch, steps=steps, bucketing=bucketing)
    lengths = [1 + (7 * i) % 5 for i in range(rows)]
    found = order(lengths, steps_of(rows, config), config, seed)
    assert len(found) == steps * batch
    counts = [found.count(row) for row in range(rows)]
    assert max(counts) - min(counts) <= 1
    longer = order(lengths, steps + 5, config, seed)
    assert bucketing or longer[: len(found)] == found  # what comes later plays no part


def test_with_bucketing_batches_have_less_to_fill_up():
    rng = random.Random(0)
    lengths = [rng.randrange(1, 100) for _ in range(400)]

    def filled(bucketing: bool) -> int:
        found = order(lengths, 50, TrainConfig(batch=8, bucketing=bucketing), 0)
        batches = [[lengths[row] for row in found[i : i + 8]] for i in range(0, 400, 8)]
        return sum(8 * max(batch) - sum(batch) for batch in batches)

    assert filled(True) < filled(False) / 5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch": 16, "workers": 3}, "batch is 16: it must be a multiple of the number of workers, 3"),
        ({"batch": 4, "workers": 4, "least_workers": 2}, "multiple of the number of workers, 3"),
        ({"batch": 4, "workers": 2, "least_workers": 4}, "it must not exceed workers, 2"),
    ],
)
def test_a_batch_must_go_into_any_number_of_workers(settings, message):
    with pytest.raises(ValidationError, match=message):
        TrainConfig(**settings)


def test_memory_grows_with_what_is_trained_and_kept():
    lora, full = (estimate(str(PICO), SHORT.model_copy(update={"method": m}), 100, False) for m in ("lora", "full"))
    weights = sum(t.numel() for t in load_file(PICO / "model.safetensors").values())
    assert full > 16 * weights / 2**30 > lora > 4 * weights / 2**30
    wide = estimate(str(PICO), SHORT.model_copy(update={"batch": 64}), 1000, False)
    kept = estimate(str(PICO), SHORT.model_copy(update={"batch": 64, "gradient_checkpointing": True}), 1000, False)
    assert wide > kept > lora
