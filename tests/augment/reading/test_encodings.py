"""Text in other encodings is read where it is certain, and refused with a reason where it is not."""

import json

import pytest

from augment.reading.corpus import read_corpus
from augment.reading.encodings import decode, decoded

FRENCH = "Les élèves étaient déjà là. Le café où il dînait était fermé, et la forêt brûlait près du château. "


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "naïve"),
        ("utf-8-sig", "naïve"),
        ("utf-16", "naïve"),
        ("utf-16-be", "\ufeffnaïve"),
        ("utf-32", "naïve"),
        ("cp1252", FRENCH * 3),
        ("cp1251", "Все люди рождаются свободными и равными. Они наделены разумом. " * 3),
        ("koi8-r", "Все люди рождаются свободными и равными. Они наделены разумом. " * 3),
        ("cp932", "すべての人間は自由である。人間は理性を授けられている。"),
        ("gb18030", "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。"),
        ("iso2022_jp", "すべての人間は自由である。"),
    ],
)
def test_encodings(encoding, text):
    assert decode(text.encode(encoding)) == text.lstrip("\ufeff")


@pytest.mark.parametrize(
    "text",
    ["It’s so.", "He said “so” – and left…", "1990–1995", "(“It’s ‘it’”) — or not", "“Yes,” she said, “I don’t.”"],
)
def test_a_few_quotes_and_dashes_of_windows_are_enough(text):
    assert decoded(text.encode("cp1252")) == (text, "cp1252")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"It costs \xa35.", "in doubt"),
        (bytes(range(1, 256)) * 20, "in doubt"),
        ("Größe über alles. ".encode() * 9 + b"\xff", r"damaged UTF-8 \(the first fault is at byte 189\)"),
        (b"%PDF-1.7 text", "a PDF"),
        ("naïve".encode("utf-16-le"), "NUL bytes"),
        (b"\xff\xfea", "truncated"),
    ],
)
def test_what_cannot_be_decoded_with_certainty_is_refused(data, reason):
    with pytest.raises(UnicodeError, match=reason):
        decode(data)


def test_other_encodings_of_tables_and_pages(tmp_path):
    (tmp_path / "a.csv").write_bytes(f'text,n\n"{FRENCH}",1\n"{FRENCH[:40]}",2\n'.encode("cp1252"))
    (tmp_path / "b.htm").write_bytes("<meta charset=iso-8859-2><p>Żółw".encode("iso8859-2"))
    (tmp_path / "c.jsonl").write_bytes(json.dumps({"text": "é"}, ensure_ascii=False).encode("utf-16"))
    corpus = read_corpus([tmp_path])
    assert corpus.documents["text"].to_list() == [FRENCH, FRENCH[:40], "Żółw", "é"]
    assert corpus.skipped == []
    found = [json.loads(meta).get("encoding") for meta in corpus.documents["meta"]]
    assert found == ["iso8859-15", "iso8859-15", "iso8859-2", None]
