"""The driver on answers that are there already, so that no engine starts: rounds, second steps, batches, rules."""

import polars as pl
import pytest

from augment.config import AugmentConfig, CheckConfig
from augment.stages.answers import make_inferences
from augment.stages.requests import make_requests
from augment.stages.rounds import augment, augment_worlds
from augment.stages.second_step import follow_requests
from engine.config import EngineConfig
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.parts import commit_part, read_parts
from engine.tasks.generate import GENERATIONS

FAKE = EngineConfig(kind="fake")
POOL = EnginePool("fake", FAKE, quiet=True)
OFF = CheckConfig(
    language=False, reference=False, meaning=False, additions=False, near=0, entailment=False, consistency=False
)
"""What the driver does beside the checks is tried here."""
FEMP, GLON = "femp are more dangerous than glon.", "glon are less dangerous than femp."


def corpus(*texts):
    return pl.DataFrame([{"doc_id": f"d{i}", "text": text, "source": "", "meta": "{}"} for i, text in enumerate(texts)])


def answer(folder, requests, *texts):
    """Answers to all requests, one for each or the same for all, as an engine leaves them."""
    base = dict.fromkeys(GENERATIONS) | {"sample": 0, "finish_reason": "stop"}
    told = texts * requests.height if len(texts) == 1 else texts
    rows = [base | {"request_id": i, "text": t} for i, t in zip(requests["request_id"], told, strict=True)]
    commit_part(folder, requests["request_id"][0], pl.DataFrame(rows, schema=GENERATIONS))


def test_one_round_gives_what_the_pure_functions_give(tmp_path):
    config = AugmentConfig(max_tokens=9, verify=OFF)
    documents = corpus(f"{FEMP} blick are less common than trusk.", FEMP, "# A heading")
    asked = make_requests(documents, config, "m")
    answer(tmp_path / "generations", asked, *(f"- {text} Indeed." for text in asked["source_text"]))
    found = augment(documents, POOL, config, "m", tmp_path)
    assert found.equals(make_inferences(asked, read_parts(tmp_path / "generations", GENERATIONS), "m"))
    assert found["kept"].any()
    assert pl.read_parquet(tmp_path / "requests.parquet").equals(asked)
    assert pl.read_parquet(tmp_path / "inferences.parquet").equals(found)
    assert pl.read_parquet(tmp_path / "documents.parquet").equals(documents)
    assert not list(tmp_path.glob("*follow*"))


def test_documents_in_batches_ask_once(tmp_path, monkeypatch):
    config, documents = AugmentConfig(verify=OFF), corpus(f"{FEMP} blick are less common than trusk.", GLON, FEMP)
    asked = make_requests(documents, config, "m")
    answer(tmp_path / "generations", asked, "NONE")
    whole = augment(documents, POOL, config, "m", tmp_path)
    monkeypatch.setattr("augment.stages.rounds.BATCH_CHARS", 10)
    (tmp_path / "finished.json").unlink()
    assert augment(documents, POOL, config, "m", tmp_path).equals(whole)
    assert pl.read_parquet(tmp_path / "requests.parquet").sort("request_id").equals(asked.sort("request_id"))


def test_a_round_asks_about_what_the_last_one_added_until_nothing_is_new(tmp_path):
    config = AugmentConfig(operators=("reverse",), rounds=5, verify=OFF)
    answer(tmp_path / "generations", make_requests(corpus(FEMP), config, "m"), f"- {GLON}\n- {FEMP}")
    answer(tmp_path / "generations-round-2", make_requests(corpus(GLON), config, "m"), f"- {FEMP}\n- {GLON}")
    found = augment(corpus(FEMP), POOL, config, "m", tmp_path)
    assert found.select("round", "source_text", "text", "reason").rows() == [
        (1, FEMP, GLON, None),
        (1, FEMP, FEMP, "stated in the corpus"),
        (2, GLON, FEMP, "stated in the corpus"),
        (2, GLON, GLON, "stated in the corpus"),
    ]
    assert found["doc_ids"].to_list() == [["d0"]] * 4
    assert not (tmp_path / "requests-round-3.parquet").exists()
    assert augment(corpus(FEMP), POOL, config, "m", tmp_path).equals(found)


