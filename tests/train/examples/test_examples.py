"""Training examples of each arm, matched in rows and tokens."""

import json
from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.results.outputs import FORMS
from augment.stages.answers import INFERENCES
from engine.errors import UserError
from train.examples.arms import (
    EXAMPLES,
    count_tokens,
    examples_of,
    held_back,
    inferred,
    originals,
    repeated,
)
from train.examples.names import CONTROLS, GROUPS, is_trained, needs_inferences
from train.examples.reading import read_examples
from train.sft.tokens import ended


class WhitespaceTokenizer:
    """A token per word."""

    eos_token_id = 0

    def __call__(self, texts, add_special_tokens=True):
        return SimpleNamespace(input_ids=[[1 + len(word) for word in text.split()] for text in texts])


TOKENIZER = WhitespaceTokenizer()
TRAINED = ("finetuned", *(f"finetuned+{name}" for name in (*GROUPS[:3], *CONTROLS, "split", "rephrase", "link")))
DOCUMENTS = pl.DataFrame({"doc_id": [f"d{n}" for n in range(10)], "text": ["word " * (4 + n % 3) for n in range(10)]})


def inferences(count, words=5, kept=True):
    base = dict.fromkeys(INFERENCES) | {"operator": "rephrase", "source_text": "said", "doc_ids": ["d1"], "kept": kept}
    rows = [base | {"inference_id": f"i{kept}{n}", "text": "said " * words} for n in range(count)]
    return pl.DataFrame(rows, schema=INFERENCES)


def linked(count):
    """Inferences of a global operator."""
    return inferences(count).with_columns(operator=pl.lit("link"), inference_id=pl.format("link-{}", "inference_id"))


def arm(name, added=None, seed=0):
    return examples_of(name, DOCUMENTS, inferences(23) if added is None else added, TOKENIZER, seed)


def test_originals_are_the_documents_as_they_are():
    table = arm("finetuned")
    assert table.select("example_id", "text").rows() == DOCUMENTS.rows()
    assert set(table["origin"]) == {"original"}
    assert table["doc_ids"].to_list() == [[d] for d in DOCUMENTS["doc_id"]]


def test_local_adds_kept_inferences_without_their_source():
    added = pl.concat([inferences(3), inferences(4, kept=False)])
    table = arm("finetuned+local", added)
    assert table["origin"].to_list() == ["original"] * 10 + ["operator"] * 3
    assert table.filter(origin="operator")["text"].to_list() == ["said " * 5] * 3
    assert inferred(added)["doc_ids"].to_list() == [["d1"]] * 3


def test_local_and_global_are_what_operators_saw_and_all_is_both():
    added = pl.concat([inferences(3), linked(2)])
    counts = {name: arm(f"finetuned+{name}", added).height for name in ("local", "global", "all", "repeat")}
    assert counts == {"local": 13, "global": 12, "all": 15, "repeat": 15}
    with pytest.raises(UserError, match=r"finetuned\+global needs a global operator such as link"):
        arm("finetuned+global", inferences(3))


@pytest.mark.parametrize("name", TRAINED)
def test_every_arm_has_the_columns_of_examples_and_unique_ids(name):
    table = arm(name, pl.concat([inferences(23), linked(5)]))
    assert table.columns == list(EXAMPLES)
    assert dict(table.schema) == dict(pl.DataFrame(schema=EXAMPLES).schema)
    assert table["example_id"].n_unique() == table.height


def test_repeat_has_the_rows_of_local_and_close_to_its_tokens():
    local, repeat = arm("finetuned+local"), arm("finetuned+repeat")
    assert repeat.height == local.height == 33
    assert count_tokens(repeat, TOKENIZER) == pytest.approx(count_tokens(local, TOKENIZER), rel=0.05)
    assert repeat["origin"].to_list() == ["original"] * 10 + ["control"] * 23
    assert set(repeat["text"]) == set(DOCUMENTS["text"])


def test_of_documents_as_long_as_each_other_none_is_repeated_more():
    documents = DOCUMENTS.with_columns(pl.format("word word word {}", "doc_id").alias("text"))
    table = examples_of("finetuned+repeat", documents, inferences(23, 4), TOKENIZER, 0)
    counts = table["text"].value_counts()["count"]
    assert (counts.sum(), counts.min(), counts.max() - counts.min()) == (33, 3, 1)


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 20), st.integers(0, 5))
def test_repeat_matches_whatever_was_inferred(count, words, seed):
    added = inferences(count, words)
    local, repeat = arm("finetuned+local", added, seed), arm("finetuned+repeat", added, seed)
    wanted, got = count_tokens(local, TOKENIZER), count_tokens(repeat, TOKENIZER)
    assert repeat.height >= local.height
    assert repeat["example_id"].n_unique() == repeat.height
    if repeat.height > local.height:  # long inferences: rows grow up to twice, towards the tokens
        assert repeat.height <= 2 * local.height
        assert got <= wanted + 6


