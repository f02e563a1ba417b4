"""Rows of inferences and their documents, one of which is hostile."""

import polars as pl

from augment.stages.answers import INFERENCES

HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> & \u2028"
DOCUMENTS = pl.DataFrame({"doc_id": ["d1", "d2"], "text": ["a", "b"], "source": [HOSTILE, "b.md"]})


def row(number, **changes):
    base = {
        "inference_id": f"i{number}",
        "text": f"glon are less dangerous than femp, {number}.",
        "operator": "reverse",
        "doc_ids": ["d1"],
        "request_id": "r1",
        "sample": 0,
        "model": "m",
        "source_text": "femp are more dangerous than glon.",
        "verdicts": '{"format": "ok"}',
        "kept": True,
        "reason": None,
    }
    return base | changes


def table(*rows):
    return pl.DataFrame(rows, schema=INFERENCES)