def test_rounds_follow_a_chain_to_its_end(tmp_path):
    config = AugmentConfig(operators=("deduce",), rounds=9, verify=OFF)
    told, new = "Oaks are trees. Trees are plants. Plants have roots.", "Oaks are plants. Trees have roots."
    texts = [told, f"Plants have roots. {new}", "Trees have roots. Oaks have roots."]
    said = ["- Oaks are plants.\n- Trees have roots.", "- Oaks have roots.", "NONE"]
    for number, (text, line) in enumerate(zip(texts, said, strict=True), 1):
        folder = tmp_path / (f"generations-round-{number}" if number > 1 else "generations")
        answer(folder, make_requests(corpus(text), config, "m"), line)
    found = augment(corpus(told), POOL, config, "m", tmp_path)
    kept = found.filter("kept").select("round", "text").rows()
    assert kept == [(1, "Oaks are plants."), (1, "Trees have roots."), (2, "Oaks have roots.")]
    asked = [pl.read_parquet(p)["source_text"].to_list() for p in sorted(tmp_path.glob("requests*.parquet"))]
    assert sorted(asked) == sorted([text] for text in texts)


def test_a_second_step_has_a_folder_of_its_own(tmp_path):
    config = AugmentConfig(operators=("study",), verify=OFF)
    asked = make_requests(corpus(FEMP), config, "m")
    answer(tmp_path / "generations", asked, "- Draw it.\n- Sing it.")
    follow = follow_requests(asked, read_parts(tmp_path / "generations", GENERATIONS), config, "m")
    answer(tmp_path / "generations-follow", follow, "Beware of femp: dangerous!", "Fear no glon: femp are worse.")
    found = augment(corpus(FEMP), POOL, config, "m", tmp_path)
    assert sorted(found["text"]) == ["Beware of femp: dangerous!", "Fear no glon: femp are worse."]
    assert set(found["request_id"]) == set(follow["request_id"])
    assert pl.read_parquet(tmp_path / "requests-follow.parquet").equals(follow)


def test_rules_need_no_engine(tmp_path):
    config = AugmentConfig(operators=("repeat", "reverse-training"), rounds=3, verify=OFF)
    found = augment(corpus(FEMP, "# Heading"), POOL, config, "m", tmp_path)
    assert found.select("operator", "text", "model", "kept").rows() == [
        ("repeat", FEMP, None, True),
        ("repeat", "# Heading", None, True),
        ("reverse-training", ". glon than dangerous more are femp", None, True),
        ("reverse-training", "Heading #", None, True),
    ]
    assert found["inference_id"].n_unique() == 4


def test_contexts_are_reported(tmp_path):
    config, documents = AugmentConfig(operators=("link",), context_chars=80, verify=OFF), corpus(FEMP, GLON, "x" * 81)
    answer(tmp_path / "generations", make_requests(documents, config, "m"), "NONE")
    augment(documents, POOL, config, "m", tmp_path)
    table = pl.read_parquet(tmp_path / "contexts.parquet")
    assert [sorted(docs) for docs in table["targets"]] == [["d0", "d1"], ["d2"]]
    assert table["left_out"].to_list() == [1, 2]
    assert table["prefix_key"][0] in set(pl.read_parquet(tmp_path / "requests.parquet")["prefix_key"])


