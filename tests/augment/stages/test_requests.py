"""What is asked of which texts, and what the ids of requests depend on."""

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from augment.config import AugmentConfig
from augment.stages.records import token_counter
from augment.stages.requests import make_requests
from engine.errors import UserError
from engine.tasks.generate import GENERATIONS

DOCUMENTS = pl.DataFrame(
    {
        "doc_id": ["d1", "d2", "d3"],
        "text": [
            "femp are more dangerous than glon. blick are less common than trusk.",
            "femp are more dangerous than glon.",
            "# Nothing but a heading",
        ],
    }
)


def requests(documents=DOCUMENTS, model="pico", **settings):
    return make_requests(documents, AugmentConfig(**settings), model)


def generations(*rows):
    base = dict.fromkeys(GENERATIONS) | {"sample": 0, "finish_reason": "stop"}
    return pl.DataFrame([base | row for row in rows], schema=GENERATIONS)


def test_one_request_per_sentence_and_operator_with_all_its_documents():
    table = requests()
    assert table.select("operator", "source_text", "doc_ids").rows() == [
        (operator, text, ids)
        for operator in ("rephrase", "reverse")
        for text, ids in (
            ("femp are more dangerous than glon.", ["d1", "d2"]),
            ("blick are less common than trusk.", ["d1"]),
        )
    ]
    assert table["request_id"].n_unique() == 4


def test_a_sentence_twice_in_one_document_names_it_once():
    documents = pl.DataFrame({"doc_id": ["d"], "text": ["femp are big. femp are big."]})
    assert requests(documents)["doc_ids"].to_list() == [["d"]] * 2


def test_without_splitting_a_document_is_one_text():
    table = requests(split=False, operators=("reverse",))
    assert table["source_text"].to_list() == [t.strip() for t in DOCUMENTS["text"]]


def test_requests_hold_prompt_and_sampling():
    row = requests(temperature=0.2, max_tokens=9, samples=3).row(0, named=True)
    *shown, message = json.loads(row["messages"])
    assert [turn["role"] for turn in shown] == ["user", "assistant"] * 2
    assert message["role"] == "user"
    assert row["source_text"] in message["content"]
    sampling = json.loads(row["sampling"])
    assert (sampling["temperature"], sampling["max_tokens"], row["n"]) == (0.2, 9, 3)
    assert sampling["seed"] >= 0


def test_ids_do_not_depend_on_the_order_of_documents():
    assert set(requests(DOCUMENTS.reverse())["request_id"]) == set(requests()["request_id"])


@pytest.mark.parametrize(
    "change", [{"model": "other"}, {"temperature": 0.1}, {"max_tokens": 7}, {"seed": 1}, {"samples": 2}]
)
def test_ids_depend_on_model_and_sampling(change):
    assert not set(requests(**change)["request_id"]) & set(requests()["request_id"])


def test_what_is_not_set_is_not_in_the_sampling_so_ids_stay():
    assert set(json.loads(requests()["sampling"][0])) == {"temperature", "max_tokens", "seed"}
    assert requests()["request_id"].sort().to_list() == [
        "20a75271e86b4ef0",
        "22c41a3d128ee76a",
        "c2553cd83ed917ce",
        "c9085c6cf367e850",
    ]


def test_operators_may_have_sampling_of_their_own():
    own = {"rephrase": {"temperature": 0.9, "max_tokens": 200, "presence_penalty": 0.5}}
    table = requests(top_p=0.9, top_k=20, min_p=0.1, sampling=own)
    said = {name: json.loads(sampling) for name, sampling in table.select("operator", "sampling").iter_rows()}
    of_all = {"top_p": 0.9, "top_k": 20, "min_p": 0.1}
    assert said["rephrase"] == {**own["rephrase"], **of_all, "seed": said["rephrase"]["seed"]}
    assert said["reverse"] == {"temperature": 0.7, "max_tokens": 128, **of_all, "seed": said["reverse"]["seed"]}


