"""Examples in the forms of trainers, and as a data set: `datasets` reads each, and TRL's trainer prepares each."""

import json

import datasets
import polars as pl
import pytest
import yaml
from conftest import PICO
from hypothesis import given
from hypothesis import strategies as st

from augment.results.card import card, size_category, write_data_set
from augment.results.outputs import (
    FORMS,
    as_messages,
    as_prompt_completion,
    as_text,
    question_answer,
    write_outputs,
)
from augment.stages.answers import INFERENCES
from train.examples.arms import EXAMPLES
from train.examples.reading import read_examples

LINES = (
    ("e1", "femp are more dangerous than glon.", "original", ["d1"]),
    ("e2", "Q: Who is tall? A: Ann.", "original", ["d2"]),
    ("e3", "glon are less\ndangerous “than” femp </script>.", "operator", ["d1"]),
    ("e4", "Q: Who is tall?\nA: Ann\u2028is.", "qa", ["d2"]),
)
TABLE = pl.DataFrame(LINES, schema=EXAMPLES, orient="row")
ALL = ("text", "prompt-completion", "messages", "hub")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def inferences():
    base = dict.fromkeys(INFERENCES) | {"doc_ids": ["d1"], "sample": 0, "model": "pico", "verdicts": "{}"}
    rows = [
        base | {"inference_id": "e3", "text": LINES[2][1], "operator": "reverse", "kept": True},
        base | {"inference_id": "e9", "text": "no", "operator": "reverse", "kept": False, "reason": "duplicate"},
        base | {"inference_id": "e4", "text": LINES[3][1], "operator": "qa", "kept": True},
    ]
    return pl.DataFrame(rows, schema=INFERENCES)


def requests():
    sampling = [
        '{"temperature": 0.7, "max_tokens": 128, "seed": 1}',
        '{"temperature": 0.7, "max_tokens": 128, "seed": 2}',
    ]
    return pl.DataFrame({"request_id": ["r1", "r2"], "sampling": sampling, "n": [2, 2]})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Q: Who? A: Ann.", ("Q: Who? A:", " Ann.")),
        (" Question: Who is it?\nAnswer:Ann.\n", ("Question: Who is it?\nAnswer:", "Ann.")),
        ("Q: Who? A: Ann, or so A: it seems", ("Q: Who? A:", " Ann, or so A: it seems")),
        ("Q: Who? A: Ann.\nQ: And who? A: Ben.", None),
        ("Q: Who?", None),
        ("Q: A: Ann.", None),
        ("Q: Who? A: ", None),
        ("The Q: is open A: not so.", None),
    ],
)
def test_questions_are_divided_before_their_answer(text, found):
    assert question_answer(text) == found


@given(st.text("QA: \nxy?", max_size=30))
def test_a_divided_text_is_whole(text):
    found = question_answer(text)
    assert found is None or "".join(found) == text.strip()


def test_the_forms_of_each_line():
    assert as_text(TABLE)[0] == {"text": LINES[0][1], "origin": "original"}
    assert [(r["prompt"], r["completion"]) for r in as_prompt_completion(TABLE)] == [
        ("", LINES[0][1]),
        ("", LINES[1][1]),
        ("", LINES[2][1]),
        ("Q: Who is tall?\nA:", " Ann\u2028is."),
    ]
    turns = [[(m["role"], m["content"]) for m in row["messages"]] for row in as_messages(TABLE)]
    assert turns[0] == [("user", ""), ("assistant", LINES[0][1])]
    assert turns[3] == [("user", "Who is tall?"), ("assistant", "Ann\u2028is.")]


def test_messages_begin_with_the_system_prompt_where_there_is_one(tmp_path):
    write_outputs(tmp_path, {"train": TABLE}, ("messages",), "Answer from the notes.")
    rows = [json.loads(line) for line in (tmp_path / "messages.jsonl").read_bytes().splitlines()]
    assert [[turn["role"] for turn in row["messages"]] for row in rows] == [["system", "user", "assistant"]] * 4
    assert {row["messages"][0]["content"] for row in rows} == {"Answer from the notes."}
    info = json.loads((tmp_path / "dataset_info.json").read_text())["messages"]
    assert info["tags"]["system_tag"] == "system"
    read = read_examples(tmp_path / "messages.jsonl")
    assert json.loads(read["messages"][3])[0] == {"role": "system", "content": "Answer from the notes."}
    assert read["text"][3].startswith("Answer from the notes.")


