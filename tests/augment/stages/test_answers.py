"""Every answer becomes rows, kept or with a reason."""

import json

import polars as pl

from augment.config import AugmentConfig
from augment.stages.answers import INFERENCES, make_inferences
from augment.stages.requests import make_requests
from augment.stages.second_step import follow_requests
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


def of(table, operator, start):
    """The id of the request for a sentence."""
    return table.filter((pl.col("operator") == operator) & pl.col("source_text").str.starts_with(start))["request_id"][
        0
    ]


def test_every_answer_is_accounted_for():
    asked = requests()
    femp, blick = of(asked, "reverse", "femp"), of(asked, "reverse", "blick")
    again, none = of(asked, "rephrase", "femp"), of(asked, "rephrase", "blick")
    answers = generations(
        {"request_id": femp, "text": "- glon are less dangerous than femp.\n- Glon are less dangerous than femp"},
        {"request_id": femp, "sample": 1, "text": "- glon are less dangerous\n- cut", "finish_reason": "length"},
        {"request_id": blick, "error": "the prompt is empty", "text": None, "finish_reason": ""},
        {"request_id": again, "text": "1. glon are less dangerous than femp.\n2. femp are more dangerous than glon"},
        {"request_id": none, "text": "NONE"},
    )
    table = make_inferences(asked, answers, "pico")
    assert dict(table.schema) == dict(pl.DataFrame(schema=INFERENCES).schema)
    assert table.select("operator", "request_id", "sample", "text", "reason").rows() == [
        ("rephrase", none, 0, "", "the model found nothing to infer"),
        ("rephrase", again, 0, "glon are less dangerous than femp.", None),
        ("rephrase", again, 0, "femp are more dangerous than glon", "stated in the corpus"),
        ("reverse", blick, 0, "", "engine: the prompt is empty"),
        ("reverse", femp, 0, "glon are less dangerous than femp.", "duplicate"),
        ("reverse", femp, 0, "Glon are less dangerous than femp", "duplicate"),
        ("reverse", femp, 1, "glon are less dangerous", None),
        ("reverse", femp, 1, "cut", "cut off by augment.max_tokens"),
    ]
    assert table["kept"].to_list() == [r is None for r in table["reason"]]
    assert set(table["request_id"]) == set(asked["request_id"])
    assert table["inference_id"].n_unique() == table.height


def test_an_inference_knows_where_it_comes_from():
    asked = requests(operators=("reverse",))
    identity = of(asked, "reverse", "femp")
    row = make_inferences(
        asked, generations({"request_id": identity, "text": "glon are less dangerous than femp."}), "m"
    ).row(0, named=True)
    assert row["doc_ids"] == ["d1", "d2"]
    assert row["source_text"] == "femp are more dangerous than glon."
    assert (row["operator"], row["request_id"], row["model"]) == ("reverse", identity, "m")
    assert json.loads(row["verdicts"]) == {"format": "ok"}


def test_inferences_do_not_depend_on_the_order_of_answers():
    asked = requests()
    text = "glon are less dangerous than femp."
    answers = generations(*({"request_id": i, "sample": s, "text": text} for i in asked["request_id"] for s in (0, 1)))
    assert make_inferences(asked, answers, "m").equals(make_inferences(asked, answers.reverse(), "m"))


def test_only_the_last_line_of_a_cut_answer_is_cut():
    asked = requests(operators=("reverse",))
    line = "glon are less dangerous than femp."
    answer = {"request_id": of(asked, "reverse", "femp"), "text": f"{line}\n{line}", "finish_reason": "length"}
    assert make_inferences(asked, generations(answer), "m")["reason"].to_list() == [
        None,
        "cut off by augment.max_tokens",
    ]


def test_no_answers_give_an_empty_table():
    table = make_inferences(requests(), generations(), "m")
    assert (table.height, table.columns) == (0, list(INFERENCES))


def test_a_first_step_is_accounted_for_by_what_follows():
    documents = DOCUMENTS.head(2)
    asked = requests(documents, operators=("study",), text_tokens=50)
    one, two = asked.sort("doc_ids")["request_id"]
    first = generations({"request_id": one, "text": "- Draw it.\n- Sing it."}, {"request_id": two, "text": "NONE"})
    config = AugmentConfig(operators=("study",), text_tokens=50)
    follow = follow_requests(asked, first, config, "pico")
    assert follow["doc_ids"].to_list() == [["d1"]] * 2
    assert follow["source_text"].to_list() == [documents["text"][0]] * 2
    assert json.loads(follow["sampling"][0])["max_tokens"] == 50
    assert follow.equals(follow_requests(asked.reverse(), first.reverse(), config, "pico"))
    told = "femp: beware, dangerous! " * 20
    second = generations(*({"request_id": i, "text": told} for i in follow["request_id"]))
    table = make_inferences(pl.concat([asked, follow]), pl.concat([first, second]), "pico")
    assert table.select("doc_ids", "text", "reason").rows() == [
        (["d2"], "", "the model found nothing to infer"),
        (["d1"], told.strip(), None),
        (["d1"], told.strip(), "duplicate"),
    ]


def test_sentences_of_a_document_are_no_inference_from_it():
    asked = requests(operators=("deduce",))
    text = "- Blick are less common than trusk.\n- trusk are more common than blick.\n- Paris is the lovely capital of France."
    table = make_inferences(asked, generations({"request_id": asked["request_id"][0], "text": text}), "m")
    assert table["reason"].to_list() == ["stated in the corpus", None, "shares too few words with its source"]


def test_a_link_may_bring_in_the_words_of_other_documents():
    asked = requests(operators=("link",))
    text = "- troff, rarer than anything and rarer still than every gropp, are safer than glon.\n- Paris is the capital of France."
    request = asked.filter(source_text="femp are more dangerous than glon.")["request_id"][0]
    table = make_inferences(asked, generations({"request_id": request, "text": text}), "m")
    assert table["reason"].to_list() == [None, "shares too few words with its source"]
