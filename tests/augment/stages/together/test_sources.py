"""A global inference names all the documents that it follows from."""

import polars as pl

from augment.config import AugmentConfig
from augment.operators.base import Record
from augment.operators.link import Link, LinkTrace
from augment.operators.parsing import Said
from augment.stages.answers import make_inferences
from augment.stages.requests import context_key, make_requests
from augment.stages.together.contexts import groups
from augment.stages.together.sources import sources
from engine.tasks.generate import GENERATIONS

TOLD = {
    "a": "Anna is the mother of Ben.",
    "b": "Ben is the father of Carla.",
    "c": "Carla was born in Oslo.",
    "d": "Fish swim in the deep sea.",
}
MEMBERS = [Record(text, (doc,)) for doc, text in TOLD.items()]


def test_citations_are_taken_off_and_read():
    answer = "- Anna is the grandmother of Carla. [2]\n- Anna has kin in Oslo [2, 3].\n- In [2011] it rained.\n- It is so (documents 1 and 4)."
    assert [(said.text, said.cited) for said in Link("link").read(answer)] == [
        ("Anna is the grandmother of Carla.", (2,)),
        ("Anna has kin in Oslo.", (2, 3)),
        ("In [2011] it rained.", ()),
        ("It is so.", (1, 4)),
    ]
    (trace,) = LinkTrace("link-trace").read("I learned earlier that X [2]. This document says Y. Therefore Z.")
    assert trace == Said("I learned earlier that X. This document says Y. Therefore Z.", cited=(2,), open=True)


def test_a_line_that_talks_of_documents_and_concludes_nothing_has_its_reason():
    (said,) = Link("link").read("- This document says that Anna is a mother.\n")
    assert said.reason == "says where it was learned and concludes nothing"


def docs(said, target="a"):
    return [doc for record in sources(said, TOLD[target], MEMBERS) for doc in record.doc_ids]


def test_sources_are_those_cited_else_those_that_have_the_words():
    line = "Anna is the grandmother of Carla, who was born in Oslo."
    assert docs(Said(line, cited=(2,))) == ["b"]
    assert docs(Said(line, cited=(1, 3))) == ["c"]  # the target is no second source
    assert docs(Said(line, cited=(9,))) == docs(Said(line)) == ["c"]
    assert docs(Said("Anna is a grandmother of Carla and the father, as fish swim.")) == ["b", "d"]
    assert docs(Said("Ben has Anna as his mother.")) == []


def test_an_inference_has_all_its_documents_and_their_texts():
    documents = pl.DataFrame({"doc_id": list(TOLD), "text": list(TOLD.values())})
    config = AugmentConfig(operators=("link",))
    asked = make_requests(documents, config, "fake")
    (group,) = groups([Record(text, (doc,)) for doc, text in TOLD.items()], config)
    place = [record.doc_ids[0] for record in group.members].index("b") + 1
    assert f"[{place}] {TOLD['b']}" in asked["messages"][0]
    request = asked.filter(source_text=TOLD["a"])["request_id"][0]
    base = dict.fromkeys(GENERATIONS) | {"request_id": request, "sample": 0, "finish_reason": "stop"}
    answers = pl.DataFrame([base | {"text": f"- Anna is the grandmother of Carla. [{place}]"}], schema=GENERATIONS)
    shown = {context_key(group.numbered): group.members}
    (row,) = make_inferences(asked, answers, "m", shown=shown).iter_rows(named=True)
    assert (row["text"], row["doc_ids"]) == ("Anna is the grandmother of Carla.", ["a", "b"])
    assert row["source_text"] == f"{TOLD['a']}\n\n{TOLD['b']}"