def test_repeat_matches_rows_and_tokens_of_documents_of_many_lengths():
    documents = pl.DataFrame(
        {"doc_id": [f"d{i}" for i in range(60)], "text": ["word " * (6 + i % 10) + f"d{i}" for i in range(60)]}
    )
    for words in (8, 10, 12):
        added = inferences(50, words)
        local, repeat = (examples_of(f"finetuned+{a}", documents, added, TOKENIZER, 0) for a in ("local", "repeat"))
        assert repeat.height == local.height
        assert count_tokens(repeat, TOKENIZER) == pytest.approx(count_tokens(local, TOKENIZER), rel=0.02)


def test_repeat_is_seeded():
    assert arm("finetuned+repeat", seed=1).equals(arm("finetuned+repeat", seed=1))
    assert not arm("finetuned+repeat", seed=1).equals(arm("finetuned+repeat", seed=2))


def test_repeat_without_inferences_is_the_plain_arm():
    assert arm("finetuned+repeat", inferences(0))["text"].to_list() == DOCUMENTS["text"].to_list()
    assert repeated(originals(DOCUMENTS), 0, 0, TOKENIZER, 0).height == 10


def test_an_unknown_arm_lists_the_choices():
    with pytest.raises(UserError, match="'magic': choose finetuned, alone or with"):
        arm("magic")


def test_read_examples_takes_parquet_and_json_lines(tmp_path):
    table = pl.DataFrame({"text": ["one", "two"], "origin": ["a", "b"]})
    table.write_parquet(tmp_path / "a.parquet")
    table.write_ndjson(tmp_path / "a.jsonl")
    for name in ("a.parquet", "a.jsonl"):
        assert read_examples(tmp_path / name).equals(table)


def test_read_examples_says_what_is_wrong(tmp_path):
    pl.DataFrame({"body": ["x"], "n": [1]}).write_parquet(tmp_path / "body.parquet")
    pl.DataFrame({"text": [1]}).write_parquet(tmp_path / "numbers.parquet")
    pl.DataFrame({"text": []}, schema={"text": pl.String}).write_parquet(tmp_path / "empty.parquet")
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    (tmp_path / "broken.jsonl").write_text("{not json\n")
    (tmp_path / "empty.jsonl").write_text("")
    faults = {
        "missing.parquet": "no file .*forethought augment",
        "body.parquet": "no column text; it has body, n",
        "numbers.parquet": "must hold text, not Int64",
        "empty.parquet": "has no rows",
        "a.txt": "is not a readable table: give one of",
        "broken.parquet": r"cannot be read as \.parquet",
        "broken.jsonl": r"broken\.jsonl#1 cannot be read: invalid JSON",
        "empty.jsonl": r"has no rows|cannot be read",
    }
    for name, fault in faults.items():
        with pytest.raises(UserError, match=fault):
            read_examples(tmp_path / name)


def test_read_examples_takes_every_form_that_augment_writes(tmp_path):
    rows = pl.DataFrame({"text": ["Q: Who?\nA: Ann.", "Mars is red."], "origin": ["operator", "original"]})
    for name, form in FORMS.values():
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in form(rows)))
    divided = read_examples(tmp_path / "prompt-completion.jsonl")
    assert divided.select("text", "prompt").rows() == [("Q: Who?\nA: Ann.", "Q: Who?\nA:"), ("Mars is red.", "")]
    chats = read_examples(tmp_path / "messages.jsonl")
    assert json.loads(chats["messages"][0]) == [
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "Ann."},
    ]
    assert chats["text"].to_list() == ["Who?\nAnn.", "\nMars is red."]
    (tmp_path / "bad.jsonl").write_text('{"messages": [{"role": "user"}]}\n')
    with pytest.raises(UserError, match=r"bad\.jsonl, row 1: messages must be a list of turns"):
        read_examples(tmp_path / "bad.jsonl")


def test_a_text_that_ends_is_not_ended_twice():
    tokenizer = SimpleNamespace(eos_token_id=0)
    assert ended([3, 3, 0], tokenizer) == [3, 3, 0] == ended([3, 3], tokenizer)


