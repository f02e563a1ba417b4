"""What is asked of the engine about an inference, how its answers are read, and where the thresholds lie."""

from collections import Counter

import polars as pl
import pytest

from augment.checks.entailment import GAINED, SLIP, not_entailed, thresholds
from augment.checks.evidence import NOTHING, Sources, entailment_items, figures, replacements
from augment.config import AugmentConfig
from augment.stages.rounds import augment
from engine.config import EngineConfig
from engine.fingerprint import fingerprint
from engine.pool import EnginePool
from engine.store.parts import entries
from engine.tasks.score import SCORES

SOURCES = ["Note: femp are more common than glon.", "blick are big.", "Anna lives in Rome."]
ROWS = [
    ("a", "reverse", "glon are less common than femp.", SOURCES[0]),
    ("b", "reverse", "blick were seen.", SOURCES[1]),
    ("c", "rephrase", "Rome houses Anna.", SOURCES[2]),
]


def inferences(rows=ROWS):
    return pl.DataFrame(rows, schema=["inference_id", "operator", "text", "source_text"], orient="row")


def items_of(rows=ROWS):
    table = inferences(rows)
    return entailment_items(table, Sources(table["source_text"].unique(maintain_order=True)))


def asked(identity="a", rows=ROWS):
    return items_of(rows).filter(inference_id=identity)


def scored(items, values, error=None):
    """The `scores` table of items, with the values per token that `values` gives for (given, choice)."""
    rows = [
        {"item_id": item["item_id"], "choice": n, "logprobs": values(item["given"], choice.strip()), "error": error}
        for item in items.iter_rows(named=True)
        for n, choice in enumerate(item["choices"])
    ]
    return pl.DataFrame(rows, schema=SCORES)


def test_a_statement_is_asked_after_its_source_after_nothing_and_after_another():
    items = asked()
    first = items.filter(pl.col("choices").list.first() == "\nglon are less common than femp.")
    assert dict(first.select("given", "prefix").rows()).keys() == {"source", "nothing", "other"}
    own = first.row(by_predicate=pl.col("given") == "source", named=True)
    assert own["prefix"] == SOURCES[0]
    assert own["choices"][1] == "\nglon are more common than femp."
    assert own["rivals"] == 1
    assert first.filter(given="nothing")["prefix"].to_list() == [NOTHING]
    assert first.filter(given="other")["prefix"][0] in SOURCES[1:]
    assert items["choices"].list.first().unique().sort().to_list() == [
        "\nfemp are more common than glon.",
        "\nglon are less common than femp.",
    ]
    assert items["item_id"].n_unique() == items.height


def test_the_other_source_shares_no_words_where_there_is_one():
    rows = [*ROWS, ("d", "reverse", "femp are common.", "glon are less common than femp, says Ben.")]
    items = items_of(rows)
    assert set(items.filter(given="other", inference_id="a")["prefix"]) <= set(SOURCES[1:])


def test_what_is_alike_in_its_plain_wording_is_asked_once():
    rows = [*ROWS, ("d", "rephrase", "People find glon less common than femp.", SOURCES[0])]
    items = items_of(rows)
    assert set(items.filter(inference_id="d")["item_id"]) == set(items.filter(inference_id="a")["item_id"])


def test_replacements_put_the_sources_rarest_words_in_place_of_the_statements():
    frequency = Counter({"note": 9, "are": 9, "femp": 1, "lafa": 2, "common": 3})
    source = {"note", "femp", "are", "common"}
    assert replacements("lafa are common.", source, frequency) == ["femp are common.", "note are common."]
    assert replacements("femp are common.", source, frequency) == []


def test_figures_are_the_worse_of_both_wordings():
    source = {"glon are less common than femp.": [-1.0, -1.0], "femp are more common than glon.": [-1.0, -3.0]}

    def values(given, sentence):
        if given == "source":
            return source.get(sentence, [-6.0, -6.0])
        return [-5.0, -5.0] if given == "nothing" else [-4.0, -4.0]

    items = asked()
    row = figures(scored(items, values), items).row(0, named=True)
    assert row["evidence"] == pytest.approx(10.0 - 4.0)
    assert row["null"] == pytest.approx(2.0)
    assert row["margin"] == pytest.approx(4.0)
    assert row["slip"] == pytest.approx(-10.0)
    assert row["error"] is None


def test_a_quantified_statement_is_compared_behind_its_terms_and_replaced_without_them():
    rows = [("a", "reverse", "In other words, some lafa are glon.", "All glon are yomp."), *ROWS[1:]]
    items = asked(rows=rows)
    framed = items.filter(stem="\nThe relationships between lafa and glon are:")
    assert framed["given"].to_list() == ["source"]
    assert framed["choices"][0].to_list() == [" Some lafa are glon.", " No lafa are glon."]
    plain = items.filter(stem="")
    assert plain["given"].to_list() == ["source", "source"]
    assert plain["choices"].list.first().to_list() == ["\nsome lafa are glon.", "\nsome glon are lafa."]
    assert "\nsome yomp are glon." in plain["choices"][0].to_list()
    assert plain["rivals"].to_list() == [0, 0]


