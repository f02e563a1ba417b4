"""The review page: what it holds, how it samples, and that no document can put markup or code into it."""

import json
import re
from html.parser import HTMLParser

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from inference_rows import DOCUMENTS, HOSTILE, row, table

from augment.results.review import as_script, chosen, page_data, review_page, sample, write_review
from augment.review.decisions import Decision


class Page(HTMLParser):
    """Elements, and the content of the scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.inside = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1] += data

    def handle_endtag(self, tag):
        self.inside = False


def test_untrusted_text_stays_text():
    hostile = row(
        0, inference_id=HOSTILE, text=HOSTILE, source_text=HOSTILE, operator=HOSTILE, kept=False, reason=HOSTILE
    )
    page = Page(review_page(table(hostile, row(1)), DOCUMENTS, HOSTILE))
    plain = Page(review_page(table(row(0, kept=False, reason="r", operator="o"), row(1)), DOCUMENTS, "m"))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    data = json.loads(page.scripts[0])
    assert (data["rows"][0][1], data["sources"][0], data["documents"][0]) == (HOSTILE,) * 3
    assert page.scripts[1] == plain.scripts[1]


def test_the_page_needs_no_network_and_runs_no_script_but_its_own():
    text = review_page(table(row(0)), DOCUMENTS, "m")
    page = Page(text)
    assert not [attrs for _, attrs in page.tags for name in ("src", "href") if not attrs.get(name, "#").startswith("#")]
    policy = next(attrs["content"] for tag, attrs in page.tags if tag == "meta" and "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'")
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", policy)
    assert not re.search(r"url\(|@import|innerHTML", text)
    labelled = {attrs["for"] for tag, attrs in page.tags if tag == "label"}
    fields = {attrs["id"] for tag, attrs in page.tags if tag in ("select", "input")}
    assert labelled == fields


@given(st.text())
def test_data_in_a_script_reads_back_and_cannot_leave_it(text):
    script = as_script([text])
    assert not set("<>&\u2028\u2029") & set(script)
    assert json.loads(script) == [text]


def test_rows_name_sources_documents_and_verdicts_once():
    rows = table(
        row(0),
        row(1, kept=False, reason="engine: the prompt is empty", verdicts='{"format": "ok", "judge": {"score": 1}}'),
        row(2, kept=False, reason="engine: too long", doc_ids=["d2", "d1", "unknown"], verdicts="no json", text=None),
    )
    page = Page(review_page(rows, DOCUMENTS, "m"))
    data = json.loads(page.scripts[0])
    assert data["sources"] == ["femp are more dangerous than glon."]
    assert data["verdicts"] == ["kept", "engine"]
    assert data["documents"] == [HOSTILE, "b.md", "unknown"]
    assert [r[4] for r in data["rows"]] == [None, "engine: the prompt is empty", "engine: too long"]
    assert [r[6] for r in data["rows"]] == [[0], [0], [1, 0, 2]]
    assert [r[7] for r in data["rows"]] == [[], [["judge", '{"score": 1}']], []]


def test_optional_columns_may_be_missing_or_lists():
    rows = table(row(0)).with_columns(verdict=pl.lit("kept"))
    bare = rows.drop("source_text", "verdicts")
    assert page_data(bare, DOCUMENTS.drop("source"))["sources"] == [""]
    several = bare.with_columns(source_texts=pl.lit(["one.", "two."]))
    assert page_data(several, DOCUMENTS)["sources"] == ["one.\ntwo."]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["kept", "x", "y"]), st.integers(1, 400)), max_size=6),
    st.integers(20, 500),
    st.integers(0, 3),
)
def test_a_sample_holds_some_of_everything_and_no_more_than_it_may(strata, most, seed):
    rows = [(f"{i}-{n}", operator, verdict) for i, (operator, verdict, size) in enumerate(strata) for n in range(size)]
    told = pl.DataFrame(rows, schema=["inference_id", "operator", "verdict"], orient="row").cast(pl.String)
    found = sample(told, most, seed)
    assert found.height <= most
    assert found.height > most - 7 or found.height == told.height
    assert found.equals(sample(told, most, seed))
    assert found["inference_id"].is_in(told["inference_id"].implode()).all()
    assert found.select("operator", "verdict").n_unique() == told.select("operator", "verdict").n_unique()


def test_a_page_that_holds_a_sample_says_so(tmp_path, monkeypatch):
    rows = table(*(row(i) for i in range(30)), *(row(i, kept=False, reason="duplicate") for i in range(30, 40)))
    write_review(tmp_path, rows, DOCUMENTS, "m")
    assert "This page holds a sample" not in (tmp_path / "review.html").read_text()
    monkeypatch.setattr("augment.results.review.MOST", 20)
    text = review_page(rows, DOCUMENTS, "m")
    assert "20 of 40 inferences, drawn at random" in text
    assert "30 of 40 inferences from 2 documents" in text


def test_an_empty_table_gives_a_page():
    text = review_page(table(), DOCUMENTS, "m")
    assert "0 of 0 inferences" in text


def test_the_page_begins_with_the_decisions_that_there_are():
    made = [Decision("i0", "edit", HOSTILE, inference=HOSTILE, time="2025-01-31T12:00:00Z"), Decision("gone", "keep")]
    page = Page(review_page(table(row(0)), DOCUMENTS, "m", decisions=made))
    assert json.loads(page.scripts[0])["decisions"] == [
        {
            "inference_id": "i0",
            "decision": "edit",
            "text": HOSTILE,
            "inference": HOSTILE,
            "time": "2025-01-31T12:00:00Z",
        },
        {"inference_id": "gone", "decision": "keep"},
    ]
    assert len(page.scripts) == 2


def test_rows_name_the_check_that_rejected_them_and_whether_their_text_is_cut():
    verdicts = '{"format": "ok", "additions": "names x", "margin": 0.1}'
    moved = '{"format": "ok", "entailment": "ok", "threshold of review": "margin 0.1 <= 0.2"}'
    rows = table(
        row(0, text="x" * 4001),
        row(1, kept=False, reason="names x", verdicts=verdicts),
        row(2, kept=False, reason="threshold of review: margin 0.1 <= 0.2", verdicts=moved),
    ).with_columns(verdict=pl.lit("v"))
    data = page_data(rows, DOCUMENTS)
    assert [data["checks"][r[8]] for r in data["rows"]] == ["", "additions", "threshold of review"]
    assert [r[9] for r in data["rows"]] == [1, 0, 0]


def test_random_samples_of_a_large_table_come_from_all_kept_rows_alike(monkeypatch):
    monkeypatch.setattr("augment.results.review.MOST", 40)
    few = [row(i, operator="rare") for i in range(20)]
    told = table(*few, *(row(i, kept=i % 2 == 0, reason=None if i % 2 == 0 else "r") for i in range(20, 400)))
    told = told.with_columns(verdict=pl.when("kept").then(pl.lit("kept")).otherwise(pl.lit("r")))
    page, drawn = chosen(told, 0)
    assert page.height == page["inference_id"].n_unique() <= 40
    assert len(drawn) == 20
    assert page[drawn]["kept"].all()
    assert page.equals(chosen(told, 0)[0])
    assert sum((chosen(told, seed)[0][chosen(told, seed)[1]]["operator"] == "rare").sum() for seed in range(30)) < 90
    assert chosen(told.head(40), 0)[1] is None