def test_datasets_reads_every_file_and_llama_factory_is_told_of_it(tmp_path, cache):
    written = write_outputs(tmp_path, {"train": TABLE, "validation": TABLE[:1]}, ALL)
    assert sorted(written) == sorted(p.name for p in tmp_path.iterdir() if p.is_file())
    info = json.loads((tmp_path / "dataset_info.json").read_text())
    assert len(info) == 2 * len(FORMS)
    for entry in info.values():
        rows = datasets.load_dataset("json", data_files=str(tmp_path / entry["file_name"]), split="train")
        assert rows.num_rows == (1 if "-validation." in entry["file_name"] else 4)
        assert set(entry["columns"].values()) <= set(rows.column_names)
    files = {"train": str(tmp_path / "messages.jsonl"), "test": str(tmp_path / "messages-validation.jsonl")}
    both = datasets.load_dataset("json", data_files=files)
    assert both["train"][3]["messages"][1]["content"] == "Ann\u2028is."
    tags = info["messages"]["tags"]
    assert both["test"][0]["messages"][0][tags["role_tag"]] == tags["user_tag"]


def test_files_of_other_examples_do_not_stay(tmp_path):
    write_outputs(tmp_path, {"train": TABLE, "validation": TABLE[:1]}, ALL)
    assert write_outputs(tmp_path, {"train": TABLE}, ["text"]) == [
        "examples.parquet",
        "examples.jsonl",
        "dataset_info.json",
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dataset_info.json", "examples.jsonl", "examples.parquet"]
    assert list(json.loads((tmp_path / "dataset_info.json").read_text())) == ["examples"]


def test_the_trainer_of_trl_prepares_every_form(tmp_path, cache):
    from trl import SFTConfig, SFTTrainer

    write_outputs(tmp_path, {"train": TABLE}, ALL)
    config = SFTConfig(output_dir=str(tmp_path / "t"), report_to="none", bf16=False, use_cpu=True, max_length=512)
    trained = {}
    for form, (stem, _) in FORMS.items():
        rows = datasets.load_dataset("json", data_files=str(tmp_path / f"{stem}.jsonl"), split="train")
        trainer = SFTTrainer(str(PICO), args=config, train_dataset=rows)
        batch = next(iter(trainer.get_train_dataloader()))
        decode = trainer.processing_class.decode
        trained[form] = {decode([i for i in labels if i >= 0]) for labels in batch["labels"].tolist()}
        assert len(trained[form]) == 4
    answers = [text for text in trained["prompt-completion"] if "Ann" in text and "Who" not in text]
    assert len(answers) == 1  # the loss counts on the answer alone
    assert sum("Who is tall" in text for text in trained["text"]) == 2


def test_the_data_set_loads_and_its_card_tells_how_it_was_made(tmp_path, cache):
    folder = tmp_path / "hub"
    splits = {"train": TABLE[:3], "validation": TABLE[3:]}
    write_data_set(folder, splits, inferences(), requests(), "pico")
    examples = datasets.load_dataset(str(folder), "examples")
    assert {split: rows.num_rows for split, rows in examples.items()} == {"train": 3, "validation": 1}
    assert examples["train"].column_names == TABLE.columns
    assert examples["train"][2]["text"] == LINES[2][1]
    assert datasets.load_dataset(str(folder), "inferences", split="train")["kept"] == [True, False, True]
    text = (folder / "README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---")[1])
    assert (front["license"], front["size_categories"]) == ("unknown", ["n<1K"])
    assert [config["config_name"] for config in front["configs"]] == ["examples", "inferences"]
    for told in (
        "pico",
        "temperature 0.7, max_tokens 128, 2 per request",
        "| reverse | 2 | 1 |",
        "| train | original | 2 |",
    ):
        assert told in text
    assert "shares no document" in text


def test_a_model_folder_is_named_without_its_path_and_an_empty_table_has_no_config(tmp_path):
    (tmp_path / "my-model").mkdir()
    text = card({"train": TABLE}, inferences().clear(), requests().clear(), str(tmp_path / "my-model"))
    assert "Model: my-model" in text
    assert str(tmp_path) not in text
    assert "config_name: inferences" not in text
    assert "no validation split" in text
    assert [size_category(n) for n in (999, 1000, 10**9)] == ["n<1K", "1K<n<10K", "10M<n<100M"]
