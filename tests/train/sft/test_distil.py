"""Context distillation: what the teacher reads stands where the student's next token does, and the student comes to expect it."""

from pathlib import Path

import polars as pl
import pytest
import torch
from conftest import PICO
from transformers import AutoModelForCausalLM, AutoTokenizer

from engine.errors import UserError
from train.config import TrainConfig
from train.sft.data import Collator, rows_of
from train.sft.distil import check_distilling, divergence, fronts, is_distilled
from train.sft.job import train

TOKENIZER = AutoTokenizer.from_pretrained(PICO)
TEXTS = pl.DataFrame(
    {
        "text": ["jirk are less famous than kurg.", "All kurg are croob.", "Some fudi are wilp."],
        "teacher_context": [
            "It is said that kurg are more famous than jirk.",
            None,
            "All fudi are wilp.\n\nAll wilp are croob.",
        ],
    }
)


def batch(length: int = 64) -> dict:
    rows = rows_of(TEXTS, TOKENIZER, TrainConfig(max_length=length))
    return Collator(0, TOKENIZER.bos_token_id)(list(rows))


def test_only_a_context_that_is_there_distils():
    assert is_distilled(TEXTS)
    assert not is_distilled(TEXTS.drop("teacher_context"))
    assert not is_distilled(TEXTS.with_columns(teacher_context=pl.lit(None, pl.String)))
    assert fronts(TEXTS, TOKENIZER, 99)[1] == []


def test_the_teacher_expects_the_token_that_the_student_does():
    taught = batch()
    for row in range(3):
        for place, label in enumerate(taught["labels"][row, 1:].tolist()):
            if label >= 0:
                assert taught["teacher_ids"][row, taught["teacher_at"][row, place] + 1] == label
    assert (taught["teacher_ids"][0] == TOKENIZER.bos_token_id).sum() == 1  # behind a context no text begins anew


def test_without_a_context_teacher_and_student_agree():
    model, taught = AutoModelForCausalLM.from_pretrained(PICO).eval(), batch()
    with torch.no_grad():
        student = model(input_ids=taught["input_ids"], attention_mask=taught["attention_mask"]).logits
        teacher = model(input_ids=taught["teacher_ids"], attention_mask=taught["teacher_mask"]).logits
    apart = []
    for row in range(3):
        counts = taught["labels"][row, 1:] >= 0
        wanted = teacher[row][taught["teacher_at"][row, :-1]][counts]
        apart.append(divergence(student[row, :-1][counts], wanted).item())
    assert apart[1] == pytest.approx(0, abs=1e-3)
    assert min(apart[0], apart[2]) > 1


def test_what_is_cut_keeps_what_the_teacher_read_before():
    whole, cut = (rows_of(TEXTS[:1], TOKENIZER, TrainConfig(max_length=n)) for n in (64, 8))
    assert len(cut) > len(whole) == 1
    read = [list(row["front"]) + list(row["input_ids"]) for row in cut]
    assert read[-1] == read[0][: len(read[0]) - 8] + list(whole[0]["input_ids"])[1:]


@pytest.mark.parametrize(("setting", "told"), [({"method": "full"}, "lora"), ({"packing": True}, "bucketing")])
def test_settings_without_a_teacher_are_refused(setting, told):
    with pytest.raises(UserError, match=told):
        check_distilling(TrainConfig(**setting))


@pytest.mark.engine
def test_the_student_comes_to_expect_alone_what_the_teacher_reads(tmp_path: Path):
    from peft import PeftModel

    config = TrainConfig(steps=30, batch=3, learning_rate=5e-3, rank=8)
    result = train(str(PICO), TEXTS, config, 0, tmp_path / "job")
    assert result["losses"][-1][1] < 0.2 * result["losses"][0][1]
    model = AutoModelForCausalLM.from_pretrained(PICO).eval()
    ids = TOKENIZER("jirk are", return_tensors="pt").input_ids
    less, more = (TOKENIZER.convert_tokens_to_ids(f"\u0120{word}") for word in ("less", "more"))
    with torch.no_grad():
        before = model(ids).logits[0, -1].log_softmax(-1)
        after = PeftModel.from_pretrained(model, tmp_path / "job").eval()(ids).logits[0, -1].log_softmax(-1)
    assert after[less] - after[more] > 3
    assert after[less] - before[less] > 1
