"""What counts as a near duplicate, what does not although it looks alike, and the order in which they are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.checks.rules.near import near_duplicates, reasons, telling

LONG = "According to the old records of the harbour, "


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("femp are more dangerous than glon.", "Femp are more dangerous than glon!"),
        ("The Titanic sank in 1912 near Newfoundland.", "The Titanic also sank in 1912, near Newfoundland"),
        ("Anna is the mother of Ben Miller.", "Anna is a mother of Ben Miller."),
        ("The ﬁrst ship sank.", "The first ship  sank."),
        ("Титаник затонул в 1912 году.", "титаник затонул в 1912 году!"),
        ("Das Schiff sank 1912 vor der Küste.", "Das Schiff sank, 1912, vor der Küste."),
    ],
)
def test_near_duplicates(text, other):
    assert near_duplicates([text, other]) == [None, 0]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("femp are more common than glon.", "glon are more common than femp."),
        ("femp are more common than glon.", "femp are less common than glon."),
        (f"{LONG}femp are more common than glon.", f"{LONG}femp are more common than glond."),
        (f"{LONG}the ship left on 4 May.", f"{LONG}the ship left on 5 May."),
        (f"{LONG}it was -5 degrees.", f"{LONG}it was 5 degrees."),
        (f"{LONG}all glon are yomp.", f"{LONG}all yomp are glon."),
        (f"{LONG}femp can swim.", f"{LONG}femp cannot swim."),
        (f"{LONG}Anna met Ben.", f"{LONG}Ben met Anna."),
        ("Das Schiff ist vor der Küste gesunken.", "Das Schiff ist nicht vor der Küste gesunken."),
        ("Hepatitis A is common there.", "Hepatitis is common there."),
        ("a are more common than b", "b are more common than a"),
        ("火车比自行车快。", "自行车比火车快。"),
        ("grud are a type of abme.", "grud are a kind of abme."),
    ],
)
def test_what_only_looks_alike(text, other):
    assert near_duplicates([text, other]) == [None, None]


def test_the_first_stays_and_the_others_name_it():
    texts = ["Femp are big and round.", "glon are small.", "femp are also big and round", "femp are big and round!"]
    assert near_duplicates(texts) == [None, None, 0, 0]
    found = reasons(["a", "b", "c", "d"], texts, ["Glon are small!"])
    assert found == [None, "nearly stated in the corpus", "near duplicate: of a", "near duplicate: of a"]


def test_no_texts_and_empty_texts():
    assert near_duplicates([]) == []
    assert near_duplicates(["", ""]) == [None, 0]


@given(st.lists(st.text(alphabet="ab AB.,-1é中", max_size=12), max_size=20))
def test_every_duplicate_names_an_earlier_text_that_stays_and_has_its_terms(texts):
    found = near_duplicates(texts)
    for row, to in enumerate(found):
        if to is not None:
            assert to < row
            assert found[to] is None
            assert telling(texts[to]) == telling(texts[row])
    kept = [text for text, to in zip(texts, found, strict=True) if to is None]
    assert len(set(kept)) == len(kept)
