"""Documents of every format, made with the formats' own libraries: three facts each, and what must not come into the text."""

import io
import zipfile
from pathlib import Path

LONG = (
    "The Heron Society was founded in the harbour town of Brevik by Anna Berg, and its committee met in the old "
    "lighthouse every Tuesday until the great storm of 1911 took the roof of the building away for good."
)
DIVIDED = "It was this commit-\ntee that bought the island of Tuva from the crown in the year 1920."
MENDED = "It was this committee that bought the island of Tuva from the crown in the year 1920."


def write_pdf(path: Path, pages=((LONG, DIVIDED), ("Ben Holm painted the gate.",)), header="Heron Annals", **options):
    """A PDF with a header and a number on every page, a heading on the first, and lines broken by hand where they hold a line break."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.utils import simpleSplit
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), pagesize=A4, **options)
    canvas.setTitle("Annals of the Heron Society")
    for number, paragraphs in enumerate(pages, 1):
        canvas.setFont("Helvetica-Oblique", 9)
        canvas.drawString(72, 800, header)
        canvas.drawString(290, 30, f"{number}")
        height = 740
        if number == 1:
            canvas.setFont("Helvetica-Bold", 18)
            canvas.drawString(72, height, "The Society")
            height -= 40
        canvas.setFont("Helvetica", 11)
        for paragraph in paragraphs:
            for part in paragraph.split("\n"):
                for line in simpleSplit(part, "Helvetica", 11, 450):
                    canvas.drawString(72, height, line)
                    height -= 14
            height -= 14
        canvas.showPage()
    canvas.save()


def write_scan(path: Path, pages=2):
    """A PDF of pictures alone."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path))
    for _ in range(pages):
        canvas.drawImage(ImageReader(Image.new("RGB", (400, 600), "lightgray")), 0, 0, 500, 700)
        canvas.showPage()
    canvas.save()


def encrypted() -> dict:
    """Options of `write_pdf` that set a password."""
    from reportlab.lib.pdfencrypt import StandardEncryption

    return {"encrypt": StandardEncryption("secret", canPrint=0)}


def write_docx(path: Path):
    """A Word document with a heading, a list, a table without a header style, a header, a footer and a comment."""
    from docx import Document

    document = Document()
    document.core_properties.title = "The harbour"
    document.sections[0].header.paragraphs[0].text = "Confidential header"
    document.sections[0].footer.paragraphs[0].text = "Confidential footer"
    document.add_heading("The harbour", 1)
    said = document.add_paragraph("Carl Dahl built the harbour of Lund in 1874.")
    document.add_comment(said.runs[0], "Confidential comment", author="A")
    document.add_paragraph("Eva Falk repaired the crane.", style="List Bullet")
    document.add_paragraph("Gus Hald sold the barge.", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip((c for row in table.rows for c in row.cells), ("Ship", "Mass", "Ida", "450 t"), strict=True):
        cell.text = text
    document.save(path)


def write_pptx(path: Path):
    """Two slides: a title with a list and notes, and one with a table."""
    from pptx import Presentation
    from pptx.util import Inches

    shown = Presentation()
    slide = shown.slides.add_slide(shown.slide_layouts[1])
    slide.shapes.title.text = "The mill"
    body = slide.placeholders[1].text_frame
    body.text = "Ivar Juhl built the mill of Mora."
    body.add_paragraph().text = "Kari Lie painted its door."
    body.paragraphs[1].level = 1
    slide.notes_slide.notes_text_frame.text = "The mill burnt down in 1931."
    slide = shown.slides.add_slide(shown.slide_layouts[5])
    slide.shapes.title.text = "Stock"
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for place, text in enumerate(("Grain", "Price", "Rye", "20 EUR")):
        table.cell(place // 2, place % 2).text = text
    shown.save(path)


def write_xlsx(path: Path, formula=False):
    """Two sheets: a table under a title, with a day and numbers, and an empty one between."""
    import datetime

    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Prices"
    for row in (
        ["Prices of the ropeworks"],
        [],
        ["Rope", "Length", "Since"],
        ["Heron", 40.0, datetime.datetime(2021, 5, 4)],
    ):
        sheet.append(row)
    if formula:
        sheet.append(["Sum", "=1+1"])
    book.create_sheet("Empty")
    staff = book.create_sheet("Staff")
    for row in (["Name", "Town"], ["Mona Nes", "Oslo"]):
        staff.append(row)
    book.save(path)


CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>The Orchard</dc:title><dc:creator>Olga Pihl</dc:creator><dc:language>en</dc:language><dc:date>1999-03-02T00:00:00Z</dc:date></metadata>
<manifest><item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>
<item id="one" href="text/one%20a.xhtml" media-type="application/xhtml+xml"/><item id="two" href="two.xhtml" media-type="application/xhtml+xml"/>
</manifest><spine><itemref idref="nav"/><itemref idref="two"/><itemref idref="one"/></spine></package>"""
CHAPTER = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body><h1>{0}</h1><p><a id="x"/>{1}</p></body></html>'


APPLES, PEARS = ("The apples", "Olga Pihl planted the apples."), ("The pears", "Rolf Sand grafted the pears.")


def write_epub(path: Path, chapters=(APPLES, PEARS), **more: str):
    """A book of two chapters, the second file first; `more` are further files (encryption.xml goes to META-INF)."""
    files = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": PACKAGE,
        "OEBPS/nav.xhtml": CHAPTER.format("Contents", "One Two"),
        "OEBPS/text/one a.xhtml": CHAPTER.format(*chapters[1]),
        "OEBPS/two.xhtml": CHAPTER.format(*chapters[0]),
    } | {f"META-INF/{name}.xml": text for name, text in more.items()}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as book:
        for name, text in files.items():
            book.writestr(name, text)
    path.write_bytes(content.getvalue())


def write_all(folder: Path):
    """One file of each format that is read through a converter."""
    folder.mkdir(parents=True, exist_ok=True)
    write_pdf(folder / "annals.pdf")
    write_docx(folder / "harbour.docx")
    write_pptx(folder / "mill.pptx")
    write_xlsx(folder / "ropes.xlsx")
    write_epub(folder / "orchard.epub")