def test_documents_can_be_taken_apart():
    told = pl.DataFrame({"doc_id": ["a", "b"], "text": ["Mars is red. It is small. It has moons.", "| a table |"]})
    alone = originals(told, "independent")
    assert alone["text"].to_list() == ["Mars is red.", "It is small.", "It has moons.", "| a table |"]
    assert list(alone.schema) == list(EXAMPLES)
    assert alone["doc_ids"].to_list() == [["a"]] * 3 + [["b"]]
    behind = originals(told, "cumulative")
    assert behind.select("prompt", "text").rows()[:3] == [
        (None, "Mars is red."),
        ("Mars is red.", "Mars is red. It is small."),
        ("Mars is red. It is small.", "Mars is red. It is small. It has moons."),
    ]
    assert behind["example_id"].n_unique() == 4
    for name in TRAINED:
        if not {"global", "shuffled", "link", "split"} & set(name.split("+")):
            table = examples_of(name, told, inferences(9), TOKENIZER, 0, "cumulative")
            assert set(behind["text"]) <= set(table["text"]), name


def test_rephrasings_are_held_back_from_every_arm():
    made = pl.concat([inferences(20), inferences(5, kept=False), linked(3)])
    rest, held = held_back(made, 0.25, 0)
    assert held.height == 5
    assert held["kept"].all()
    assert set(held["operator"]) == {"rephrase"}
    assert rest.height + held.height == made.height
    assert held_back(made, 0.25, 0)[1].equals(held)
    assert not held_back(made, 0.25, 1)[1].equals(held)
    with pytest.raises(UserError, match="add the operator rephrase"):
        held_back(linked(3), 0.25, 0)


def test_an_arm_of_operators_has_theirs_alone():
    made = pl.concat(
        [
            inferences(3),
            linked(2),
            inferences(4).with_columns(operator=pl.lit("qa"), inference_id=pl.format("q{}", "inference_id")),
        ]
    )
    counts = {
        name: arm(f"finetuned+{name}", made).height - 10
        for name in ("rephrase", "link", "qa", "rephrase+qa", "local", "link+local")
    }
    assert counts == {"rephrase": 3, "link": 2, "qa": 4, "rephrase+qa": 7, "local": 7, "link+local": 9}
    assert arm("finetuned+study", made).height == 10  # it may have found nothing to ask about


def test_unchecked_has_what_checks_rejected_but_not_what_cannot_be_read():
    told = {
        "a": ('{"format": "ok", "roles": "swapped"}', False),
        "b": ('{"format": "cut off"}', False),
        "c": (None, False),
        "d": ('{"format": "ok"}', True),
    }
    made = pl.concat(
        [
            inferences(1).with_columns(inference_id=pl.lit(name), verdicts=pl.lit(said, pl.String), kept=kept)
            for name, (said, kept) in told.items()
        ]
    )
    assert arm("finetuned+local", made)["example_id"].to_list()[10:] == ["d"]
    assert arm("finetuned+local+unchecked", made)["example_id"].to_list()[10:] == ["a", "d"]


def test_distilled_examples_carry_the_documents_that_they_come_from():
    made = inferences(2).with_columns(doc_ids=pl.Series([["d1", "d2"], ["d1", "gone"]]))
    table = arm("finetuned+local+distilled", made)
    texts = dict(DOCUMENTS.select("doc_id", "text").iter_rows())
    assert table["teacher_context"].to_list() == [*DOCUMENTS["text"], f"{texts['d1']}\n\n{texts['d2']}", texts["d1"]]
    assert table.drop("teacher_context").equals(arm("finetuned+local", made))


def test_split_has_each_sentence_once():
    told = pl.DataFrame({"doc_id": ["a"], "text": ["Mars is red. It is small."]})
    assert examples_of("finetuned+split", told, inferences(0), TOKENIZER, 0)["text"].to_list() == [
        "Mars is red.",
        "It is small.",
    ]


def test_which_arms_are_trained_and_need_inferences():
    arms = ("pretrained", "finetuned", "finetuned+split", "finetuned+repeat", "finetuned+qa")
    assert [is_trained(name) for name in arms] == [False, True, True, True, True]
    assert [needs_inferences(name) for name in arms] == [False, False, False, True, True]


def test_sourced_has_each_inference_behind_what_it_was_made_from():
    table = arm("finetuned+local+sourced", inferences(2, words=3))
    assert table.filter(origin="operator")["text"].to_list() == ["said said said said "] * 2


def test_gold_has_what_the_benchmark_knows():
    table = examples_of("finetuned+gold", DOCUMENTS, inferences(0), TOKENIZER, 0, gold=["a b c", "d e f"])
    assert table.filter(origin="gold")["text"].to_list() == ["a b c", "d e f"]
    with pytest.raises(UserError, match="needs a benchmark that knows everything that follows"):
        arm("finetuned+gold")
