"""Word documents, presentations, workbooks and books as their libraries write them."""

import json
import zipfile

import pytest
from office_files import write_all, write_docx, write_epub, write_pptx, write_xlsx

from augment.reading.corpus import read_corpus
from augment.reading.formats.base import MOST_BYTES
from augment.reading.formats.grid import table
from augment.text.sentences import split_sentences
from engine.errors import UserError


def read(path):
    corpus = read_corpus([path])
    row = corpus.documents.row(0, named=True)
    return row["text"], json.loads(row["meta"]), corpus.skipped


def test_a_word_document(tmp_path):
    write_docx(tmp_path / "a.docx")
    text, meta, skipped = read(tmp_path / "a.docx")
    assert text == (
        "# The harbour\n\nCarl Dahl built the harbour of Lund in 1874.\n\n- Eva Falk repaired the crane.\n- Gus Hald sold the barge.\n\n"
        "| Ship | Mass |\n| --- | --- |\n| Ida | 450 t |"
    )
    assert meta["title"] == "The harbour"
    assert "Confidential" not in json.dumps(meta)
    assert skipped == []


def test_slides(tmp_path):
    write_pptx(tmp_path / "a.pptx")
    text, meta, _ = read(tmp_path / "a.pptx")
    assert text == (
        "## The mill\n\n- Ivar Juhl built the mill of Mora.\n  - Kari Lie painted its door.\n\nThe mill burnt down in 1931.\n\n"
        "## Stock\n\n| Grain | Price |\n| --- | --- |\n| Rye | 20 EUR |"
    )
    assert meta["pages"] == {"slide 1": 0, "slide 2": text.index("## Stock")}


def test_sheets(tmp_path):
    write_xlsx(tmp_path / "a.xlsx")
    text, meta, skipped = read(tmp_path / "a.xlsx")
    assert text == (
        "## Prices\n\nPrices of the ropeworks\n\n| Rope | Length | Since |\n| --- | --- | --- |\n| Heron | 40 | 2021-05-04 |\n\n"
        "## Staff\n\n| Name | Town |\n| --- | --- |\n| Mona Nes | Oslo |"
    )
    assert meta["pages"] == {"sheet Prices": 0, "sheet Staff": text.index("## Staff")}
    assert skipped == []
    assert "Heron: Length 40; Since 2021-05-04." in " ".join(split_sentences(text))


def test_formulas_without_a_saved_value_are_named(tmp_path):
    write_xlsx(tmp_path / "a.xlsx", formula=True)
    _, _, skipped = read(tmp_path / "a.xlsx")
    assert skipped == [("a.xlsx sheet Prices", "1 formula has no saved value: open and save it in a spreadsheet")]


def test_a_book(tmp_path):
    write_epub(tmp_path / "a.epub")
    text, meta, _ = read(tmp_path / "a.epub")
    assert text == "# The apples\n\nOlga Pihl planted the apples.\n\n# The pears\n\nRolf Sand grafted the pears."
    assert meta == {"title": "The Orchard", "lang": "en", "date": "1999-03-02", "authors": ["Olga Pihl"]}


SCRAMBLED = '<encryption><EncryptedData><EncryptionMethod Algorithm="{}"/></EncryptedData></encryption>'


def test_a_book_with_scrambled_fonts_is_read_and_one_with_copy_protection_is_named(tmp_path):
    write_epub(tmp_path / "a.epub", encryption=SCRAMBLED.format("http://www.idpf.org/2008/embedding"))
    write_epub(tmp_path / "b.epub", encryption=SCRAMBLED.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc"))
    corpus = read_corpus([tmp_path])
    assert corpus.documents["source"].to_list() == ["a.epub"]
    assert corpus.skipped == [("b.epub", "an EPUB with copy protection")]


def test_a_chapter_that_is_missing_is_named(tmp_path):
    write_epub(tmp_path / "whole.epub")
    with zipfile.ZipFile(tmp_path / "whole.epub") as whole, zipfile.ZipFile(tmp_path / "a.epub", "w") as cut:
        for name in whole.namelist():
            if name != "OEBPS/two.xhtml":
                cut.writestr(name, whole.read(name))
    text, _, skipped = read(tmp_path / "a.epub")
    assert "pears" in text
    assert skipped == [("a.epub OEBPS/two.xhtml", "the book names this chapter and does not have it")]


def test_damaged_and_encrypted_files_are_named_and_the_rest_is_read(tmp_path):
    write_all(tmp_path)
    for name in ("annals.pdf", "harbour.docx", "mill.pptx", "ropes.xlsx", "orchard.epub"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / f"cut-{name}").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(tmp_path / "other.docx", "w") as other:
        other.writestr("a.txt", "no document")
    (tmp_path / "old.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    corpus = read_corpus([tmp_path])
    assert corpus.documents.height == 5
    found = dict(corpus.skipped)
    assert found.pop("cut-annals.pdf").startswith("a damaged PDF")
    assert found == {
        "cut-harbour.docx": "a damaged Word document (it is no zip archive)",
        "cut-mill.pptx": "a damaged presentation (it is no zip archive)",
        "cut-ropes.xlsx": "a damaged workbook (it is no zip archive)",
        "cut-orchard.epub": "a damaged EPUB (it is no zip archive)",
        "other.docx": "a damaged Word document (it has no text part)",
        "old.xlsx": "an encrypted workbook, or one in the format from before 2007: save it anew without a password",
    }


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    assert MOST_BYTES == 10**9
    write_docx(tmp_path / "a.docx")
    monkeypatch.setattr("augment.reading.formats.base.MOST_BYTES", 10_000)
    with pytest.raises(UserError, match=r"the first problem is in a\.docx: a Word document that unpacks to more than"):
        read_corpus([tmp_path / "a.docx"])


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        ([["Ship", "Mass"], ["Ida", "450 t"]], "| Ship | Mass |"),
        ([["", "Mass"], ["Ida", "450 t"]], "|  | Mass |"),
        ([["Ida", "450"], ["Ran", "90"]], "|  |  |"),
        ([["Ida", "Ida"], ["Ran", "x"]], "|  |  |"),
        ([["a|b", "c"], ["d", "e"]], "| a\\|b | c |"),
    ],
)
def test_a_first_row_is_a_header_where_it_names_columns(rows, first):
    assert table(rows).splitlines()[0] == first
