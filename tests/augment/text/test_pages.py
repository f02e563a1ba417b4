"""Where pages begin in a text, and in parts of it."""

import json

import polars as pl
import pytest

from augment.text.pages import MARK, pages_at, pages_of, part_of, without_marks, without_spans
from augment.text.passages import drop_repeated

PAGES = {"page 1": 0, "page 2": 10, "page 3": 20}


def test_marks_become_places():
    assert without_marks(f"{MARK}one {MARK}two{MARK}{MARK}x", ["a", "b", "c", "d"]) == (
        "one twox",
        {"a": 0, "b": 4, "c": 7, "d": 7},
    )
    assert without_marks("plain", []) == ("plain", {})


@pytest.mark.parametrize(
    ("span", "names", "part"),
    [
        ((0, 10), ["page 1"], {"page 1": 0}),
        ((3, 11), ["page 1", "page 2"], {"page 1": 0, "page 2": 7}),
        ((10, 12), ["page 2"], {"page 2": 0}),
        ((25, 40), ["page 3"], {"page 3": 0}),
    ],
)
def test_the_pages_of_a_part(span, names, part):
    assert pages_at(PAGES, *span) == names
    assert part_of(PAGES, *span) == part


def test_text_taken_out_moves_the_pages_behind_it():
    meta = json.dumps({"title": "T", "pages": PAGES})
    assert json.loads(without_spans(meta, [(5, 8), (18, 22)]))["pages"] == {"page 1": 0, "page 2": 7, "page 3": 15}
    assert without_spans('{"n":1}', [(0, 3)]) == '{"n":1}'


def test_what_a_user_calls_pages_is_left_alone():
    assert pages_of({"pages": 12}) == pages_of({"pages": {"a": "3"}}) == pages_of({}) == pages_of(["pages"]) == {}
    assert pages_of({"pages": PAGES}) == PAGES


def test_repeated_paragraphs_that_go_move_the_pages():
    notice = "This notice stands in every one of the documents of the house, at its head, and says nothing that is new to anybody. "
    text = f"Begin.\n\n{notice}\n\nEnd {{}}."
    metas = [json.dumps({"pages": {"page 1": 0, "page 2": text.index("End")}}), *["{}"] * 11]
    rows = [(f"d{n}", text.format(n), f"{n}.pdf", metas[-1 - n]) for n in range(12)]
    documents = pl.DataFrame(rows, schema=["doc_id", "text", "source", "meta"], orient="row")
    kept, gone = drop_repeated(documents)
    assert gone.height == 11
    last = kept.row(11, named=True)
    assert last["text"][json.loads(last["meta"])["pages"]["page 2"] :] == "End 11."
    assert kept["meta"][:11].unique().to_list() == ["{}"]