@pytest.mark.parametrize(
    ("sampling", "said"),
    [
        ({"qa": {"top_p": 1}}, "names qa, which is not among augment.operators"),
        ({"reverse": 0.9}, "reverse needs a mapping"),
        ({"reverse": {"seed": 1}}, "seed of reverse is set by"),
    ],
)
def test_sampling_that_cannot_be_used_is_named(sampling, said):
    with pytest.raises(ValidationError, match=said):
        AugmentConfig(sampling=sampling)


def test_arguments_of_the_chat_template_are_part_of_what_is_asked():
    table = requests(chat_template_kwargs={"enable_thinking": False})
    assert set(table["chat_template_kwargs"]) == {'{"enable_thinking": false}'}
    assert not set(table["request_id"]) & set(requests()["request_id"])
    assert requests()["chat_template_kwargs"].null_count() == 4


def test_ids_depend_on_the_prompt(tmp_path):
    (tmp_path / "reverse.md").write_text("Turn around: {{ text }}")
    mine, shipped = (requests(operators=("reverse",), prompts=folder) for folder in (tmp_path, None))
    assert not set(mine["request_id"]) & set(shipped["request_id"])


def test_a_corpus_without_a_sentence_is_a_users_error_that_names_the_setting():
    headings = DOCUMENTS.filter(doc_id="d3")
    with pytest.raises(UserError, match=r"no sentence.*augment\.split"):
        requests(headings)
    assert requests(headings, split=False).height == 2


ALL = ("reverse", "deduce", "connect", "qa", "entities", "study", "link", "link-trace")


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.permutations(range(6)), st.sampled_from(["bm25", "random"]))
def test_what_is_asked_does_not_depend_on_the_order_of_documents(order, partners):
    told = [
        "Oaks are trees. Oaks are old.",
        "Trees have roots.",
        "Fish swim.",
        "Oaks are trees. Oaks are old.",
        "Ben is ill.",
    ]
    documents = pl.DataFrame({"doc_id": list("abcdef"), "text": [*told, "# Oaks"]})
    config = {"operators": ALL, "context_chars": 60, "partners": partners}
    asked, mixed = (requests(table, **config) for table in (documents, documents[list(order)]))
    assert asked.sort("request_id").equals(mixed.sort("request_id"))


def test_documents_and_sentences_are_shown_as_the_scope_says():
    table = requests(operators=("reverse", "deduce", "qa", "link"))
    shown = {name: set(rows["source_text"]) for (name,), rows in table.partition_by("operator", as_dict=True).items()}
    texts = set(DOCUMENTS["text"])
    assert shown["qa"] == shown["link"] == texts
    assert shown["deduce"] == {DOCUMENTS["text"][0]}
    assert shown["reverse"] == {"femp are more dangerous than glon.", "blick are less common than trusk."}


def test_whole_texts_may_be_longer_than_lines():
    table = requests(operators=("study", "link", "link-trace"), max_tokens=5, text_tokens=50)
    longest = dict(table.select("operator", pl.col("sampling").str.json_path_match("$.max_tokens")).unique().rows())
    assert longest == {"study": "5", "link": "5", "link-trace": "50"}  # the first step of study is a list


def test_long_documents_are_shown_in_passages_of_the_models_tokens():
    sentences = [f"Town {n} is older than village {n}." for n in range(60)]
    documents = pl.DataFrame([{"doc_id": "d", "text": " ".join(sentences), "source": "", "meta": "{}"}])
    config = AugmentConfig(operators=("qa",), passage_tokens=200, overlap_tokens=60)
    shown = make_requests(documents, config, "pico")["source_text"].to_list()
    count = token_counter("pico")
    assert len(shown) > 5
    assert all(count(text) <= 200 for text in shown)
    assert [s for s in sentences if not any(s in text for text in shown)] == []
    assert sum(text.count(".") for text in shown) > len(sentences)  # the overlap
    whole = make_requests(documents, AugmentConfig(operators=("qa",), passage_tokens=100_000), "pico")
    assert whole["source_text"].to_list() == [" ".join(sentences)]
