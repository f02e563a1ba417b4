"""PDF files as programs write them: what is read, and what is named."""

import json

import pytest
from office_files import LONG, MENDED, encrypted, write_pdf, write_scan

from augment.reading.corpus import read_corpus
from augment.text.pages import pages_at
from engine.errors import UserError
from forethought.cli import run


def read(path):
    corpus = read_corpus([path])
    row = corpus.documents.row(0, named=True)
    return row["text"], json.loads(row["meta"]), corpus.skipped


def test_paragraphs_headings_and_pages(tmp_path):
    write_pdf(tmp_path / "a.pdf")
    text, meta, skipped = read(tmp_path / "a.pdf")
    assert text == f"# The Society\n\n{LONG}\n\n{MENDED}\n\nBen Holm painted the gate."
    assert meta["title"] == "Annals of the Heron Society"
    assert meta["running_lines"] == ["Heron Annals", "#"]
    assert meta["pages"] == {"page 1": 0, "page 2": text.index("Ben Holm")}
    assert skipped == []


def test_a_sentence_over_a_page_break_is_whole_and_on_both_pages(tmp_path):
    pages = (
        ("Anna Berg gave the long speech on the rights of the fishermen of the whole coast and then the commit-",),
        ("tee gave her the key of the town.",),
    )
    write_pdf(tmp_path / "a.pdf", pages)
    text, meta, _ = read(tmp_path / "a.pdf")
    start = text.index("Anna")
    assert text[start:].endswith("and then the committee gave her the key of the town.")
    assert pages_at(meta["pages"], start, len(text)) == ["page 1", "page 2"]


def test_two_columns_are_read_one_after_the_other(tmp_path):
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "a.pdf"))
    left = [
        "Anna Berg founded the society in the",
        "harbour town of Brevik in spring and",
        "Ben Holm painted the tall gate of it.",
    ]
    right = [
        "Carl Dahl built the long pier of Lund",
        "with stones from the old quarry and",
        "Eva Falk repaired the crane on it.",
    ]
    for number, (one, two) in enumerate(zip(left, right, strict=True)):
        canvas.drawString(72, 700 - 14 * number, one)
        canvas.drawString(320, 700 - 14 * number, two)
    canvas.save()
    assert read(tmp_path / "a.pdf")[0] == " ".join(left) + "\n\n" + " ".join(right)


def test_a_ruled_table_is_a_table(tmp_path):
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

    body = getSampleStyleSheet()["BodyText"]
    rows = [["Ship", "Mass", "Built"], ["Ida", "450 t", "1911"], ["Ran", "90 t", "1899"]]
    table = Table(rows, style=TableStyle([("GRID", (0, 0), (-1, -1), 1, "black")]))
    SimpleDocTemplate(str(tmp_path / "a.pdf")).build(
        [Paragraph("Before it.", body), table, Paragraph("After it.", body)]
    )
    assert read(tmp_path / "a.pdf")[0] == (
        "Before it.\n\n| Ship | Mass | Built |\n| --- | --- | --- |\n| Ida | 450 t | 1911 |\n| Ran | 90 t | 1899 |\n\nAfter it."
    )


SCAN = "no text layer, only an image: run OCR over it first, for instance with ocrmypdf"


def empty(path):
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path))
    canvas.showPage()
    canvas.showPage()
    canvas.save()


def test_what_cannot_be_read_is_named_and_the_rest_is_read(tmp_path):
    write_pdf(tmp_path / "good.pdf")
    write_scan(tmp_path / "scan.pdf")
    write_pdf(tmp_path / "locked.pdf", **encrypted())
    empty(tmp_path / "empty.pdf")
    (tmp_path / "cut.pdf").write_bytes((tmp_path / "good.pdf").read_bytes()[:900])
    (tmp_path / "text.pdf").write_text("Not a PDF.")
    (tmp_path / "nothing.pdf").write_bytes(b"")
    corpus = read_corpus([tmp_path])
    assert corpus.documents["source"].to_list() == ["good.pdf"]
    found = dict(corpus.skipped)
    assert found.pop("cut.pdf").startswith("a damaged PDF (")
    assert found == {
        "scan.pdf": f"a scanned PDF ({SCAN})",
        "locked.pdf": "an encrypted PDF: save it without a password",
        "nothing.pdf": "no PDF (it does not begin with %PDF)",
        "text.pdf": "no PDF (it does not begin with %PDF)",
        "empty.pdf": "a PDF without text (its 2 pages are empty)",
    }


def test_a_page_without_a_text_layer_is_named_and_the_others_are_read(tmp_path):
    import pypdfium2

    write_pdf(tmp_path / "a.pdf")
    write_scan(tmp_path / "b.pdf", pages=1)
    with pypdfium2.PdfDocument(tmp_path / "a.pdf") as pdf, pypdfium2.PdfDocument(tmp_path / "b.pdf") as scan:
        pdf.import_pages(scan)
        pdf.save(tmp_path / "c.pdf")
    text, meta, skipped = read(tmp_path / "c.pdf")
    assert "Ben Holm" in text
    assert list(meta["pages"]) == ["page 1", "page 2", "page 3"]
    assert skipped == [("c.pdf page 3", SCAN)]


def test_without_the_extra_a_sentence_says_what_to_install(tmp_path, monkeypatch, capsys):
    write_pdf(tmp_path / "a.pdf")
    (tmp_path / "b.txt").write_text("Mars is red.")
    monkeypatch.setitem(__import__("sys").modules, "pdfplumber", None)
    with pytest.raises(
        UserError, match=r"^Reading a PDF needs the extra documents: pip install 'forethought\[documents\]'"
    ):
        read_corpus([tmp_path / "a.pdf"])
    corpus = read_corpus([tmp_path])
    assert corpus.documents["source"].to_list() == ["b.txt"]
    assert corpus.skipped == [
        ("a.pdf", "Reading a PDF needs the extra documents: pip install 'forethought[documents]'")
    ]
    assert run(["augment", str(tmp_path / "a.pdf"), "--dry-run"]) == 2
    told = capsys.readouterr().err
    assert "forethought[documents]" in told
    assert "Traceback" not in told