def test_worlds_share_answers(tmp_path):
    config = AugmentConfig(operators=("reverse",), verify=OFF)
    worlds = {0: corpus(FEMP), 1: corpus("blick are less common than trusk.", FEMP)}
    answer(tmp_path / "generations", make_requests(worlds[1], config, "m"), "NONE", f"- {GLON}")
    found = augment_worlds(worlds, POOL, config, "m", tmp_path)
    assert {seed: table.filter("kept")["doc_ids"].to_list() for seed, table in found.items()} == {
        0: [["d0"]],
        1: [["d1"]],
    }
    assert pl.read_parquet(tmp_path / "requests.parquet").height == 2


def test_documents_that_no_operator_can_use_are_a_users_error(tmp_path):
    with pytest.raises(UserError, match="two sentences in a document"):
        augment(corpus(FEMP), POOL, AugmentConfig(operators=("deduce",), verify=OFF), "m", tmp_path)


def test_what_one_source_does_not_bear_out_is_no_reason_to_reject_it_of_another(tmp_path):
    """The first of two that say the same used to be remembered though a rule rejected it, and the second one went as its duplicate."""
    config = AugmentConfig(operators=("rephrase",), verify=OFF.model_copy(update={"additions": True}))
    documents = corpus("Anna founded the library in Bergen.", "Ben and Anna founded the library.")
    asked = make_requests(documents, config, "m")
    answer(tmp_path / "generations", asked, "- The library was founded by Anna and Ben.")
    found = augment(documents, POOL, config, "m", tmp_path)
    assert found.select("source_text", "kept", "reason").sort("source_text").rows() == [
        ("Anna founded the library in Bergen.", False, "names what its source does not: ben"),
        ("Ben and Anna founded the library.", True, None),
    ]


def test_tables_in_other_processes_give_what_one_process_gives(tmp_path, monkeypatch):
    config = AugmentConfig(verify=CheckConfig(entailment=False))
    documents = corpus(
        *(f"Town {n} has {n} mills. The mill of Ann{n} is older than the church of Ben{n}." for n in range(30))
    )
    asked = make_requests(documents, config, "m")
    answer(tmp_path / "generations", asked, *(f"- {text[:-1]}, as people say." for text in asked["source_text"]))
    here = augment(documents, POOL, config, "m", tmp_path)
    (tmp_path / "finished.json").unlink()
    monkeypatch.setattr("augment.stages.rounds.BATCH_CHARS", 100)
    monkeypatch.setattr("augment.stages.joining.SLICE", 7)
    assert augment(documents, POOL, config, "m", tmp_path).equals(here)
    assert here["kept"].any()


def test_a_second_round_joins_a_conclusion_with_what_is_stated_elsewhere(tmp_path):
    config = AugmentConfig(operators=("connect",), rounds=2, verify=OFF)
    documents = corpus("gruds are abmes.", "abmes are ronys.", "ronys are wilps.")
    first = make_requests(documents, config, "m")
    assert set(first["source_text"]) == {"gruds are abmes. abmes are ronys.", "abmes are ronys. ronys are wilps."}
    told = {
        "gruds are abmes. abmes are ronys.": "- gruds are ronys.",
        "abmes are ronys. ronys are wilps.": "- abmes are wilps.",
    }
    answer(tmp_path / "generations", first, *(told[source] for source in first["source_text"]))
    second = ["gruds are ronys. ronys are wilps.", "gruds are abmes. abmes are wilps."]
    asked = [
        pl.DataFrame({"doc_id": ["x", "y"], "text": [f"{one}." for one in pair.rstrip(".").split(". ")]})
        for pair in second
    ]
    requests = pl.concat(make_requests(one, config, "m") for one in asked)
    answer(tmp_path / "generations-round-2", requests, "- gruds are wilps.")
    found = augment(documents, POOL, config, "m", tmp_path)
    assert set(pl.read_parquet(tmp_path / "requests-round-2.parquet")["source_text"]) == set(second)
    last = found.filter(round=2).row(0, named=True)
    assert (last["text"], last["doc_ids"], last["kept"]) == ("gruds are wilps.", ["d0", "d1", "d2"], True)
