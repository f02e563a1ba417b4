"""Checks one after another: each sees what the ones before kept, and every verdict is written down."""

import json

import polars as pl

from augment.checks.base import NEEDED, tells_its_source
from augment.checks.registry import check_inferences, verdicts_added
from augment.config import CheckConfig
from augment.operators.registry import kind_of
from engine.config import EngineConfig
from engine.pool import EnginePool

SOURCE = "femp are more common than glon in every old garden."
TEXTS = [
    "glon are less common than femp in every old garden.",
    "glon are also less common than femp in every old garden!",
    "glon sind in jedem alten Garten weniger häufig als femp.",
]


def table(texts=TEXTS, sources=None, operator="reverse"):
    rows = [(f"i{n}", operator, text, (sources or [SOURCE] * len(texts))[n]) for n, text in enumerate(texts)]
    return pl.DataFrame(rows, schema=dict.fromkeys(NEEDED, pl.String), orient="row")


def fake():
    return EnginePool("pico", EngineConfig(kind="fake"), quiet=True)


def test_language_and_near_duplicates_without_an_engine(tmp_path):
    found = check_inferences(table(), [SOURCE], fake(), tmp_path, CheckConfig(entailment=False), "en")
    assert found["inference_id"].to_list() == ["i0", "i1", "i2"]
    reasons = [None, "near duplicate: of i0", "in another language than its source: de, not en"]
    assert found["reason"].to_list() == reasons
    assert [json.loads(said) for said in found["said"]] == [
        {"language": "ok", "additions": "ok", "near duplicate": "ok", "consistency": "ok"},
        {"language": "ok", "additions": "ok", "near duplicate": reasons[1]},
        {"language": reasons[2]},
    ]


def test_additions_are_looked_for_where_the_source_is_all_there_was(tmp_path):
    only = CheckConfig(language=False, near=0, connection=False, entailment=False, consistency=False)
    reasons = ["names what its source does not: peter", "denies something, and its source does not"]
    asked = table(["glon met Peter in every old garden.", "glon is not in an old garden."], ["glon likes gardens."] * 2)
    found = check_inferences(asked, ["glon likes gardens."], fake(), tmp_path, only, "en")
    assert found["reason"].to_list() == reasons
    for operator in ("link", "study"):
        found = check_inferences(asked.with_columns(operator=pl.lit(operator)), [], fake(), tmp_path, only, "en")
        assert found["reason"].to_list() == [None, None]


def test_what_joins_sentences_without_a_word_in_common_is_rejected_of_operators_that_combine(tmp_path):
    source = "Gruds are a kind of abmes. Terns are rony."
    asked = table(["Gruds are rony.", "Gruds are a kind of abmes, they say."], [source] * 2, operator="deduce")
    off = CheckConfig(language=False, near=0, entailment=False)
    found = check_inferences(asked, [SOURCE], fake(), tmp_path, off, "en")
    assert found["reason"].to_list() == ["joins sentences that have no word in common", None]
    assert [json.loads(said)["connection"] == "ok" for said in found["said"]] == [False, True]
    other = check_inferences(asked.with_columns(operator=pl.lit("qa")), [SOURCE], fake(), tmp_path, off, "en")
    assert other["reason"].to_list() == [None, None]


def test_every_check_can_be_switched_off(tmp_path):
    off = CheckConfig(language=False, additions=False, near=0, connection=False, entailment=False, consistency=False)
    found = check_inferences(table(), [SOURCE], fake(), tmp_path, off, "en")
    assert found["reason"].to_list() == [None] * 3
    assert set(found["said"]) == {"{}"}


def test_entailment_is_not_asked_about_long_texts_and_other_documents(tmp_path):
    assert [
        tells_its_source(kind_of(name)) for name in ("rephrase", "deduce", "study", "link", "reverse-training")
    ] == [
        True,
        True,
        False,
        False,
        False,
    ]
    found = check_inferences(
        table(operator="study"), [SOURCE], fake(), tmp_path, CheckConfig(language=False, near=0), "en"
    )
    assert set(found["said"]) == {'{"consistency": "ok"}'}


def test_nothing_to_check(tmp_path):
    assert check_inferences(table([]), [SOURCE], fake(), tmp_path, CheckConfig(), "en").is_empty()


def test_verdicts_are_added_to_those_that_are_there():
    rows = [("i0", '{"format": "ok"}', True, None), ("i1", '{"format": "short"}', False, "short")]
    before = pl.DataFrame(rows, schema=["inference_id", "verdicts", "kept", "reason"], orient="row")
    found = pl.DataFrame({"inference_id": ["i0"], "said": ['{"language": "no"}'], "reason": ["no"]})
    (after,) = verdicts_added(iter([before]), found)
    assert after.rows() == [("i0", '{"format": "ok", "language": "no"}', False, "no"), rows[1]]


def test_entailment_through_an_engine_writes_its_figures_and_resumes(own_ray, tmp_path):
    texts = ["glon are less common than femp.", "trains are slow and old."]
    rows = table(texts, [SOURCE, "Trains are slow and very old."])
    with EnginePool("pico", EngineConfig(kind="fake"), quiet=True) as pool:
        first = check_inferences(rows, [SOURCE], pool, tmp_path / "checks", CheckConfig(), "en")
        asked = pool.last.rows
        second = check_inferences(rows, [SOURCE], pool, tmp_path / "checks", CheckConfig(), "en")
    assert first.equals(second)
    assert asked > 0
    assert pool.last.rows == 0
    for said in first["said"]:
        assert {"entailment", "evidence", "null", "threshold"} <= json.loads(said).keys()