def test_the_margin_is_against_the_likeliest_rival():
    rows = [("a", "reverse", "All glon are yomp.", "All yomp are glon."), *ROWS[1:]]
    items = asked(rows=rows)
    said = {"All glon are yomp.": -2.0, "No glon are yomp.": -3.0, "Some glon are yomp.": -0.5}
    row = figures(scored(items, lambda _, s: [said.get(s, -9.0)] * 3), items).row(0, named=True)
    assert row["margin"] == pytest.approx(-1.5)
    assert row["rival"] == "Some glon are yomp."
    assert not_entailed(row, None) == "its source makes a rival likelier: Some glon are yomp."


def test_an_error_is_a_reason_of_its_own():
    items = asked()
    row = figures(scored(items, lambda *_: None, "too long"), items).row(0, named=True)
    assert not_entailed(row, 1.0) == "entailment not scored: too long"


GOOD = {"error": None, "margin": 1.0, "rival": "x", "evidence": 2.0, "slip": -1.0, "gain": None}


@pytest.mark.parametrize(
    ("change", "rejected"),
    [
        ({}, False),
        ({"margin": None, "slip": None}, False),
        ({"margin": 0.0}, True),
        ({"evidence": 1.0}, True),
        ({"slip": SLIP + 0.1}, True),
        ({"slip": SLIP - 0.1}, False),
        ({"gain": GAINED + 0.1}, False),
        ({"gain": GAINED}, True),
    ],
)
def test_each_figure_can_reject(change, rejected):
    assert (not_entailed(GOOD | change, 1.0) is not None) == rejected


def test_thresholds_let_the_rate_of_nulls_pass_and_small_operators_share_one():
    nulls = [i / 1000 for i in range(1000)]
    table = pl.DataFrame({"operator": ["many"] * 1000 + ["few"] * 10, "null": nulls + [5.0] * 10})
    found = thresholds(table, 0.01)
    assert sum(null > found["many"] for null in nulls) == pytest.approx(10, abs=1)
    assert found["few"] == table["null"].quantile(0.99, interpolation="higher") > found["many"]
    unscored = pl.DataFrame({"operator": ["x"], "null": [None]}, schema_overrides={"null": pl.Float64})
    assert thresholds(unscored, 0.01) == {}


@pytest.mark.engine
def test_what_another_model_has_verified_is_asked_again(tmp_path):
    """Into the same folder: its requests are others, but inferences in the same words are asked about under the same ids."""
    documents = pl.DataFrame(
        {"doc_id": ["a"], "text": ["femp are more dangerous than glon."], "source": ["t"], "meta": ["{}"]}
    )
    config = AugmentConfig(operators=("reverse",))
    texts = set[str]()
    for name, dtype in (("two", "float32"), ("other", "bfloat16")):
        engine = EngineConfig(kind="fake", cpus=0.5, vllm={"dtype": dtype})
        with EnginePool("fake:turn=1", engine, quiet=True) as pool:
            texts.update(augment(documents, pool, config, name, tmp_path)["text"])
        assert len(texts) == 1
        mark, _ = fingerprint("fake:turn=1", engine)
        assert {entry["from"] for entry in entries(tmp_path / "verify/0000").values()} == {mark}
        assert {entry["from"] for entry in entries(tmp_path / "generations").values()} > {mark} or name == "two"


def test_a_trained_reader_is_asked_with_and_without_its_adapter():
    table = inferences().filter(inference_id="c").with_columns(context=pl.lit(""), language=pl.lit("en"))
    items = entailment_items(table, Sources([SOURCES[2]]), natural=True, reader="adapter")
    asked = {row["given"]: row for row in items.iter_rows(named=True)}
    assert {given: row["adapter"] for given, row in asked.items()} == {"source": "adapter", "bare": None}
    assert asked["source"]["choices"] == ["\nRome houses Anna.", "\nAnna houses Rome."]
    assert asked["bare"]["choices"] == ["\nRome houses Anna."]
    assert len(set(items["item_id"])) == 2
    values = {("source", "Rome houses Anna."): [-1.0, -1.0], ("source", "Anna houses Rome."): [-2.0, -2.0]}
    values |= {("bare", "Rome houses Anna."): [-3.0, -1.5]}
    (row,) = figures(scored(items, lambda *of: values[of]), items).to_dicts()
    assert (row["gain"], row["margin"], row["evidence"]) == (2.5, 1.0, None)
