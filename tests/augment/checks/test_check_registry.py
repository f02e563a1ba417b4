"""Checks one after another: each sees what the ones before kept, and every verdict is written down."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from augment.checks.base import NEEDED, tells_its_source
from augment.checks.registry import check_inferences, check_names, load_checks, verdicts_added
from augment.config import CheckConfig
from augment.operators.registry import kind_of
from engine.config import EngineConfig
from engine.errors import UserError
from engine.pool import EnginePool

SOURCE = "femp are more common than glon in every old garden."
MEANING = ["polarity", "certainty", "roles"]
RULES = ["language", "reference", "additions", "quantities", *MEANING]
SHIPPED = ["format", *RULES, "connection", "near duplicate", "entailment", "consistency"]
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
        dict.fromkeys(RULES, "ok") | {"near duplicate": "ok", "consistency": "ok"},
        dict.fromkeys(RULES, "ok") | {"near duplicate": reasons[1]},
        {"language": reasons[2]},
    ]


def test_names_are_looked_for_whatever_wrote_them_and_meanings_in_statements(tmp_path):
    only = CheckConfig(language=False, near=0, connection=False, entailment=False, consistency=False)
    reasons = ["names what its source does not: peter", "denies what its source says: like"]
    asked = table(["glon met Peter in every old garden.", "glon does not like gardens."], ["glon likes gardens."] * 2)
    found = check_inferences(asked, ["glon likes gardens."], fake(), tmp_path, only, "en")
    assert found["reason"].to_list() == reasons
    for operator, kept in (("link", reasons), ("study", [reasons[0], None])):
        found = check_inferences(asked.with_columns(operator=pl.lit(operator)), [], fake(), tmp_path, only, "en")
        assert found["reason"].to_list() == kept


def test_names_may_come_from_the_context_and_rows_may_have_a_language(tmp_path):
    only = CheckConfig(near=0, entailment=False)
    rows = table(
        ["Piet Maas founded Acme Robotics in 1998.", "Er gründete Acme."],
        ["It was founded in 1998 by Piet Maas.", "Er gründete Acme."],
    )
    rows = rows.with_columns(context=pl.lit("Acme Robotics"), language=pl.Series(["en", "de"]))
    found = check_inferences(rows, [], None, tmp_path, only, "en")
    assert found["reason"].to_list() == [None, "does not say what it speaks of: Er"]


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
    off = CheckConfig(
        language=False,
        additions=False,
        reference=False,
        meaning=False,
        near=0,
        connection=False,
        entailment=False,
        consistency=False,
    )
    found = check_inferences(table(), [SOURCE], fake(), tmp_path, off, "en")
    assert found["reason"].to_list() == [None] * 3
    assert set(found["said"]) == {"{}"}


def test_entailment_is_not_asked_about_long_texts(tmp_path):
    assert [
        tells_its_source(kind_of(name)) for name in ("rephrase", "deduce", "study", "link", "reverse-training")
    ] == [
        True,
        True,
        False,
        True,
        False,
    ]
    found = check_inferences(
        table(operator="study"), [SOURCE], fake(), tmp_path, CheckConfig(language=False, near=0), "en"
    )
    assert {name for said in found["said"] for name in json.loads(said)} == {"additions", "quantities", "consistency"}


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


HOW_TO = (Path(__file__).resolve().parents[3] / "docs/howto-own-check.md").read_text()
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", HOW_TO, re.DOTALL)
(ENTRY_POINT,) = re.findall(r'whole = "(.*)"', HOW_TO)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Leaves the documented plug-in, and whatever else is named, as an installer would."""

    def install(**points):
        (tmp_path / "whole.py").write_text(f"{EXAMPLE}\nclass NoCheck:\n    pass\n")
        info = tmp_path / "whole_plugin-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: whole-plugin\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[forethought.checks]", *lines]))
        monkeypatch.syspath_prepend(str(tmp_path))

    return install


def test_a_plug_in_check_is_made_and_its_verdict_written(install, tmp_path):
    install(whole=ENTRY_POINT)
    assert check_names() == [*SHIPPED[:-2], "whole", *SHIPPED[-2:]]
    rows = table([TEXTS[0], "glon are less common than femp in every"])
    found = check_inferences(rows, [SOURCE], fake(), tmp_path, CheckConfig(entailment=False), "en")
    assert found["reason"].to_list() == [None, "is no whole sentence: ends in 'p in every'"]
    first, second = map(json.loads, found["said"])
    assert list(first) == [*RULES, "near duplicate", "whole", "letters", "consistency"]
    assert (first["whole"], first["letters"]) == ("ok", len(TEXTS[0]))
    assert "consistency" not in second
    long = check_inferences(
        rows.with_columns(operator=pl.lit("study")), [SOURCE], fake(), tmp_path, CheckConfig(entailment=False), "en"
    )
    assert all("whole" not in said for said in long["said"])


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"bad": "whole:NoCheck"}, r"check bad \(whole:NoCheck\) is not a subclass of augment\.checks\.base\.Check"),
        (
            {"gone": "nowhere_to_be_found:Check"},
            r"check gone \(nowhere_to_be_found:Check\) cannot be loaded: No module",
        ),
        ({"language": "whole:Whole"}, r"check language \(whole:Whole\) has the name of a built-in check"),
    ],
)
def test_a_faulty_plug_in_is_named(install, point, message):
    install(**point)
    with pytest.raises(UserError, match=message):
        load_checks(CheckConfig())


def test_without_plug_ins_the_checks_are_those_that_the_documentation_lists_in_its_order():
    assert check_names() == SHIPPED
    assert [check.name for check in load_checks(CheckConfig())] == SHIPPED[1:]
    listed = (Path(__file__).resolve().parents[3] / "docs/augmentation.md").read_text()
    assert re.findall(r"^\| (\w[\w ]*) \| ", listed, re.MULTILINE)[1 : len(SHIPPED) + 1] == SHIPPED
