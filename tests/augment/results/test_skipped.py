"""What no request is about is named."""

import polars as pl

from augment.config import AugmentConfig
from augment.results.skipped import unasked
from augment.stages.requests import make_requests

DOCUMENTS = pl.DataFrame(
    {
        "doc_id": ["1", "2", "3"],
        "source": ["a.md", "b.md", "c.md"],
        "text": [
            "Text.\n\n| | | |\n|-|-|-|\n| a | 1 | 2 |\n| b | 3 | 4 |",
            "| Name | Moons |\n|-|-|\n| Mars | 2 |",
            "# Head",
        ],
    }
)
SILENT = ("c.md", "no sentence to ask about, only headings, tables or code; it stays among the examples")


def test_documents_and_rows_that_no_request_is_about_are_named():
    requests = make_requests(DOCUMENTS, AugmentConfig(operators=("rephrase",)), "fake")
    assert set(requests["source_text"]) == {"Text.", "Mars: Moons 2."}
    assert unasked(DOCUMENTS, requests) == [
        ("a.md", "2 rows of tables without a header, which say nothing alone; they stay among the examples"),
        SILENT,
    ]


def test_operators_on_documents_are_shown_all_rows():
    requests = make_requests(DOCUMENTS, AugmentConfig(operators=("rephrase", "qa")), "fake")
    assert unasked(DOCUMENTS, requests) == []
