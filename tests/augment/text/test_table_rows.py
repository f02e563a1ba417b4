"""Rows of tables as statements."""

import pytest

from augment.text.rows import statement


@pytest.mark.parametrize(
    ("head", "cells", "subject", "said"),
    [
        (("Model", "Weight", "Price"), ("Model X", "450 kg", "20 EUR"), "", "Model X: Weight 450 kg; Price 20 EUR."),
        (("Model", "Weight", "Price"), ("Model X", "", "20 EUR"), "", "Model X: Price 20 EUR."),
        (("Name", "Made in"), ("Model X", "Oslo"), "", "Model X: Made in: Oslo."),
        (("Rank", "Name"), ("1", "Ann."), "", "Rank 1: Name: Ann."),
        (("", "Moons"), ("Mars", "2"), "", "Mars: Moons 2."),
        (("Name", ""), ("Mars", "is red!"), "", "Mars: is red!"),
        (("", ""), ("Weight:", "450 kg"), "Model X", "Model X: Weight 450 kg."),
        (("", ""), ("Weight", "450 kg"), "", ""),
        (("", "", ""), ("a", "1", "2"), "Model X", ""),
        (("Model", "Weight"), ("", "450 kg"), "", ""),
        (("Model", "Weight"), ("Model X", "—"), "", ""),
    ],
)
def test_a_row_says_something_alone_or_nothing(head, cells, subject, said):
    assert statement(head, cells, subject) == said
